/** From what the model believes of each pixel to how much of it is drawn. */

/** Below this, of 255, it is the room; above, the person; between them the edge fades. */
const ROOM = 90;
const PERSON = 215;
/** Of what was believed of the picture before, so much stays: an edge that trembles comes to rest, and a hand that moves leaves no trail. */
const STAYS = 0.3;

const EDGE = Uint8ClampedArray.from({ length: 256 }, (_, belief) => {
  const along = Math.min(1, Math.max(0, (belief - ROOM) / (PERSON - ROOM)));
  return 255 * along * along * (3 - 2 * along);
});

/**
 * `rgba` holds the belief in its alpha, 0 to 255, and is left with what is drawn there; `before` is the matte of the picture before, one value for
 * each pixel, and is left with this one.
 */
export function refine(rgba: Uint8ClampedArray, before: Uint8ClampedArray): void {
  for (let pixel = 0; pixel < before.length; pixel += 1) {
    const now = EDGE[rgba[pixel * 4 + 3] ?? 0] ?? 0;
    const matte = now + ((before[pixel] ?? 0) - now) * STAYS;
    before[pixel] = matte;
    rgba[pixel * 4 + 3] = matte;
  }
}
