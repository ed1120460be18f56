// A working day that no holiday touches, so that a story is the same on whichever day it is told.

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Ten in the morning in Malaysia: a Wednesday, with working days on both sides. */
const TEN_MS = Date.parse('2026-12-02T10:00:00+08:00');

/** How far the story's clock is from the machine's, as the service and every browser are told. */
export const offset = TEN_MS - Date.now();

/** That hour of that many days later, Unix milliseconds. */
export const atHour = (days: number, hour: number): number => TEN_MS + days * DAY_MS + (hour - 10) * HOUR_MS;

/** The date in Malaysia at that instant: year, month, day. */
export const dateAt = (at_ms: number): string[] => new Date(at_ms + 8 * HOUR_MS).toISOString().slice(0, 10).split('-');
