/** One picture out of a camera's and a mask: the person, and behind the person what was chosen. */

import type { Behind } from './kinds';
import { refine } from './matte';
import { drawScene } from './scenes';

/** What is blurred is this small: a blur needs no more, and on a machine without a graphics card it costs next to nothing. */
const BLURRED = { width: 128, height: 72 } as const;
/** In pixels of the small picture: shelves and faces are no longer told apart. */
const BLUR_PX = 3;
/** A larger picture is drawn smaller: the top layer of the camera is sent at this size. */
const WIDTH_MAX = 1280;

const canvas = (width: number, height: number, read = false): [OffscreenCanvas, OffscreenCanvasRenderingContext2D] => {
  const made = new OffscreenCanvas(width, height);
  const drawing = made.getContext('2d', { willReadFrequently: read });
  if (drawing === null) throw new Error('no canvas');
  return [made, drawing];
};

export class Compositor {
  private readonly out = canvas(2, 2);
  private readonly blurred = canvas(BLURRED.width, BLURRED.height);
  private readonly room = canvas(BLURRED.width, BLURRED.height);
  private matte = canvas(2, 2, true);
  private before = new Uint8ClampedArray(0);
  private scene: OffscreenCanvas | undefined;
  private behind: Behind = 'blur';
  private own: ImageBitmap | undefined;

  /** `own` is the person's own picture, where that was chosen; without it the room is blurred. */
  choose(behind: Behind, own?: ImageBitmap): void {
    this.own?.close();
    this.own = own;
    this.behind = behind === 'own' && own === undefined ? 'blur' : behind;
    this.scene = undefined;
  }

  /** `mask` says in its alpha where the person is, at whatever size. What is answered holds until the next call. */
  draw(picture: CanvasImageSource, width: number, height: number, mask: ImageBitmap): OffscreenCanvas {
    const scale = Math.min(1, WIDTH_MAX / Math.max(width, height));
    const [wide, high] = [even(width * scale), even(height * scale)];
    const [out, drawing] = this.out;
    if (out.width !== wide || out.height !== high) {
      [out.width, out.height] = [wide, high];
      this.scene = undefined;
    }
    drawing.imageSmoothingQuality = 'high';
    drawing.globalCompositeOperation = 'copy';
    drawing.drawImage(this.refined(mask), 0, 0, wide, high);
    drawing.globalCompositeOperation = 'source-in';
    drawing.drawImage(picture, 0, 0, wide, high);
    drawing.globalCompositeOperation = 'destination-over';
    drawing.drawImage(this.behind === 'blur' ? this.blur(picture) : this.still(wide, high), 0, 0, wide, high);
    return out;
  }

  private refined(mask: ImageBitmap): OffscreenCanvas {
    const { width, height } = mask;
    if (this.matte[0].width !== width || this.matte[0].height !== height) {
      this.matte = canvas(width, height, true);
      this.before = new Uint8ClampedArray(width * height);
    }
    const [matte, drawing] = this.matte;
    drawing.globalCompositeOperation = 'copy';
    drawing.drawImage(mask, 0, 0);
    const pixels = drawing.getImageData(0, 0, width, height);
    refine(pixels.data, this.before);
    drawing.putImageData(pixels, 0, 0);
    return matte;
  }

  /** The room alone, blurred: the person is cut out first, or a face would shine around itself. */
  private blur(picture: CanvasImageSource): OffscreenCanvas {
    const { width, height } = BLURRED;
    const [room, cutting] = this.room;
    cutting.globalCompositeOperation = 'copy';
    cutting.drawImage(picture, 0, 0, width, height);
    cutting.globalCompositeOperation = 'destination-out';
    cutting.drawImage(this.matte[0], 0, 0, width, height);
    const [blurred, drawing] = this.blurred;
    drawing.globalCompositeOperation = 'copy';
    drawing.filter = 'none';
    // Where there is nothing but the person, something must stand behind the edge.
    drawing.drawImage(picture, 0, 0, width, height);
    drawing.globalCompositeOperation = 'source-over';
    drawing.filter = `blur(${BLUR_PX * 2}px)`;
    drawing.drawImage(blurred, 0, 0);
    drawing.filter = `blur(${BLUR_PX}px)`;
    // Twice: what the cut left half clear is filled by its neighbours.
    drawing.drawImage(room, 0, 0);
    drawing.drawImage(room, 0, 0);
    drawing.filter = 'none';
    return blurred;
  }

  /** A scene or the own picture, drawn once for a size. */
  private still(width: number, height: number): OffscreenCanvas {
    if (this.scene !== undefined) return this.scene;
    const [scene, drawing] = canvas(width, height);
    if (this.own !== undefined) {
      const scale = Math.max(width / this.own.width, height / this.own.height);
      const [wide, high] = [this.own.width * scale, this.own.height * scale];
      drawing.drawImage(this.own, (width - wide) / 2, (height - high) / 2, wide, high);
    } else if (this.behind !== 'blur' && this.behind !== 'own') drawScene(drawing, this.behind, width, height);
    this.scene = scene;
    return scene;
  }
}

/** Encoders take even sizes. */
const even = (length: number): number => Math.max(2, Math.round(length / 2) * 2);
