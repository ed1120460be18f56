/** The worker in which backdrops are drawn: pictures in, pictures out, and how long each took. */

import { Compositor } from './compose';
import type { FromWorker, ToWorker } from './protocol';
import { Segmenter } from './segment';

const EVERY_MS = 1000;

const compositor = new Compositor();
let segmenter: Segmenter | undefined;
let cancel = (): Promise<void> => Promise.resolve();
let pictures = 0;
let busy_ms = 0;

const say = (message: FromWorker, transfer: Transferable[] = []): void => (globalThis as unknown as Worker).postMessage(message, transfer);

setInterval(() => {
  if (pictures > 0) say({ type: 'paced', reading: { pictures, each_ms: busy_ms / pictures } });
  [pictures, busy_ms] = [0, 0];
}, EVERY_MS);

async function draw(picture: CanvasImageSource, width: number, height: number): Promise<OffscreenCanvas> {
  if (segmenter === undefined) throw new Error('not open');
  const before = performance.now();
  const mask = await segmenter.find(picture, width, height);
  const drawn = compositor.draw(picture, width, height, mask);
  pictures += 1;
  busy_ms += performance.now() - before;
  return drawn;
}

async function pump(readable: ReadableStream<VideoFrame>, writable: WritableStream<VideoFrame>): Promise<void> {
  const reader = readable.getReader();
  cancel = () => reader.cancel();
  const writer = writable.getWriter();
  for (let first = true; ; first = false) {
    const { value: frame, done } = await reader.read();
    if (done) return writer.close();
    try {
      const drawn = await draw(frame, frame.displayWidth, frame.displayHeight);
      const made = new VideoFrame(drawn, { timestamp: frame.timestamp, alpha: 'discard' });
      // The stream may have taken a copy.
      await writer.write(made).finally(() => made.close());
      if (first) say({ type: 'drawn' });
    } finally {
      frame.close();
    }
  }
}

async function heard(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'open':
      segmenter = await Segmenter.open(message.files);
      return say({ type: 'ready' });
    case 'behind':
      return compositor.choose(message.behind, message.own);
    case 'streams':
      return pump(message.readable, message.writable);
    case 'stop':
      await cancel();
      return globalThis.close();
    case 'picture': {
      const { picture } = message;
      const drawn = (await draw(picture, picture.width, picture.height)).transferToImageBitmap();
      picture.close();
      return say({ type: 'drawn', picture: drawn }, [drawn]);
    }
  }
}

globalThis.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  heard(data).catch((error: unknown) => {
    // What it was helps whoever looks into it; the page only needs to know that there will be no picture.
    console.warn('backdrop', error);
    say({ type: 'failed' });
  });
});
