/** The time line of all sites as a model: what each quarter of an hour is at each site, in runs of the same, and where a key leads. Pure. */
import { HOUR_MS, MINUTE_MS, dayStart } from '@/i18n/format';

export const SLOT_MINUTES = 15;
const SLOT_MS = SLOT_MINUTES * MINUTE_MS;

export type SlotState = 'free' | 'held' | 'approved' | 'in_use' | 'maintenance' | 'buffer' | 'holiday' | 'closed' | 'lead_time' | 'past' | 'not_all';
/** What is to be known of a day: a rest day or holiday of the site's state, or that the year's holidays are not final or not known. */
export type Mark = { kind: 'rest_day' | 'holiday' | 'year_unknown' | 'year_provisional'; name_ms?: string | null | undefined; name_en?: string | null | undefined; provisional?: boolean; sighted?: boolean };

/** What the server tells, as the model needs it. */
export type SiteName = { id: string; name: string; short_name: string };
export type Taken = { site: string; starts_at_ms: number; ends_at_ms: number; state: Extract<SlotState, 'held' | 'approved' | 'in_use' | 'maintenance' | 'buffer'>; mine: boolean; title?: string | undefined; reservation?: string | undefined };
/** A site on a day: open from and to, or not at all. */
export type Hours = { site: string; date: string; opens_at_ms?: number | undefined; closes_at_ms?: number | undefined; marks: readonly Mark[]; lawful: boolean };
export type Given = { sites: readonly SiteName[]; dates: readonly string[]; hours: readonly Hours[]; taken: readonly Taken[]; now_ms: number };

/** Neighbouring slots of one kind; what is free stays in slots, for each can be chosen. */
export type Run = { from: number; to: number; state: SlotState; starts_at_ms: number; ends_at_ms: number; taken?: Taken; mark?: Mark };
export type Row = { site: SiteName; date: string; runs: Run[]; marks: readonly Mark[] };
export type Day = { date: string; start_ms: number; rows: Row[] };
/** Slots are counted from `opens_minute` of each day; there are as many on every day. */
export type Grid = { opens_minute: number; slots: number; days: Day[] };

/** What stands where two touch one slot. */
const WEIGHT: Record<Taken['state'], number> = { maintenance: 5, in_use: 4, approved: 3, held: 2, buffer: 1 };

/** A working day, where nothing says otherwise. */
const OPENS_MINUTE = 480;
const CLOSES_MINUTE = 1020;

/** The hours that hold every opening of every day, on the hour. */
function spanOf(given: Given): { opens_minute: number; slots: number } {
  let opens = Infinity;
  let closes = -Infinity;
  for (const it of given.hours) {
    const start = dayStart(it.date);
    if (start === null || it.opens_at_ms === undefined || it.closes_at_ms === undefined) continue;
    opens = Math.min(opens, it.opens_at_ms - start);
    closes = Math.max(closes, it.closes_at_ms - start);
  }
  if (closes <= opens) return { opens_minute: OPENS_MINUTE, slots: (CLOSES_MINUTE - OPENS_MINUTE) / SLOT_MINUTES };
  const from = Math.floor(opens / HOUR_MS) * HOUR_MS;
  const to = Math.ceil(closes / HOUR_MS) * HOUR_MS;
  return { opens_minute: from / MINUTE_MS, slots: (to - from) / SLOT_MS };
}

export function gridOf(given: Given): Grid {
  const { opens_minute, slots } = spanOf(given);
  const hours = new Map(given.hours.map((it) => [`${it.site} ${it.date}`, it]));
  const days: Day[] = [];
  for (const date of given.dates) {
    const start_ms = dayStart(date);
    if (start_ms === null) continue;
    const end_ms = start_ms + 24 * HOUR_MS;
    const rows = given.sites.map((site): Row => {
      const own = hours.get(`${site.id} ${date}`);
      const taken = given.taken.filter((it) => it.site === site.id && it.starts_at_ms < end_ms && it.ends_at_ms > start_ms);
      return { site, date, marks: own?.marks ?? [], runs: runsOf(start_ms + opens_minute * MINUTE_MS, slots, own, taken, given.now_ms) };
    });
    days.push({ date, start_ms, rows });
  }
  return { opens_minute, slots, days };
}

function runsOf(first_ms: number, slots: number, hours: Hours | undefined, taken: readonly Taken[], now_ms: number): Run[] {
  const runs: Run[] = [];
  for (let slot = 0; slot < slots; slot += 1) {
    const starts_at_ms = first_ms + slot * SLOT_MS;
    const next = slotOf(starts_at_ms, starts_at_ms + SLOT_MS, slot, hours, taken, now_ms);
    const last = runs.at(-1);
    if (last && next.state !== 'free' && last.state === next.state && last.taken === next.taken) {
      last.to = next.to;
      last.ends_at_ms = next.ends_at_ms;
    } else runs.push(next);
  }
  return runs;
}

function slotOf(starts_at_ms: number, ends_at_ms: number, slot: number, hours: Hours | undefined, all: readonly Taken[], now_ms: number): Run {
  const run = (state: SlotState, more: Partial<Run> = {}): Run => ({ from: slot, to: slot + 1, state, starts_at_ms, ends_at_ms, ...more });
  let strongest: Taken | undefined;
  for (const it of all) {
    if (it.starts_at_ms >= ends_at_ms || it.ends_at_ms <= starts_at_ms) continue;
    if (!strongest || WEIGHT[it.state] > WEIGHT[strongest.state]) strongest = it;
  }
  if (strongest) return run(strongest.state, { taken: strongest });
  if (!hours || hours.opens_at_ms === undefined || hours.closes_at_ms === undefined) {
    const mark = hours?.marks.find((it) => it.kind === 'holiday');
    return mark ? run('holiday', { mark }) : run('closed');
  }
  if (starts_at_ms < hours.opens_at_ms || ends_at_ms > hours.closes_at_ms) return run('closed');
  if (starts_at_ms < now_ms) return run('past');
  if (!hours.lawful) return run('lead_time');
  const mark = markOf(hours.marks);
  return mark ? run('free', { mark }) : run('free');
}

/** What a slot is marked with: the day itself before what is said of its whole year. */
const markOf = (marks: readonly Mark[]): Mark | undefined => marks.find((it) => it.kind === 'holiday') ?? marks.find((it) => it.kind === 'rest_day') ?? marks[0];

/** Until when a free slot's site stays free: what a person wants to know of it. */
export function freeUntil(row: Row, run: Run): number {
  let until = run.ends_at_ms;
  for (const next of row.runs) if (next.from >= run.to && next.state === 'free' && next.starts_at_ms === until) until = next.ends_at_ms;
  return until;
}

/** The runs of a day with free slots joined: for the list, and for whoever hears instead of sees. */
export function joined(row: Row): Run[] {
  const out: Run[] = [];
  for (const run of row.runs) {
    const last = out.at(-1);
    if (last && run.state === 'free' && last.state === 'free') {
      last.to = run.to;
      last.ends_at_ms = run.ends_at_ms;
    } else out.push({ ...run });
  }
  return out;
}

/** Where all of these sites are free at once, as the row of a site that is all of them. */
export function together(day: Day, all: SiteName): Row {
  const free = day.rows.map((row) => new Set(row.runs.filter((it) => it.state === 'free').map((it) => it.from)));
  const first = day.rows[0];
  const slots = first?.runs.at(-1)?.to ?? 0;
  const marks = [...new Map(day.rows.flatMap((row) => row.marks).map((it) => [`${it.kind} ${it.name_ms ?? ''}`, it])).values()];
  const runs: Run[] = [];
  const first_ms = first?.runs[0]?.starts_at_ms ?? 0;
  for (let slot = 0; slot < slots; slot += 1) {
    const here = { from: slot, to: slot + 1, starts_at_ms: first_ms + slot * SLOT_MS, ends_at_ms: first_ms + (slot + 1) * SLOT_MS };
    const last = runs.at(-1);
    const mark = markOf(marks);
    if (free.every((it) => it.has(slot))) runs.push({ ...here, state: 'free', ...(mark ? { mark } : {}) });
    else if (last && last.state === 'not_all') {
      last.to = here.to;
      last.ends_at_ms = here.ends_at_ms;
    } else runs.push({ ...here, state: 'not_all' });
  }
  return { site: all, date: day.date, runs, marks };
}

/** The grid with such a row before the others of each day, where there is more than one. */
export function withAll(grid: Grid, all: SiteName): Grid {
  return { ...grid, days: grid.days.map((day) => (day.rows.length < 2 ? day : { ...day, rows: [together(day, all), ...day.rows] })) };
}

/** Where one is: a slot of a site on a day. The day may be one that is not loaded yet. */
export type Cursor = { date: string; site: string; slot: number };

export function rowAt(grid: Grid, at: Cursor): Row | undefined {
  return grid.days.find((it) => it.date === at.date)?.rows.find((it) => it.site.id === at.site);
}

export function runAt(grid: Grid, at: Cursor): Run | undefined {
  return rowAt(grid, at)?.runs.find((it) => it.from <= at.slot && at.slot < it.to);
}

/** The cursor kept inside what there is: another week, fewer sites, other hours. */
export function settle(grid: Grid, at: Cursor | null): Cursor | null {
  const day = grid.days.find((it) => it.date === at?.date) ?? grid.days[0];
  const row = day?.rows.find((it) => it.site.id === at?.site) ?? day?.rows[0];
  if (!row) return null;
  const slot = Math.min(Math.max(0, at?.slot ?? row.runs.find((it) => it.state === 'free')?.from ?? 0), Math.max(0, grid.slots - 1));
  return { date: row.date, site: row.site.id, slot };
}

export type Key = { key: string; shift: boolean; ctrl: boolean };
const WEEK_DAYS = 7;

function addDays(date: string, days: number): string {
  const start = dayStart(date);
  if (start === null) return date;
  // The instant eight hours on is the same civil day in UTC, as Malaysia is eight hours ahead.
  return new Date(start + 8 * HOUR_MS + days * 24 * HOUR_MS).toISOString().slice(0, 10);
}

/**
 * Where a key leads; `null` where it is not one of ours. Along the day by slot (a run that is not free is one step), across by site; over the
 * last site comes the next day's first. Home and End: the day's first and last slot. Page keys: the day before and after, with Shift the week.
 * `across` is set where the sites stand side by side and time goes down.
 */
export function moved(grid: Grid, at: Cursor, { key, shift, ctrl }: Key, across = false): Cursor | null {
  const day = grid.days.find((it) => it.date === at.date);
  const row = rowAt(grid, at);
  const run = runAt(grid, at);
  if (!day || !row || !run) return null;
  const [before, after, up, down] = across ? ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'] : ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'];
  const last = grid.slots - 1;
  switch (key) {
    case after:
      return run.to > last ? { ...at, slot: run.from } : { ...at, slot: run.to };
    case before: {
      const previous = row.runs.find((it) => it.to === run.from);
      return { ...at, slot: (previous ?? run).from };
    }
    case up:
    case down: {
      const index = day.rows.indexOf(row) + (key === down ? 1 : -1);
      const beside = day.rows[index];
      if (beside) return { ...at, site: beside.site.id };
      const next = grid.days[grid.days.indexOf(day) + (key === down ? 1 : -1)];
      const there = across ? undefined : key === down ? next?.rows[0] : next?.rows.at(-1);
      return there ? { ...at, date: there.date, site: there.site.id } : at;
    }
    case 'Home':
      return ctrl ? settle(grid, { date: grid.days[0]?.date ?? '', site: day.rows[0]?.site.id ?? '', slot: 0 }) : { ...at, slot: 0 };
    case 'End':
      return ctrl ? settle(grid, { date: grid.days.at(-1)?.date ?? '', site: day.rows.at(-1)?.site.id ?? '', slot: last }) : { ...at, slot: last };
    case 'PageDown':
      return { ...at, date: addDays(at.date, shift ? WEEK_DAYS : 1) };
    case 'PageUp':
      return { ...at, date: addDays(at.date, shift ? -WEEK_DAYS : -1) };
    default:
      return null;
  }
}

/** Whether a length that begins at a slot is free from end to end. */
export function fits(row: Row, slot: number, slots: number): boolean {
  const free = new Set(row.runs.filter((it) => it.state === 'free').map((it) => it.from));
  for (let it = slot; it < slot + slots; it += 1) if (!free.has(it)) return false;
  return true;
}

export { addDays };
