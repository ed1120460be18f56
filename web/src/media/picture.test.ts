import { expect, it } from 'vitest';
import { COPY, judgePicture } from './picture';

/** A picture whose middle and surroundings have these lights, with a little noise. */
const picture = (middle: number, around: number, noise = 8): number[] =>
  Array.from({ length: COPY.width * COPY.height }, (_, index) => {
    const [x, y] = [index % COPY.width, Math.floor(index / COPY.width)];
    const inside = x >= COPY.width / 4 && x < (3 * COPY.width) / 4 && y >= COPY.height / 4;
    const light = (inside ? middle : around) + (index % 2) * noise;
    return [light, light, light, 255];
  }).flat();

it.each([
  ['an ordinary office', picture(120, 130), undefined],
  ['a covered camera', picture(4, 4, 2), 'covered'],
  ['a dark room', picture(30, 40), 'dark'],
  ['a window behind', picture(70, 200), 'backlit'],
  ['a lamp in the face', picture(240, 200), 'bright'],
  ['a dark wall behind a lit face', picture(140, 20), undefined],
] as const)('%s', (_, rgba, problem) => {
  expect(judgePicture(rgba)).toBe(problem);
});
