/** The echo test: some seconds of the microphone, kept in memory, then played on the chosen speaker, so that a person hears what others would hear. */

import { watchLevel } from './meter';

export type EchoState = 'recording' | 'playing' | 'done' | 'silent' | 'failed';

const SECONDS = 5;
/** Of the meter's bar: below this all the time, nobody spoke. */
const HEARD = 0.25;

/** Runs to its end or until the answer is called, which forgets what was recorded. */
export function echoTest(track: MediaStreamTrack, speaker: string | undefined, tell: (state: EchoState) => void): () => void {
  const stops: (() => void)[] = [];
  let over = false;
  const end = (state?: EchoState): void => {
    if (over) return;
    over = true;
    for (const stop of stops.splice(0)) stop();
    if (state !== undefined) tell(state);
  };
  record(track, stops, tell)
    .then((sound) => (over ? undefined : sound === undefined ? end('silent') : play(sound, speaker, stops, tell).then(() => end('done'))))
    .catch(() => end('failed'));
  return () => end();
}

function record(track: MediaStreamTrack, stops: (() => void)[], tell: (state: EchoState) => void): Promise<Blob | undefined> {
  return new Promise((done, failed) => {
    const recorder = new MediaRecorder(new MediaStream([track]));
    const parts: Blob[] = [];
    let loudest = 0;
    const unwatch = watchLevel(track, (level) => (loudest = Math.max(loudest, level)));
    const timer = setTimeout(() => recorder.state === 'recording' && recorder.stop(), SECONDS * 1000);
    stops.push(unwatch, () => clearTimeout(timer), () => recorder.state === 'recording' && recorder.stop());
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
    recorder.addEventListener('error', () => failed(new Error('not recorded')));
    recorder.addEventListener('stop', () => {
      unwatch();
      done(loudest < HEARD ? undefined : new Blob(parts, { type: recorder.mimeType }));
    });
    recorder.start();
    tell('recording');
  });
}

async function play(sound: Blob, speaker: string | undefined, stops: (() => void)[], tell: (state: EchoState) => void): Promise<void> {
  const address = URL.createObjectURL(sound);
  const element = new Audio(address);
  stops.push(() => {
    element.pause();
    URL.revokeObjectURL(address);
  });
  if (speaker !== undefined) await element.setSinkId?.(speaker).catch(() => undefined); // gone: the default plays
  const ended = new Promise<void>((done, failed) => {
    element.addEventListener('ended', () => done());
    element.addEventListener('error', () => failed(new Error('not played')));
  });
  await element.play();
  tell('playing');
  await ended;
}
