import { expect, test } from 'vitest';
import { fitted } from './shrink';

test.each([
  [4000, 3000, 1600, 1200],
  [3000, 4000, 1200, 1600],
  [1600, 1600, 1600, 1600],
  [800, 600, 800, 600],
  [30000, 1, 1600, 1],
])('%i x %i becomes %i x %i', (width, height, wide, high) => {
  expect(fitted(width, height)).toEqual({ width: wide, height: high });
});
