/** What a room's day says at an instant. Pure: a schedule and the time in, what is to be shown out. */
import type { Block, Schedule, ScheduledUse as Item } from '@/api/types';

const MINUTE_MS = 60_000;
/** Without a word from the service for this long, what is shown may be wrong, and says so. */
export const STALE_MS = 60_000;
/** How far a schedule tells (`AHEAD_MS` of `booking/src/devices/schedule.rs`). */
const TELLS_MS = 24 * 60 * MINUTE_MS;

export type Standing =
  /** Nobody needs the room until then. */
  | { is: 'free'; until_ms: number | undefined; next: Item | undefined }
  /** The door of the next session is open. */
  | { is: 'soon'; item: Item }
  /** A session runs. */
  | { is: 'in_use'; item: Item; next: Item | undefined }
  /** A session is over, and the room system may finish its sentence. */
  | { is: 'closing'; item: Item; next: Item | undefined }
  /** The room cannot be used. */
  | { is: 'blocked'; block: Block }
  /** What is known ends before now: nobody was heard for a day. */
  | { is: 'unknown' };

export function standing({ now_ms: read_ms, items, blocks }: Pick<Schedule, 'now_ms' | 'items' | 'blocks'>, now_ms: number): Standing {
  if (now_ms >= read_ms + TELLS_MS) return { is: 'unknown' };
  const within = (it: { starts_at_ms: number; ends_at_ms: number }): boolean => it.starts_at_ms <= now_ms && now_ms < it.ends_at_ms;
  const running = items.find(within);
  const next = items.find((it) => it.starts_at_ms > now_ms);
  if (running) return { is: 'in_use', item: running, next };
  const block = blocks.find(within);
  if (block) return { is: 'blocked', block };
  if (next && next.opens_at_ms <= now_ms) return { is: 'soon', item: next };
  const closing = items.findLast((it) => it.ends_at_ms <= now_ms && now_ms < it.closes_at_ms);
  if (closing) return { is: 'closing', item: closing, next };
  const starts = [next?.starts_at_ms, blocks.find((it) => it.starts_at_ms > now_ms)?.starts_at_ms].filter((it) => it !== undefined);
  return { is: 'free', until_ms: starts.length > 0 ? Math.min(...starts) : undefined, next };
}

/** The session that a press on this panel is about. */
export const atHand = (it: Standing): Item | undefined => (it.is === 'in_use' || it.is === 'soon' || it.is === 'closing' ? it.item : undefined);

export const mayCheckIn = (it: Standing): boolean => (it.is === 'in_use' || it.is === 'soon') && !it.item.checked_in;

export const mayJoin = (it: Standing, now_ms: number): boolean => {
  const item = atHand(it);
  return item !== undefined && item.opens_at_ms <= now_ms && now_ms < item.closes_at_ms;
};

/** Said at ten minutes before the end, at five and at one; between them nothing new. */
export const WARNINGS = [10, 5, 1] as const;
export type Warning = (typeof WARNINGS)[number];

/** Which of the warnings stands now: the latest that was reached. */
export function endWarning(ends_at_ms: number, now_ms: number): Warning | undefined {
  const left_ms = ends_at_ms - now_ms;
  if (left_ms <= 0) return undefined;
  return WARNINGS.findLast((minutes) => left_ms <= minutes * MINUTE_MS);
}

/** Minutes, begun ones counted. */
export const minutesLeft = (until_ms: number, now_ms: number): number => Math.max(0, Math.ceil((until_ms - now_ms) / MINUTE_MS));
