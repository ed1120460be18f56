import { describe, expect, it } from 'vitest';
import { duration, monthsUntil, share, stacked } from './chart';

const units = { d: 'hari', h: 'jam', min: 'min' };

describe('a chart of months', () => {
  it('stacks series so that each covers the foot of the one before', () => {
    const top = stacked([
      { label: 'a', values: [1, 2, null], color: 'primary' },
      { label: 'b', values: [3, 0, 4], color: 'danger' },
    ]);
    expect(top.map((series) => [series.label, series.values])).toEqual([
      ['b', [4, 2, 4]],
      ['a', [1, 2, 0]],
    ]);
  });

  it.each([
    [null, '–'],
    [0, '0 min'],
    [59, '59 min'],
    [60, '1 jam'],
    [200, '3 jam 20 min'],
    [1440, '1 hari'],
    [3120, '2 hari 4 jam'],
  ])('says %s minutes as %s', (minutes, text) => expect(duration(minutes, units)).toBe(text));

  it.each([
    [1, 3, 33],
    [0, 3, 0],
    [0, 0, null],
    [1, null, null],
  ])('%s of %s is %s per cent', (part, whole, percent) => expect(share(part, whole)).toBe(percent));

  it('counts months over the turn of a year', () => {
    expect(monthsUntil('2026-02', 4)).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
  });
});
