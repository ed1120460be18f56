/** The backdrops of a browser: a worker that draws them, and the two ways of getting pictures there and back. */

import general from '@mediapipe/selfie_segmentation/selfie_segmentation.tflite?url';
import graph from '@mediapipe/selfie_segmentation/selfie_segmentation.binarypb?url';
import landscape from '@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite?url';
import type { Behind, Treated, Treating } from './kinds';
import { readOwn } from './own';
import { picturesByStreams, picturesOneByOne, streamsAble, type Pictures } from './pictures';
import type { FromWorker, ToWorker } from './protocol';
import type { Files } from './segment';
import engine from './vision/engine.wasm.gz?url';
import factory from './vision/engine.js?url';
import solution from './vision/solution.js?url';

/** A line that is slow needs as long as this for two megabytes; a worker that says nothing for longer is dead. */
const PATIENCE_MS = 60_000;

/** It ends by itself; one that hangs is ended. */
const STOPS_MS = 2_000;

const absolute = (address: string): string => new URL(address, window.location.href).href;

const FILES = { engine, factory, solution, graph, landscape, general };

/** Answers with the first picture. */
export async function treat(camera: MediaStreamTrack, behind: Behind, treating: Treating): Promise<Treated> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const send = (message: ToWorker, transfer: Transferable[] = []): void => worker.postMessage(message, transfer);
  let pictures: Pictures | undefined;
  const stop = (): void => {
    send({ type: 'stop' });
    setTimeout(() => worker.terminate(), STOPS_MS);
    pictures?.stop();
  };
  const change = async (to: Behind): Promise<void> => {
    const kept = to === 'own' ? await readOwn() : undefined;
    const own = kept && (await createImageBitmap(kept).catch(() => undefined));
    send({ type: 'behind', behind: to, own }, own ? [own] : []);
  };
  try {
    const track = await new Promise<MediaStreamTrack>((done, failed) => {
      let drew = false;
      const over = (): void => {
        clearTimeout(timer);
        if (drew) treating.failed();
        else failed(new Error('no picture'));
      };
      const timer = setTimeout(over, PATIENCE_MS);
      const heard = (said: FromWorker): void => {
        switch (said.type) {
          case 'ready':
            pictures = streamsAble() ? picturesByStreams(camera, send) : picturesOneByOne(camera, send);
            return;
          case 'drawn':
            pictures?.drawn(said.picture);
            if (drew || pictures === undefined) return;
            drew = true;
            clearTimeout(timer);
            return done(pictures.track);
          case 'paced':
            return treating.paced(said.reading);
          case 'failed':
            return over();
        }
      };
      worker.addEventListener('error', over);
      worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
        try {
          heard(data);
        } catch {
          over(); // the browser has less than it said
        }
      });
      const files = Object.fromEntries(Object.entries(FILES).map(([name, address]) => [name, absolute(address)])) as unknown as Files;
      // What stands behind the person is known before the first picture.
      change(behind)
        .then(() => send({ type: 'open', files }))
        .catch(over);
    });
    return { track, stop, change };
  } catch (error) {
    stop();
    throw error;
  }
}
