/** Dates and times as they are read in Malaysia: always Malaysian time, 24 hours, `Selasa, 1 Disember 2026`. Pure. */
import type { Locale } from './locale.svelte';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Asia/Kuala_Lumpur is UTC+8 the year round, in every state. */
const MYT_OFFSET_MS = 8 * HOUR_MS;

const DAYS: Record<Locale, readonly string[]> = {
  ms: ['Ahad', 'Isnin', 'Selasa', 'Rabu', 'Khamis', 'Jumaat', 'Sabtu'],
  en: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
};
const DAYS_SHORT: Record<Locale, readonly string[]> = {
  ms: ['Ahd', 'Isn', 'Sel', 'Rab', 'Kha', 'Jum', 'Sab'],
  en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
};
const MONTHS: Record<Locale, readonly string[]> = {
  ms: ['Januari', 'Februari', 'Mac', 'April', 'Mei', 'Jun', 'Julai', 'Ogos', 'September', 'Oktober', 'November', 'Disember'],
  en: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
};
const MONTHS_SHORT: Record<Locale, readonly string[]> = {
  ms: ['Jan', 'Feb', 'Mac', 'Apr', 'Mei', 'Jun', 'Jul', 'Ogos', 'Sep', 'Okt', 'Nov', 'Dis'],
  en: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
};

type Civil = { year: number; month: number; day: number; weekday: number; hour: number; minute: number };

function civil(at_ms: number): Civil {
  const shifted = new Date(at_ms + MYT_OFFSET_MS);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    weekday: shifted.getUTCDay(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-12-01`, the Malaysian day of an instant. */
export function isoDate(at_ms: number): string {
  const it = civil(at_ms);
  return `${it.year}-${two(it.month + 1)}-${two(it.day)}`;
}

/** The instant at which a Malaysian day begins. `null` for what is not a date, 30 February included. */
export function dayStart(iso: string): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
  if (!parts) return null;
  const at_ms = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) - MYT_OFFSET_MS;
  return isoDate(at_ms) === iso ? at_ms : null;
}

/** `Disember 2026` of `2026-12`; what is no month is said as it stands. */
export function monthYear(month: string, locale: Locale): string {
  const name = MONTHS[locale][Number(month.slice(5)) - 1];
  return name ? `${name} ${month.slice(0, 4)}` : month;
}

/** Minutes since the Malaysian midnight. */
export function minuteOfDay(at_ms: number): number {
  const it = civil(at_ms);
  return it.hour * 60 + it.minute;
}

/** `Selasa, 1 Disember 2026` */
export function longDate(at_ms: number, locale: Locale): string {
  const it = civil(at_ms);
  return `${DAYS[locale][it.weekday]}, ${it.day} ${MONTHS[locale][it.month]} ${it.year}`;
}

/** `Sel, 1 Dis` */
export function shortDate(at_ms: number, locale: Locale): string {
  const it = civil(at_ms);
  return `${DAYS_SHORT[locale][it.weekday]}, ${it.day} ${MONTHS_SHORT[locale][it.month]}`;
}

/** `1 Dis 2026` */
export function mediumDate(at_ms: number, locale: Locale): string {
  const it = civil(at_ms);
  return `${it.day} ${MONTHS_SHORT[locale][it.month]} ${it.year}`;
}

/** `08:30` */
export function time(at_ms: number): string {
  const it = civil(at_ms);
  return `${two(it.hour)}:${two(it.minute)}`;
}

/** `08:30` from minutes since midnight; 1440 is `24:00`. */
export function clock(minute: number): string {
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** `08:30–10:00`; with the day of its end where that is another. */
export function timeRange(starts_at_ms: number, ends_at_ms: number, locale: Locale): string {
  if (isoDate(starts_at_ms) === isoDate(ends_at_ms)) return `${time(starts_at_ms)}–${time(ends_at_ms)}`;
  return `${time(starts_at_ms)}–${shortDate(ends_at_ms, locale)} ${time(ends_at_ms)}`;
}

/** `Selasa, 1 Disember 2026, 08:30 MYT` */
export function longDateTime(at_ms: number, locale: Locale): string {
  return `${longDate(at_ms, locale)}, ${time(at_ms)} MYT`;
}

/** `1 Dis 2026, 08:30` */
export function mediumDateTime(at_ms: number, locale: Locale): string {
  return `${mediumDate(at_ms, locale)}, ${time(at_ms)}`;
}

/** Whole Malaysian days from one instant's day to another's: how TP-2 counts. */
export function daysBetween(from_ms: number, to_ms: number): number {
  const start = (at_ms: number) => Math.floor((at_ms + MYT_OFFSET_MS) / DAY_MS);
  return start(to_ms) - start(from_ms);
}

/** `Hari ini`, `Esok`, else the short date. */
export function dayName(at_ms: number, now_ms: number, locale: Locale): string {
  const days = daysBetween(now_ms, at_ms);
  if (days === 0) return locale === 'ms' ? 'Hari ini' : 'Today';
  if (days === 1) return locale === 'ms' ? 'Esok' : 'Tomorrow';
  if (days === -1) return locale === 'ms' ? 'Semalam' : 'Yesterday';
  return shortDate(at_ms, locale);
}

/** `1 j 30 min` / `1 h 30 min` */
export function duration(ms: number, locale: Locale): string {
  const minutes = Math.max(0, Math.round(ms / MINUTE_MS));
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  const hour = locale === 'ms' ? 'jam' : 'h';
  if (hours === 0) return `${rest} min`;
  return rest === 0 ? `${hours} ${hour}` : `${hours} ${hour} ${rest} min`;
}

/** A list in a sentence: `A, B dan C`. */
export function listOf(items: readonly string[], locale: Locale): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${locale === 'ms' ? 'dan' : 'and'} ${items.at(-1)}`;
}
