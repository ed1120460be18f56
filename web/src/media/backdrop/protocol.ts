/** What a page and its worker for backdrops say to each other. */

import type { Behind, Reading } from './kinds';
import type { Files } from './segment';

export type ToWorker =
  /** Answered by `ready` or `failed`. */
  | { type: 'open'; files: Files }
  | { type: 'behind'; behind: Behind; own: ImageBitmap | undefined }
  /** Pictures by streams, where the browser has them: they go on while the page is hidden. */
  | { type: 'streams'; readable: ReadableStream<VideoFrame>; writable: WritableStream<VideoFrame> }
  /** One picture; answered by `drawn`. */
  | { type: 'picture'; picture: ImageBitmap }
  /** Lets go of what it holds, and ends. */
  | { type: 'stop' };

export type FromWorker =
  | { type: 'ready' }
  /** There will be no further picture. */
  | { type: 'failed' }
  /** A picture went into the stream, or comes with this. Of a stream only the first is told. */
  | { type: 'drawn'; picture?: ImageBitmap }
  | { type: 'paced'; reading: Reading };
