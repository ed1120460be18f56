/** What is wrong with the light of a camera's picture, judged from a small copy of it in the browser; nothing is recognised and nothing is sent. */

export type PictureProblem = 'covered' | 'dark' | 'backlit' | 'bright';

/** The copy that is judged, pixels. */
export const COPY = { width: 32, height: 18 } as const;
/** Light of the darkest useful face, and of one that is washed out, of 255. */
const DARK = 50;
const BRIGHT = 225;
/** A covered camera sees one colour and hardly any light. */
const COVERED = { light: 24, spread: 6 };
/** The middle is this much darker than what is around it. */
const BACKLIT = 60;

/** `rgba` is of a copy of that size. A face is in the middle of most pictures: the middle half counts for it. */
export function judgePicture(rgba: ArrayLike<number>, { width, height } = COPY): PictureProblem | undefined {
  let [middle, middles, rest, rests, low, high] = [0, 0, 0, 0, 255, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      // Luma of ITU-R BT.601.
      const light = 0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0);
      low = Math.min(low, light);
      high = Math.max(high, light);
      if (x >= width / 4 && x < (3 * width) / 4 && y >= height / 4) {
        middle += light;
        middles += 1;
      } else {
        rest += light;
        rests += 1;
      }
    }
  }
  const face = middle / Math.max(1, middles);
  const around = rest / Math.max(1, rests);
  if (face < COVERED.light && high - low < COVERED.spread) return 'covered';
  if (around - face > BACKLIT) return 'backlit';
  if (face < DARK) return 'dark';
  return face > BRIGHT ? 'bright' : undefined;
}

/** Looks at the camera twice a second until the answer is called; `tell` hears each judgement. */
export function watchPicture(track: MediaStreamTrack, tell: (problem: PictureProblem | undefined) => void, every_ms = 500): () => void {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  video.play().catch(() => {}); // closed meanwhile
  const canvas = document.createElement('canvas');
  canvas.width = COPY.width;
  canvas.height = COPY.height;
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  const timer = setInterval(() => {
    if (drawing === null || video.videoWidth === 0) return;
    drawing.drawImage(video, 0, 0, COPY.width, COPY.height);
    tell(judgePicture(drawing.getImageData(0, 0, COPY.width, COPY.height).data));
  }, every_ms);
  return () => {
    clearInterval(timer);
    video.srcObject = null;
  };
}
