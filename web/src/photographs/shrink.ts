/** A picture made small enough to send from a telephone on a thin line: the size that the server keeps anyway. */

/** The longer side of what the server keeps, in pixels. */
export const SIDE_MAX = 1600;
const QUALITY = 0.82;

/** The size that fits, with the same shape. Nothing is made larger. Pure. */
export function fitted(width: number, height: number, side_max = SIDE_MAX): { width: number; height: number } {
  const longer = Math.max(width, height);
  if (longer <= side_max) return { width, height };
  return { width: Math.max(1, Math.round((width * side_max) / longer)), height: Math.max(1, Math.round((height * side_max) / longer)) };
}

/** The picture as a small JPEG. What the browser cannot read is handed on as it is: the server says what is wrong with it. */
export async function shrunk(file: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    try {
      const size = fitted(picture.width, picture.height);
      const canvas = document.createElement('canvas');
      canvas.width = size.width;
      canvas.height = size.height;
      const pen = canvas.getContext('2d');
      if (!pen) return file;
      // What is seen through is white, as the server makes it.
      pen.fillStyle = '#fff';
      pen.fillRect(0, 0, size.width, size.height);
      pen.drawImage(picture, 0, 0, size.width, size.height);
      const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
      return small ?? file;
    } finally {
      picture.close();
    }
  } catch {
    return file;
  }
}
