/** A camera's pictures to the worker and back, as a track. */

import type { ToWorker } from './protocol';

export interface Pictures {
  readonly track: MediaStreamTrack;
  /** One came back from the worker. */
  drawn(picture: ImageBitmap | undefined): void;
  stop(): void;
}

type Send = (message: ToWorker, transfer?: Transferable[]) => void;

/** Not everywhere yet (W3C mediacapture-transform; on the page only in Chromium). */
interface Streams {
  MediaStreamTrackProcessor?: new (of: { track: MediaStreamTrack; maxBufferSize: number }) => { readable: ReadableStream<VideoFrame> };
  MediaStreamTrackGenerator?: new (of: { kind: 'video' }) => MediaStreamTrack & { writable: WritableStream<VideoFrame> };
}

const streams = (): Streams => window as unknown as Streams;

export const streamsAble = (): boolean => streams().MediaStreamTrackProcessor !== undefined && streams().MediaStreamTrackGenerator !== undefined;

export function picturesByStreams(camera: MediaStreamTrack, send: Send): Pictures {
  const { MediaStreamTrackProcessor: Processor, MediaStreamTrackGenerator: Generator } = streams();
  if (Processor === undefined || Generator === undefined) throw new Error('no streams');
  // The newest alone: what was not drawn in time is left out.
  const { readable } = new Processor({ track: camera, maxBufferSize: 1 });
  const track = new Generator({ kind: 'video' });
  send({ type: 'streams', readable, writable: track.writable }, [readable, track.writable]);
  return { track, drawn: (picture) => picture?.close(), stop: () => track.stop() };
}

/** A camera's rate. */
const PICTURES_A_SECOND = 30;
/** HTMLMediaElement.HAVE_CURRENT_DATA */
const DRAWABLE = 2;

/** One picture at a time, by way of a canvas. A browser that rests hidden pages gives few of them there. */
export function picturesOneByOne(camera: MediaStreamTrack, send: Send): Pictures {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([camera]);
  video.play().catch(() => {}); // closed meanwhile
  const canvas = document.createElement('canvas');
  const shown = canvas.getContext('bitmaprenderer');
  const track = canvas.captureStream(PICTURES_A_SECOND).getVideoTracks()[0];
  if (shown === null || track === undefined) throw new Error('no canvas');
  let away = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (away || stopped || video.readyState < DRAWABLE) return;
    away = true;
    try {
      const picture = await createImageBitmap(video);
      send({ type: 'picture', picture }, [picture]);
    } catch {
      away = false; // no picture yet
    }
  };
  const timer = setInterval(() => void look(), 1000 / PICTURES_A_SECOND);
  return {
    track,
    drawn(picture) {
      away = false;
      if (picture === undefined) return;
      if (stopped) return picture.close();
      [canvas.width, canvas.height] = [picture.width, picture.height];
      shown.transferFromImageBitmap(picture);
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      video.srcObject = null;
      track.stop();
    },
  };
}
