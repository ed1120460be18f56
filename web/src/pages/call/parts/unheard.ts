import { watchLevel } from '@/media/meter';

/** As loud as a voice, for as many readings of the meter. */
const SPOKEN_LEVEL = 0.6;
const SPOKEN_READINGS = 8;

/** Calls when somebody speaks into a microphone that is off; nothing of it is sent. The answer stops it. */
export function watchUnheard(track: MediaStreamTrack, spoke: () => void): () => void {
  let loud = 0;
  return watchLevel(track, (level) => {
    loud = level > SPOKEN_LEVEL ? loud + 1 : Math.max(0, loud - 1);
    if (loud >= SPOKEN_READINGS) spoke();
  });
}
