/** Three soft notes on the chosen speaker, so that a person hears that they would hear. */

const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.28;
const LOUDNESS = 0.2;

/** Plays them; the promise ends with the last note. */
export async function playTone(speaker: string | undefined): Promise<void> {
  const context = new AudioContext();
  try {
    const out = context.createMediaStreamDestination();
    const element = new Audio();
    element.srcObject = out.stream;
    if (speaker !== undefined) await element.setSinkId?.(speaker).catch(() => undefined); // gone: the default plays
    await element.play();
    const start = context.currentTime + 0.1;
    NOTES_HZ.forEach((hz, index) => {
      const at = start + index * NOTE_S;
      const oscillator = new OscillatorNode(context, { frequency: hz });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03);
      gain.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S * 1.4);
      oscillator.connect(gain).connect(out);
      oscillator.start(at);
      oscillator.stop(at + NOTE_S * 1.5);
    });
    await new Promise((resolve) => setTimeout(resolve, (NOTES_HZ.length * NOTE_S + 0.4) * 1000));
    element.srcObject = null;
  } finally {
    await context.close();
  }
}
