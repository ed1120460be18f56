/** A shared screen that is held: its last picture, sent again and again, marked as paused, while what happens on the screen is not sent. */

export interface Frozen {
  track: MediaStreamTrack;
  stop(): void;
}

/** The picture goes out this often, so that whoever joins meanwhile is shown it too. */
const EVERY_MS = 500;
/** HTMLMediaElement.HAVE_CURRENT_DATA */
const DRAWABLE = 2;
/** A screen that does not change may give no new picture for a while; longer than this, it gives none. */
const WAIT_MS = 3_000;

/** Fails where the track gives no picture. */
export async function freeze(track: MediaStreamTrack): Promise<Frozen> {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  try {
    await firstPicture(video);
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const drawing = canvas.getContext('2d');
    if (drawing === null) throw new Error('no canvas');
    const last = await createImageBitmap(video);
    const draw = (): void => {
      drawing.drawImage(last, 0, 0);
      markPaused(drawing, canvas);
    };
    draw();
    const held = canvas.captureStream(0).getVideoTracks()[0] as CanvasCaptureMediaStreamTrack;
    held.contentHint = 'detail';
    const timer = setInterval(() => {
      draw();
      held.requestFrame();
    }, EVERY_MS);
    held.requestFrame();
    return {
      track: held,
      stop() {
        clearInterval(timer);
        held.stop();
        last.close();
      },
    };
  } finally {
    video.srcObject = null;
  }
}

function firstPicture(video: HTMLVideoElement): Promise<void> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error('no picture')), WAIT_MS);
    const look = (): void => {
      if (video.readyState < DRAWABLE || video.videoWidth === 0) return;
      clearTimeout(timer);
      done();
    };
    video.addEventListener('loadeddata', look);
    video.play().catch(failed);
  });
}

/** Two bars in a corner: a sign that needs no language. */
function markPaused(drawing: CanvasRenderingContext2D, { width, height }: { width: number; height: number }): void {
  const size = Math.max(24, Math.min(width, height) * 0.07);
  const [left, top] = [width - size * 1.5, size * 0.5];
  drawing.fillStyle = 'rgb(9 9 11 / 0.85)';
  drawing.fillRect(left, top, size, size);
  drawing.fillStyle = '#fff';
  drawing.fillRect(left + size * 0.28, top + size * 0.22, size * 0.15, size * 0.56);
  drawing.fillRect(left + size * 0.57, top + size * 0.22, size * 0.15, size * 0.56);
}
