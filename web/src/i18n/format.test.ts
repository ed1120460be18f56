import { describe, expect, it } from 'vitest';
import { DAY_MS, clock, dayName, daysBetween, dayStart, duration, isoDate, listOf, longDate, longDateTime, minuteOfDay, monthYear, shortDate, time, timeRange } from './format';

const at = (iso: string) => Date.parse(iso);

describe('dates', () => {
  it.each([
    ['2026-12-01T01:00:00Z', 'ms', 'Selasa, 1 Disember 2026'],
    ['2026-12-01T01:00:00Z', 'en', 'Tuesday, 1 December 2026'],
    // 16:00 UTC is midnight in Malaysia: the next day begins.
    ['2026-11-30T15:59:59Z', 'ms', 'Isnin, 30 November 2026'],
    ['2026-11-30T16:00:00Z', 'ms', 'Selasa, 1 Disember 2026'],
    ['2028-02-29T00:00:00Z', 'ms', 'Selasa, 29 Februari 2028'],
  ] as const)('%s in %s', (instant, locale, text) => {
    expect(longDate(at(instant), locale)).toBe(text);
  });

  it('writes the zone where it could be in doubt', () => {
    expect(longDateTime(at('2026-12-01T00:30:00Z'), 'ms')).toBe('Selasa, 1 Disember 2026, 08:30 MYT');
  });

  it('reads back what it writes, and refuses what is no date', () => {
    for (const iso of ['2026-12-01', '2028-02-29', '2026-01-31']) expect(isoDate(dayStart(iso) ?? 0)).toBe(iso);
    for (const iso of ['2026-02-30', '2027-02-29', '2026-13-01', '01-12-2026', '', '2026-12-1']) expect(dayStart(iso)).toBeNull();
  });

  it('names the days around today', () => {
    const now = at('2026-11-30T02:00:00Z');
    expect([-1, 0, 1, 2].map((it) => dayName(now + it * DAY_MS, now, 'ms'))).toEqual(['Semalam', 'Hari ini', 'Esok', 'Rab, 2 Dis']);
    expect(shortDate(now, 'en')).toBe('Mon, 30 Nov');
  });

  it('counts days as TP-2 does', () => {
    expect(daysBetween(at('2026-11-30T15:59:59Z'), at('2026-12-03T00:00:00Z'))).toBe(3);
    expect(daysBetween(at('2026-11-30T16:00:00Z'), at('2026-12-03T00:00:00Z'))).toBe(2);
  });
});

describe('times', () => {
  it('has 24 hours', () => {
    expect(time(at('2026-12-01T16:05:00Z'))).toBe('00:05');
    expect(time(at('2026-12-01T09:00:00Z'))).toBe('17:00');
    expect(minuteOfDay(at('2026-12-01T00:30:00Z'))).toBe(510);
    expect([0, 510, 1439, 1440].map(clock)).toEqual(['00:00', '08:30', '23:59', '24:00']);
  });

  it('says the day of the end where it is another', () => {
    expect(timeRange(at('2026-12-01T01:00:00Z'), at('2026-12-01T03:00:00Z'), 'ms')).toBe('09:00–11:00');
    expect(timeRange(at('2026-12-01T15:00:00Z'), at('2026-12-01T17:00:00Z'), 'ms')).toBe('23:00–Rab, 2 Dis 01:00');
  });

  it('measures', () => {
    expect([0, 45 * 60_000, 3_600_000, 5_400_000].map((it) => duration(it, 'ms'))).toEqual(['0 min', '45 min', '1 jam', '1 jam 30 min']);
    expect(duration(-5, 'en')).toBe('0 min');
  });
});

it('lists', () => {
  expect(listOf([], 'ms')).toBe('');
  expect(listOf(['A'], 'ms')).toBe('A');
  expect(listOf(['A', 'B', 'C'], 'ms')).toBe('A, B dan C');
  expect(listOf(['A', 'B'], 'en')).toBe('A and B');
});

describe('monthYear', () => {
  it.each([
    ['2026-12', 'Disember 2026', 'December 2026'],
    ['2026-01', 'Januari 2026', 'January 2026'],
    ['', '', ''],
  ])('%s', (month, malay, english) => {
    expect([monthYear(month, 'ms'), monthYear(month, 'en')]).toEqual([malay, english]);
  });
});
