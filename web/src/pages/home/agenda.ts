/** Meetings and bookings as one list in order of time. An approved booking and its meeting are one entry. Pure. */
import type { Meeting, Reservation } from '@/api/types';

export type Entry = { key: string; starts_at_ms: number; ends_at_ms: number; meeting: Meeting | null; reservation: Reservation | null };

export function agendaOf(meetings: readonly Meeting[], reservations: readonly Reservation[], from_ms: number, to_ms: number): Entry[] {
  const entries = new Map<string, Entry>();
  for (const meeting of meetings) {
    entries.set(meeting.id, { key: meeting.id, starts_at_ms: meeting.starts_at_ms, ends_at_ms: meeting.ends_at_ms, meeting, reservation: null });
  }
  for (const reservation of reservations) {
    if (reservation.state !== 'submitted' && reservation.state !== 'approved') continue;
    const held = reservation.meeting ? entries.get(reservation.meeting) : undefined;
    if (held) held.reservation = reservation;
    else entries.set(reservation.id, { key: reservation.id, starts_at_ms: reservation.starts_at_ms, ends_at_ms: reservation.ends_at_ms, meeting: null, reservation });
  }
  return [...entries.values()]
    .filter((it) => it.starts_at_ms < to_ms && it.ends_at_ms > from_ms)
    .sort((a, b) => a.starts_at_ms - b.starts_at_ms || a.ends_at_ms - b.ends_at_ms || a.key.localeCompare(b.key));
}

/** What to press next: what is open now, else the next that can be joined. */
export function nextOf(entries: readonly Entry[], now_ms: number): Entry | null {
  const alive = entries.filter((it) => it.meeting && it.meeting.state !== 'ended' && it.ends_at_ms > now_ms);
  return alive.find((it) => it.meeting?.may.includes('join')) ?? alive[0] ?? null;
}
