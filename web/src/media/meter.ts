/** How loud a track is, measured in the browser and sent nowhere. */

/** Twenty readings a second: smooth to the eye, nothing to the processor. */
const EVERY_MS = 50;
/** Quieter than this, in dBFS, is an empty bar. */
const FLOOR_DB = -60;

/** Root mean square of samples in [-1, 1], as a share of the bar (0 to 1), linear in decibels as the ear is. */
export function level(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += (samples[i] ?? 0) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  const db = 20 * Math.log10(Math.max(rms, 1e-6));
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

/** Reads the track's level until the answer is called. */
export function watchLevel(track: MediaStreamTrack, read: (level: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    // A context made before the first press on the page waits for one.
    if (context.state === 'suspended') void context.resume();
    analyser.getFloatTimeDomainData(samples);
    read(level(samples));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
    if (context.state !== 'closed') void context.close();
  };
}
