/** The person's own picture as a backdrop. It stays on this device, goes to no server, and is forgotten at the latest when its person signs out. */

const STORE = 'sidang.backdrop';
const KEY = '/own-backdrop';
/** As large as it can be seen, and never a file as it came: what a camera writes into one (place, time, maker) is left behind. */
const WIDTH = 1280;
const HEIGHT = 720;
const QUALITY = 0.85;
/** Larger than what any telephone takes. */
const BYTES_MAX = 30_000_000;

export type OwnProblem = 'not_a_picture' | 'too_large' | 'not_kept';

/** The problem, where there is one. */
export async function keepOwn(file: Blob): Promise<OwnProblem | undefined> {
  if (file.size > BYTES_MAX) return 'too_large';
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (picture === undefined) return 'not_a_picture';
  try {
    const kept = new OffscreenCanvas(WIDTH, HEIGHT);
    const drawing = kept.getContext('2d');
    if (drawing === null) return 'not_kept';
    const scale = Math.max(WIDTH / picture.width, HEIGHT / picture.height);
    const [wide, high] = [picture.width * scale, picture.height * scale];
    drawing.imageSmoothingQuality = 'high';
    drawing.drawImage(picture, (WIDTH - wide) / 2, (HEIGHT - high) / 2, wide, high);
    const blob = await kept.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
    await (await caches.open(STORE)).put(KEY, new Response(blob));
    return undefined;
  } catch {
    return 'not_kept'; // storage may be forbidden or full
  } finally {
    picture.close();
  }
}

/** Nothing where none is kept. */
export async function readOwn(): Promise<Blob | undefined> {
  try {
    return await (await (await caches.open(STORE)).match(KEY))?.blob();
  } catch {
    return undefined; // storage may be forbidden
  }
}
