import { expect, it } from 'vitest';
import { needsMet } from './password';

it.each([
  ['', [false, false, false, false]],
  ['elevenchar1', [false, true, false, false]],
  ['twelvechars1', [true, true, false, false]],
  ['Twelve-chars1', [true, true, true, true]],
  ['Twelve chars 1', [true, true, true, false]],
])('%s', (password, met) => {
  expect(Object.values(needsMet(password))).toEqual(met);
});
