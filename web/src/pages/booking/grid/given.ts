/** The server's answer as the time line takes it. Pure. */
import type { Availability, Site } from '@/api/types';
import { addDays, type Given, type SiteName, type Taken } from './model';

export function datesOf(from: string, days: number): string[] {
  return Array.from({ length: days }, (_, index) => addDays(from, index));
}

/** The Monday of a day's week. */
export function mondayOf(date: string): string {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  return Number.isNaN(weekday) ? date : addDays(date, -((weekday + 6) % 7));
}

function takenOf(it: Availability['occupancies'][number]): Taken {
  const taken: Taken = { site: it.site, starts_at_ms: it.starts_at_ms, ends_at_ms: it.ends_at_ms, state: it.state === 'blocked' ? 'maintenance' : it.state, mine: it.mine };
  if (typeof it.title === 'string') taken.title = it.title;
  if (typeof it.reservation === 'string') taken.reservation = it.reservation;
  return taken;
}

/** `except` is a reservation whose own hold is not in the way: it is being moved. */
export function givenOf(sites: readonly Site[], dates: readonly string[], answer: Availability, now_ms: number, except?: string): Given {
  return {
    sites: sites.map((it): SiteName => ({ id: it.id, name: it.name, short_name: it.short_name })),
    dates,
    hours: answer.days.map((it) => ({ site: it.site, date: it.date, opens_at_ms: it.opens_at_ms ?? undefined, closes_at_ms: it.closes_at_ms ?? undefined, marks: it.flags, lawful: it.lawful })),
    taken: answer.occupancies.filter((it) => except === undefined || it.reservation !== except).map(takenOf),
    now_ms,
  };
}
