import { describe, expect, it } from 'vitest';
import { HOUR_MS, dayStart } from '@/i18n/format';
import { addDays, fits, freeUntil, gridOf, joined, moved, runAt, settle, together, withAll, type Cursor, type Given, type Hours, type Taken } from './model';

const DATE = '2026-12-01';
const day = dayStart(DATE)!;
const site = (id: string) => ({ id, name: `MAMPU ${id}`, short_name: id });
const hours = (id: string, date: string, more: Partial<Hours> = {}): Hours => ({ site: id, date, opens_at_ms: dayStart(date)! + 8 * HOUR_MS, closes_at_ms: dayStart(date)! + 17 * HOUR_MS, marks: [], lawful: true, ...more });
const taken = (id: string, from: number, to: number, state: Taken['state'] = 'approved'): Taken => ({ site: id, starts_at_ms: day + from * HOUR_MS, ends_at_ms: day + to * HOUR_MS, state, mine: false });
const given = (more: Partial<Given> = {}): Given => ({
  sites: [site('CBJ'), site('SWK')],
  dates: [DATE, '2026-12-02'],
  hours: ['CBJ', 'SWK'].flatMap((id) => [hours(id, DATE), hours(id, '2026-12-02')]),
  taken: [],
  now_ms: day - 5 * 24 * HOUR_MS,
  ...more,
});
const states = (grid: ReturnType<typeof gridOf>, row = 0) => joined(grid.days[0]!.rows[row]!).map((it) => [it.state, it.from, it.to]);

describe('gridOf', () => {
  it('cuts the opening hours into quarters, and leaves what is free in slots', () => {
    const grid = gridOf(given());
    expect([grid.opens_minute, grid.slots, grid.days.length, grid.days[0]?.rows.length]).toEqual([480, 36, 2, 2]);
    expect(grid.days[0]?.rows[0]?.runs.length).toBe(36);
    expect(states(grid)).toEqual([['free', 0, 36]]);
  });

  it('joins what is taken, and keeps two that touch apart', () => {
    const grid = gridOf(given({ taken: [taken('CBJ', 9, 11), taken('CBJ', 11, 12, 'held'), taken('SWK', 9, 10)] }));
    expect(states(grid)).toEqual([['free', 0, 4], ['approved', 4, 12], ['held', 12, 16], ['free', 16, 36]]);
    expect(states(grid, 1)).toEqual([['free', 0, 4], ['approved', 4, 8], ['free', 8, 36]]);
  });

  it.each([
    ['maintenance over a booking', { taken: [taken('CBJ', 8, 17), taken('CBJ', 10, 11, 'maintenance')] }, [['approved', 0, 8], ['maintenance', 8, 12], ['approved', 12, 36]]],
    ['a booking over its own buffer', { taken: [taken('CBJ', 9.75, 11.25, 'buffer'), taken('CBJ', 10, 11)] }, [['free', 0, 7], ['buffer', 7, 8], ['approved', 8, 12], ['buffer', 12, 13], ['free', 13, 36]]],
    ['a holiday', { hours: [hours('CBJ', DATE, { opens_at_ms: undefined, marks: [{ kind: 'holiday', name_ms: 'Hari Malaysia' }] }), hours('SWK', DATE)] }, [['holiday', 0, 36]]],
    ['a closed day', { hours: [hours('CBJ', DATE, { opens_at_ms: undefined, marks: [{ kind: 'rest_day' }] }), hours('SWK', DATE)] }, [['closed', 0, 36]]],
    ['a day that nothing is known of', { hours: [hours('SWK', DATE)] }, [['closed', 0, 36]]],
    ['shorter hours than the others', { hours: [hours('CBJ', DATE, { opens_at_ms: day + 9 * HOUR_MS, closes_at_ms: day + 16 * HOUR_MS }), hours('SWK', DATE)] }, [['closed', 0, 4], ['free', 4, 32], ['closed', 32, 36]]],
    ['inside the lead time', { hours: [hours('CBJ', DATE, { lawful: false }), hours('SWK', DATE)] }, [['lead_time', 0, 36]]],
    ['a day that runs', { now_ms: day + 10 * HOUR_MS, hours: [hours('CBJ', DATE, { lawful: false }), hours('SWK', DATE)] }, [['past', 0, 8], ['lead_time', 8, 36]]],
    ['what is taken in the past', { now_ms: day + 30 * HOUR_MS, taken: [taken('CBJ', 8, 9)] }, [['approved', 0, 4], ['past', 4, 36]]],
  ] as [string, Partial<Given>, unknown][])('knows %s', (_, more, expected) => {
    expect(states(gridOf(given(more)))).toEqual(expected);
  });

  it('marks what is free on a day whose holiday is provisional', () => {
    const grid = gridOf(given({ hours: [hours('CBJ', DATE, { marks: [{ kind: 'year_provisional' }, { kind: 'holiday', name_ms: 'Deepavali', provisional: true }] }), hours('SWK', DATE)] }));
    expect(grid.days[0]?.rows[0]?.runs[3]).toMatchObject({ state: 'free', mark: { kind: 'holiday', name_ms: 'Deepavali', provisional: true } });
    expect(grid.days[0]?.rows[1]?.runs[3]?.mark).toBeUndefined();
  });
});

it('says until when a slot stays free', () => {
  const row = gridOf(given({ taken: [taken('CBJ', 11, 12)] })).days[0]!.rows[0]!;
  expect(freeUntil(row, row.runs[2]!)).toBe(day + 11 * HOUR_MS);
  expect(freeUntil(row, row.runs.at(-1)!)).toBe(day + 17 * HOUR_MS);
  expect(fits(row, 8, 4)).toBe(true);
  expect(fits(row, 8, 5)).toBe(false);
  expect(fits(row, 34, 4)).toBe(false);
});

it('finds where all are free together', () => {
  const grid = gridOf(given({ taken: [taken('CBJ', 9, 11), taken('SWK', 10, 12)] }));
  const row = together(grid.days[0]!, { id: '*', name: 'Semua', short_name: 'Semua' });
  expect(joined(row).map((it) => [it.state, it.from, it.to])).toEqual([['free', 0, 4], ['not_all', 4, 16], ['free', 16, 36]]);
  expect(withAll(grid, row.site).days[0]?.rows.map((it) => it.site.id)).toEqual(['*', 'CBJ', 'SWK']);
  expect(withAll(gridOf(given({ sites: [site('CBJ')] })), row.site).days[0]?.rows.length).toBe(1);
});

describe('moved', () => {
  // The first site is taken from nine to eleven: one step of eight slots.
  const grid = gridOf(given({ taken: [taken('CBJ', 9, 11)] }));
  const at = (site_: string, slot: number, date = DATE): Cursor => ({ date, site: site_, slot });
  it.each([
    [at('CBJ', 0), 'ArrowRight', at('CBJ', 1)],
    [at('CBJ', 3), 'ArrowRight', at('CBJ', 4)],
    [at('CBJ', 4), 'ArrowRight', at('CBJ', 12)],
    [at('CBJ', 12), 'ArrowLeft', at('CBJ', 4)],
    [at('CBJ', 0), 'ArrowLeft', at('CBJ', 0)],
    [at('CBJ', 35), 'ArrowRight', at('CBJ', 35)],
    [at('SWK', 6), 'ArrowUp', at('CBJ', 6)],
    [at('CBJ', 6), 'ArrowRight', at('CBJ', 12)],
    [at('SWK', 6), 'ArrowDown', at('CBJ', 6, '2026-12-02')],
    [at('CBJ', 6, '2026-12-02'), 'ArrowUp', at('SWK', 6)],
    [at('CBJ', 6), 'ArrowUp', at('CBJ', 6)],
    [at('SWK', 9), 'Home', at('SWK', 0)],
    [at('SWK', 9), 'End', at('SWK', 35)],
    [at('SWK', 9), 'PageDown', at('SWK', 9, '2026-12-02')],
    [at('SWK', 9), 'PageUp', at('SWK', 9, '2026-11-30')],
    [at('SWK', 9), 'x', null],
    [at('none', 9), 'Home', null],
  ])('%o by %s', (from, key, to) => {
    expect(moved(grid, from, { key, shift: false, ctrl: false })).toEqual(to);
  });
  it('goes by the week with Shift and to the corners with Control', () => {
    expect(moved(grid, at('SWK', 9), { key: 'PageDown', shift: true, ctrl: false })?.date).toBe('2026-12-08');
    expect(moved(grid, at('SWK', 9), { key: 'PageUp', shift: true, ctrl: false })?.date).toBe('2026-11-24');
    expect(moved(grid, at('SWK', 9), { key: 'Home', shift: false, ctrl: true })).toEqual(at('CBJ', 0));
    expect(moved(grid, at('SWK', 9), { key: 'End', shift: false, ctrl: true })).toEqual(at('SWK', 35, '2026-12-02'));
  });
  it('turns with the time line where the sites stand side by side, and stays on the day', () => {
    const turned = (from: Cursor, key: string) => moved(grid, from, { key, shift: false, ctrl: false }, true);
    expect(turned(at('CBJ', 0), 'ArrowDown')).toEqual(at('CBJ', 1));
    expect(turned(at('CBJ', 0), 'ArrowRight')).toEqual(at('SWK', 0));
    expect(turned(at('SWK', 0), 'ArrowRight')).toEqual(at('SWK', 0));
  });
  it('never leaves the slots, whichever keys are pressed', () => {
    const keys = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];
    let seed = 7;
    let here: Cursor = at('CBJ', 0);
    for (let step = 0; step < 2_000; step += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      here = moved(grid, here, { key: keys[seed % keys.length]!, shift: false, ctrl: seed % 5 === 0 })!;
      expect(runAt(grid, here), JSON.stringify(here)).toBeDefined();
    }
  });
});

it('settles where the week, the site or the hours are others', () => {
  const grid = gridOf(given({ taken: [taken('CBJ', 8, 9)] }));
  expect(settle(grid, null)).toEqual({ date: DATE, site: 'CBJ', slot: 4 });
  expect(settle(grid, { date: '2027-01-01', site: 'gone', slot: 99 })).toEqual({ date: DATE, site: 'CBJ', slot: 35 });
  expect(settle(gridOf(given({ sites: [] })), null)).toBeNull();
});

it('counts days over the end of a year and a leap day', () => {
  expect([addDays('2026-12-31', 1), addDays('2028-02-28', 1), addDays('2026-12-01', -1), addDays('bad', 1)]).toEqual(['2027-01-01', '2028-02-29', '2026-11-30', 'bad']);
});
