/** The sessions of a site in a stretch of time, the first first, and its day as the time line takes it. Pure. */
import type { Availability, Reservation, Site } from '@/api/types';
import { gridOf, type Grid, type SlotState } from '@/pages/booking/grid/model';
import { givenOf } from '@/pages/booking/grid/given';

/** Those that have the site, or ask for it. */
const SHOWN: readonly Reservation['state'][] = ['approved', 'submitted', 'displaced'];

export function sessionsBetween(list: readonly Reservation[], site: string, from_ms: number, to_ms: number): Reservation[] {
  return list
    .filter((it) => SHOWN.includes(it.state) && it.starts_at_ms < to_ms && it.ends_at_ms > from_ms && it.sites.some((entry) => entry.site.id === site))
    .sort((a, b) => a.starts_at_ms - b.starts_at_ms);
}

/** One day of one site. Nobody applies here, so free is free, however near. */
export function dayOf(site: Site, date: string, answer: Availability, now_ms: number): Grid {
  const given = givenOf([site], [date], answer, now_ms);
  return gridOf({ ...given, hours: given.hours.map((it) => ({ ...it, lawful: true })) });
}

/** What the day shows. */
export const statesOf = (grid: Grid): ReadonlySet<SlotState> => new Set(grid.days.flatMap((day) => day.rows.flatMap((row) => row.runs.map((run) => run.state))));
