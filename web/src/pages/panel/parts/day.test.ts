import { describe, expect, it } from 'vitest';
import { atHand, endWarning, mayCheckIn, mayJoin, minutesLeft, standing } from './day';
import type { ScheduledUse as Item } from '@/api/types';

const MINUTE = 60_000;
const at = (minutes: number): number => 1_800_000_000_000 + minutes * MINUTE;
const item = (from: number, to: number, more: Partial<Item> = {}): Item => ({
  reservation: `r${from}`,
  meeting: `m${from}`,
  starts_at_ms: at(from),
  ends_at_ms: at(to),
  opens_at_ms: at(from - 15),
  closes_at_ms: at(to + 15),
  checked_in: false,
  extension_minutes: 0,
  ...more,
});
const day = { now_ms: at(0), items: [item(60, 120), item(120, 180), item(300, 360)], blocks: [{ kind: 'maintenance' as const, starts_at_ms: at(400), ends_at_ms: at(460) }] };

describe('what a room says of itself', () => {
  it.each([
    [0, 'free'],
    [44, 'free'],
    [45, 'soon'],
    [59, 'soon'],
    [60, 'in_use'],
    [119, 'in_use'],
    [120, 'in_use'],
    [179, 'in_use'],
    [180, 'closing'],
    [194, 'closing'],
    [195, 'free'],
    [400, 'blocked'],
    [459, 'blocked'],
    [460, 'free'],
    [24 * 60 - 1, 'free'],
    [24 * 60, 'unknown'],
  ])('at minute %i: %s', (minute, is) => {
    expect(standing(day, at(minute)).is).toBe(is);
  });

  it('names the session of now, of the next, and until when it is free', () => {
    expect(atHand(standing(day, at(119)))?.reservation).toBe('r60');
    expect(atHand(standing(day, at(120)))?.reservation).toBe('r120');
    expect(standing(day, at(0))).toMatchObject({ is: 'free', until_ms: at(60) });
    expect(standing(day, at(370))).toMatchObject({ is: 'closing' });
    expect(standing(day, at(380))).toMatchObject({ is: 'free', until_ms: at(400), next: undefined });
    expect(standing({ now_ms: at(0), items: [], blocks: [] }, at(0))).toEqual({ is: 'free', until_ms: undefined, next: undefined });
  });

  it('offers check-in once, and joining while the door is open', () => {
    expect(mayCheckIn(standing(day, at(44)))).toBe(false);
    expect(mayCheckIn(standing(day, at(45)))).toBe(true);
    expect(mayCheckIn(standing({ ...day, items: [item(60, 120, { checked_in: true })] }, at(61)))).toBe(false);
    expect(mayCheckIn(standing(day, at(185)))).toBe(false);
    for (const [minute, may] of [[44, false], [45, true], [185, true], [195, false]] as const) expect(mayJoin(standing(day, at(minute)), at(minute)), String(minute)).toBe(may);
  });
});

describe('the end of a slot', () => {
  it.each([
    [11, undefined],
    [10, 10],
    [6, 10],
    [5, 5],
    [2, 5],
    [1, 1],
    [0, undefined],
    [-1, undefined],
  ])('%i minutes before it: the warning of %s', (left, warning) => {
    expect(endWarning(at(left), at(0))).toBe(warning);
  });

  it('counts begun minutes', () => {
    expect(minutesLeft(at(10), at(0) + 1)).toBe(10);
    expect(minutesLeft(at(10), at(0))).toBe(10);
    expect(minutesLeft(at(0), at(10))).toBe(0);
  });
});
