/** An agency's bookings as they are looked for: filtered, with the dates of a series together, and what of them waits for a person. Pure. */
import type { Reservation, ReservationState } from '@/api/types';
import { isoDate } from '@/i18n/format';

export type Filter = { q: string; state: ReservationState | ''; month: string };
export const NO_FILTER: Filter = { q: '', state: '', month: '' };

const LIVE: readonly ReservationState[] = ['submitted', 'approved', 'returned', 'displaced', 'waiting', 'offered'];
/** Something may still come of it. */
export function isLive(it: Reservation, now_ms: number): boolean {
  return it.ends_at_ms > now_ms && LIVE.includes(it.state);
}

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Every word must stand somewhere: in the title, the reference, a person's or a site's name. */
export function matches(it: Reservation, filter: Filter): boolean {
  if (filter.state !== '' && it.state !== filter.state) return false;
  if (filter.month !== '' && !isoDate(it.starts_at_ms).startsWith(filter.month)) return false;
  const words = plain(filter.q).split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return true;
  const text = plain([it.title, it.reference, it.applicant.name, it.chair.name, ...it.sites.flatMap((use) => [use.site.name, use.site.short_name, ...use.people.map((seat) => seat.person.name)])].join(' '));
  return words.every((word) => text.includes(word));
}

/** The months that occur, the first first. */
export function monthsOf(list: readonly Reservation[]): string[] {
  return [...new Set(list.map((it) => isoDate(it.starts_at_ms).slice(0, 7)))].sort();
}

export type Entry = { kind: 'one'; reservation: Reservation } | { kind: 'series'; id: string; list: Reservation[] };

/** In order of time, a series at the place of its first; `newest` turns the order. One left of a series stands alone. */
export function entriesOf(list: readonly Reservation[], newest = false): Entry[] {
  const sorted = [...list].sort((a, b) => a.starts_at_ms - b.starts_at_ms);
  const series = new Map<string, Reservation[]>();
  for (const it of sorted) if (it.series) series.set(it.series.id, [...(series.get(it.series.id) ?? []), it]);
  const entries: Entry[] = [];
  for (const it of newest ? sorted.reverse() : sorted) {
    const together = it.series ? (series.get(it.series.id) ?? []) : [];
    if (!it.series || together.length < 2) entries.push({ kind: 'one', reservation: it });
    else if (!entries.some((entry) => entry.kind === 'series' && entry.id === it.series?.id)) entries.push({ kind: 'series', id: it.series.id, list: together });
  }
  return entries;
}

/** What asks for an act of the applicant's now. */
export type Wants = 'offer' | 'returned' | 'displaced' | 'hold_lost';
export function wantsOf(it: Reservation, now_ms: number): Wants | null {
  if (it.starts_at_ms <= now_ms) return null;
  switch (it.state) {
    case 'offered':
      return (it.offer?.expires_at_ms ?? 0) > now_ms ? 'offer' : null;
    case 'returned':
      return 'returned';
    case 'displaced':
      return 'displaced';
    case 'submitted':
      return it.holds === false ? 'hold_lost' : null;
    default:
      return null;
  }
}

/** Those with an act to do, the most pressing first: what runs out, then what comes first. */
export function pressing(list: readonly Reservation[], now_ms: number): { reservation: Reservation; wants: Wants }[] {
  const due = (it: Reservation): number => Math.min(it.offer?.expires_at_ms ?? Infinity, it.returned?.deadline_ms ?? Infinity, it.hold_expires_at_ms ?? Infinity, it.starts_at_ms);
  return list
    .map((reservation) => ({ reservation, wants: wantsOf(reservation, now_ms) }))
    .filter((it): it is { reservation: Reservation; wants: Wants } => it.wants !== null)
    .sort((a, b) => due(a.reservation) - due(b.reservation));
}
