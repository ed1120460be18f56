import { describe, expect, it } from 'vitest';
import type { QueueRow } from '@/api/types';
import { after, before, urgent } from './age';

const row = (id: string, held_until_ms = 0, holds = true): QueueRow => ({ id, held_until_ms, holds }) as QueueRow;
const queue = [row('a'), row('b'), row('c')];

describe('the order of the queue', () => {
  it.each([
    ['a', 'b', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
    ['gone', 'a', 'c'],
  ])('after and before %s', (id, next, previous) => {
    expect(after(queue, id)?.id).toBe(next);
    expect(before(queue, id)?.id).toBe(previous);
  });

  it('has no other where there is none', () => {
    expect(after([row('a')], 'a')).toBeUndefined();
    expect(before([row('a')], 'a')).toBeUndefined();
    expect(after([], 'a')).toBeUndefined();
  });

  it('is urgent within a working day of the hold’s end, and once it has run out', () => {
    const hour = 3_600_000;
    expect(urgent(row('a', 8 * hour), 0)).toBe(false);
    expect(urgent(row('a', 8 * hour - 1), 0)).toBe(true);
    expect(urgent(row('a', 80 * hour, false), 0)).toBe(true);
  });
});
