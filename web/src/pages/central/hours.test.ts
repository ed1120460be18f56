import { describe, expect, it } from 'vitest';
import { hoursOf, minutesOf } from './hours';

describe('working hours', () => {
  it.each([
    ['4', 240],
    [' 1.5 ', 90],
    ['1,5', 90],
    ['0.25', 15],
    ['1000', 60_000],
    ['0.2', null],
    ['1000.1', null],
    ['0', null],
    ['-4', null],
    ['1e3', null],
    ['4h', null],
    ['', null],
  ])('%j is %j minutes', (typed, minutes) => expect(minutesOf(typed)).toBe(minutes));

  it('are shown as they are typed', () => {
    for (const minutes of [15, 90, 240, 540, 2700, 8100]) expect(minutesOf(hoursOf(minutes))).toBe(minutes);
  });
});
