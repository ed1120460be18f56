/** The sessions of a site in a stretch of time, the first first. Pure. */
import type { Reservation } from '@/api/types';

/** Those that have the site, or ask for it. */
const SHOWN: readonly Reservation['state'][] = ['approved', 'submitted', 'displaced'];

export function sessionsBetween(list: readonly Reservation[], site: string, from_ms: number, to_ms: number): Reservation[] {
  return list
    .filter((it) => SHOWN.includes(it.state) && it.starts_at_ms < to_ms && it.ends_at_ms > from_ms && it.sites.some((entry) => entry.site.id === site))
    .sort((a, b) => a.starts_at_ms - b.starts_at_ms);
}
