import { describe, expect, it } from 'vitest';
import type { Occupancy, Site } from '@/api/types';
import { HOUR_MS, dayStart } from '@/i18n/format';
import { freeOf, moved, rowsOf, spanOf } from './timeline';

const day = dayStart('2026-12-01') ?? 0;
const everyDay = (opens: number, closes: number) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens_minute: opens, closes_minute: closes }));
const site = (id: string, opens = 480, closes = 1020): Site => ({
  id, name: id, short_name: id, city: '', region: 'wp_putrajaya', address: '', seats: 6, time_zone: 'Asia/Kuala_Lumpur',
  opens_minute: opens, closes_minute: closes, hours: everyDay(opens, closes), set_up_minutes: 0, clear_up_minutes: 0, rooms: [], equipment: [], version: 1,
});
const taken = (id: string, from: number, to: number, state: Occupancy['state'] = 'approved'): Occupancy => ({ site: id, starts_at_ms: day + from * HOUR_MS, ends_at_ms: day + to * HOUR_MS, state, kind: 'reservation', mine: false });

describe('rowsOf', () => {
  it('makes one cell each half hour of the opening hours', () => {
    const rows = rowsOf([site('a'), site('b')], [], day, 0);
    expect(rows.map((it) => it.cells.length)).toEqual([18, 18]);
    expect(rows[0]?.cells[0]?.starts_at_ms).toBe(day + 8 * HOUR_MS);
    expect(rows[0]?.runs.length).toBe(18);
  });

  it('draws an occupancy as one block and keeps two neighbours apart', () => {
    const [row] = rowsOf([site('a')], [taken('a', 9, 11), taken('a', 11, 12, 'held')], day, 0);
    expect(row?.runs.map((it) => [it.length, it.occupancy?.state ?? 'free'])).toEqual([
      [1, 'free'], [1, 'free'], [4, 'approved'], [2, 'held'], ...Array.from({ length: 10 }, () => [1, 'free']),
    ]);
  });

  it('covers a cell that an occupancy only touches, and leaves the one it ends at', () => {
    const half = { ...taken('a', 9, 10), ends_at_ms: day + 9 * HOUR_MS + 15 * 60_000 };
    const [row] = rowsOf([site('a')], [half], day, 0);
    expect(row?.cells[2]?.occupancy?.state).toBe('approved');
    expect(row?.cells[3]?.occupancy).toBeNull();
  });

  it('shows a site as closed outside its own hours', () => {
    const rows = rowsOf([site('a', 480, 1020), site('b', 540, 960)], [], day, 0);
    expect(spanOf([site('a', 480, 1020), site('b', 540, 960)])).toEqual({ opens_minute: 480, closes_minute: 1020 });
    expect(rows[1]?.cells[0]?.occupancy?.state).toBe('blocked');
    expect(rows[1]?.cells.at(-1)?.occupancy?.state).toBe('blocked');
  });

  it('knows what has passed', () => {
    const [row] = rowsOf([site('a')], [], day, day + 9 * HOUR_MS);
    expect(row?.cells.filter((it) => it.past).length).toBe(2);
  });
});

describe('moved', () => {
  const rows = rowsOf([site('a'), site('b')], [taken('a', 8, 10)], day, 0);
  it.each([
    [{ row: 0, run: 0 }, 'ArrowRight', { row: 0, run: 1 }],
    [{ row: 0, run: 0 }, 'ArrowLeft', { row: 0, run: 0 }],
    [{ row: 0, run: 1 }, 'ArrowDown', { row: 1, run: 4 }],
    [{ row: 1, run: 2 }, 'ArrowUp', { row: 0, run: 0 }],
    [{ row: 1, run: 2 }, 'End', { row: 1, run: 17 }],
    [{ row: 0, run: 5 }, 'Home', { row: 0, run: 0 }],
    [{ row: 0, run: 14 }, 'ArrowRight', { row: 0, run: 14 }],
    [{ row: 0, run: 0 }, 'x', null],
    [{ row: 9, run: 0 }, 'Home', null],
  ])('%o by %s', (from, key, to) => {
    expect(moved(rows, from, key)).toEqual(to);
  });
});

describe('freeOf', () => {
  it('joins free cells and leaves out what has passed', () => {
    const [row] = rowsOf([site('a')], [taken('a', 10, 11)], day, day + 9 * HOUR_MS);
    expect(row && freeOf(row, day + 9 * HOUR_MS)).toEqual([
      { starts_at_ms: day + 9 * HOUR_MS, ends_at_ms: day + 10 * HOUR_MS },
      { starts_at_ms: day + 11 * HOUR_MS, ends_at_ms: day + 17 * HOUR_MS },
    ]);
  });
});
