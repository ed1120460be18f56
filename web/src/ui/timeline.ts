/** The model of the sites' time line: cells of equal length by site and time, and how a key moves among them. Pure. */
import type { Occupancy, Site } from '@/api/types';
import { MINUTE_MS } from '@/i18n/format';

export const SLOT_MINUTES = 30;

export type Cell = { site: string; starts_at_ms: number; ends_at_ms: number; occupancy: Occupancy | null; past: boolean };
/** A block drawn as one: the same occupancy over several cells. */
export type Run = { first: number; length: number; occupancy: Occupancy | null; cells: Cell[] };
export type Row = { site: Site; cells: Cell[]; runs: Run[] };
export type Span = { opens_minute: number; closes_minute: number };

/** From the earliest opening to the latest closing of the sites, on the hour; a working day where there are no sites. */
export function spanOf(sites: readonly Site[]): Span {
  if (sites.length === 0) return { opens_minute: 480, closes_minute: 1020 };
  const opens = Math.min(...sites.map((it) => it.opens_minute));
  const closes = Math.max(...sites.map((it) => it.closes_minute));
  return { opens_minute: Math.floor(opens / 60) * 60, closes_minute: Math.ceil(closes / 60) * 60 };
}

/** A time of another state stands before a lesser one where two touch a cell. */
const WEIGHT: Record<Occupancy['state'], number> = { blocked: 5, in_use: 4, approved: 3, held: 2, buffer: 1 };

export function rowsOf(sites: readonly Site[], occupancies: readonly Occupancy[], day_start_ms: number, now_ms: number): Row[] {
  const span = spanOf(sites);
  const count = Math.ceil((span.closes_minute - span.opens_minute) / SLOT_MINUTES);
  return sites.map((site) => {
    const own = occupancies.filter((it) => it.site === site.id);
    const cells = Array.from({ length: count }, (_, index): Cell => {
      const starts_at_ms = day_start_ms + (span.opens_minute + index * SLOT_MINUTES) * MINUTE_MS;
      const ends_at_ms = starts_at_ms + SLOT_MINUTES * MINUTE_MS;
      const minute = span.opens_minute + index * SLOT_MINUTES;
      const closed = minute < site.opens_minute || minute + SLOT_MINUTES > site.closes_minute;
      const touching = own.filter((it) => it.starts_at_ms < ends_at_ms && it.ends_at_ms > starts_at_ms);
      const strongest = touching.sort((a, b) => WEIGHT[b.state] - WEIGHT[a.state])[0] ?? null;
      const shut: Occupancy = { site: site.id, starts_at_ms, ends_at_ms, state: 'blocked', kind: 'blackout', mine: false };
      return { site: site.id, starts_at_ms, ends_at_ms, occupancy: strongest ?? (closed ? shut : null), past: ends_at_ms <= now_ms };
    });
    return { site, cells, runs: runsOf(cells) };
  });
}

function same(a: Occupancy | null, b: Occupancy | null): boolean {
  if (a === null || b === null) return false;
  return a.state === b.state && a.starts_at_ms === b.starts_at_ms && a.ends_at_ms === b.ends_at_ms;
}

export function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  for (const [index, cell] of cells.entries()) {
    const last = runs.at(-1);
    if (last && same(last.occupancy, cell.occupancy)) {
      last.length += 1;
      last.cells.push(cell);
    } else {
      runs.push({ first: index, length: 1, occupancy: cell.occupancy, cells: [cell] });
    }
  }
  return runs;
}

export type Position = { row: number; run: number };

/** Where a key leads, or `null` where it is not one of ours. Up and down keep the time. */
export function moved(rows: readonly Row[], at: Position, key: string): Position | null {
  const row = rows[at.row];
  const run = row?.runs[at.run];
  if (!row || !run) return null;
  const atTime = (target: number): Position => {
    const runs = rows[target]?.runs ?? [];
    const index = runs.findIndex((it) => it.first <= run.first && run.first < it.first + it.length);
    return { row: target, run: Math.max(0, index) };
  };
  switch (key) {
    case 'ArrowRight':
      return { row: at.row, run: Math.min(row.runs.length - 1, at.run + 1) };
    case 'ArrowLeft':
      return { row: at.row, run: Math.max(0, at.run - 1) };
    case 'ArrowDown':
      return atTime(Math.min(rows.length - 1, at.row + 1));
    case 'ArrowUp':
      return atTime(Math.max(0, at.row - 1));
    case 'Home':
      return { row: at.row, run: 0 };
    case 'End':
      return { row: at.row, run: row.runs.length - 1 };
    default:
      return null;
  }
}

/** The free stretches of a row: what the list says where the time line shows. */
export function freeOf(row: Row, now_ms: number): { starts_at_ms: number; ends_at_ms: number }[] {
  const free: { starts_at_ms: number; ends_at_ms: number }[] = [];
  for (const cell of row.cells) {
    if (cell.occupancy !== null || cell.ends_at_ms <= now_ms) continue;
    const last = free.at(-1);
    if (last && last.ends_at_ms === cell.starts_at_ms) last.ends_at_ms = cell.ends_at_ms;
    else free.push({ starts_at_ms: cell.starts_at_ms, ends_at_ms: cell.ends_at_ms });
  }
  return free;
}
