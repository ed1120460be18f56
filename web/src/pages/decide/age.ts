/** Which application is next, and how long it has waited. Pure. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@/i18n/format';
import { m } from '@/paraglide/messages';
import type { QueueRow } from '@/api/types';

/** Less than this is left of the hold, and somebody should decide now. */
const URGENT_MS = 8 * HOUR_MS;

/** `3 d`, `5 h`, `12 min`: the largest unit that is not nought. */
export function age(since_ms: number, now_ms: number): string {
  const waited = Math.max(0, now_ms - since_ms);
  if (waited >= DAY_MS) return m.decide_age_days({ count: String(Math.floor(waited / DAY_MS)) });
  if (waited >= HOUR_MS) return m.decide_age_hours({ count: String(Math.floor(waited / HOUR_MS)) });
  return m.decide_age_minutes({ count: String(Math.floor(waited / MINUTE_MS)) });
}

export const urgent = (row: QueueRow, now_ms: number): boolean => !row.holds || row.held_until_ms - now_ms < URGENT_MS;

/** The one after this in the queue, or the first where this is the last or not in it; nothing where there is no other. */
export function after(queue: readonly QueueRow[], id: string): QueueRow | undefined {
  const others = queue.filter((it) => it.id !== id);
  const place = queue.findIndex((it) => it.id === id);
  return queue.slice(place + 1).find((it) => it.id !== id) ?? others[0];
}

export function before(queue: readonly QueueRow[], id: string): QueueRow | undefined {
  const place = queue.findIndex((it) => it.id === id);
  return place > 0 ? queue[place - 1] : queue.filter((it) => it.id !== id).at(-1);
}
