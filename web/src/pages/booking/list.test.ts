import { describe, expect, it } from 'vitest';
import type { Reservation } from '@/api/types';
import { NO_FILTER, entriesOf, isLive, matches, monthsOf, pressing } from './list';

const at = (iso: string) => Date.parse(iso);
const person = (name: string) => ({ id: name, name, position: '', agency: { id: 'a', name: 'A', short_name: 'A' } });
const booking = (id: string, starts: string, more: Partial<Reservation> = {}): Reservation =>
  ({
    id,
    reference: `TP-2026-${id}`,
    title: `Sesi ${id}`,
    state: 'submitted',
    starts_at_ms: at(starts),
    ends_at_ms: at(starts) + 3_600_000,
    applicant: person('Noraini'),
    chair: person('Ahmad Faizal'),
    sites: [{ site: { id: 'cbj', name: 'MAMPU Cyberjaya', short_name: 'CBJ' }, people: [{ person: person('Lim Siew Ling'), seat_no: 1 }] }],
    holds: true,
    ...more,
  }) as Reservation;
const NOW = at('2026-12-01T00:00:00Z');

describe('matches', () => {
  const it_ = booking('00007', '2026-12-31T16:30:00Z', { title: 'Perolehan ubat é' });
  it.each([
    [{}, true],
    [{ q: 'UBAT e' }, true],
    [{ q: '00007 cyberjaya' }, true],
    [{ q: 'lim faizal' }, true],
    [{ q: 'lim kuching' }, false],
    [{ state: 'approved' }, false],
    [{ state: 'submitted' }, true],
    // Half past midnight in Malaysia: January.
    [{ month: '2027-01' }, true],
    [{ month: '2026-12' }, false],
  ] as const)('%o', (filter, expected) => {
    expect(matches(it_, { ...NO_FILTER, ...filter })).toBe(expected);
  });
});

it('lists the months that there are', () => {
  expect(monthsOf([booking('1', '2027-01-03T01:00:00Z'), booking('2', '2026-12-03T01:00:00Z'), booking('3', '2026-12-09T01:00:00Z')])).toEqual(['2026-12', '2027-01']);
});

it('puts the dates of a series together, and leaves one alone alone', () => {
  const series = (number: number) => ({ series: { id: 's', number, of: 3 } }) as Partial<Reservation>;
  const list = [booking('3', '2026-12-20T01:00:00Z', series(2)), booking('1', '2026-12-05T01:00:00Z', series(1)), booking('2', '2026-12-10T01:00:00Z'), booking('4', '2026-12-21T01:00:00Z', { series: { id: 't', number: 1, of: 2 } } as Partial<Reservation>)];
  const shape = (newest: boolean) => entriesOf(list, newest).map((entry) => (entry.kind === 'one' ? entry.reservation.id : entry.list.map((it) => it.id)));
  expect(shape(false)).toEqual([['1', '3'], '2', '4']);
  expect(shape(true)).toEqual(['4', ['1', '3'], '2']);
});

describe('pressing', () => {
  it('names what a person must do, what runs out first', () => {
    const list = [
      booking('returned', '2026-12-10T01:00:00Z', { state: 'returned', hold_expires_at_ms: at('2026-12-08T09:00:00Z') }),
      booking('offered', '2026-12-20T01:00:00Z', { state: 'offered', offer: { expires_at_ms: at('2026-12-02T00:00:00Z') } } as Partial<Reservation>),
      booking('over', '2026-12-20T01:00:00Z', { state: 'offered', offer: { expires_at_ms: at('2026-11-30T00:00:00Z') } } as Partial<Reservation>),
      booking('lost', '2026-12-04T01:00:00Z', { holds: false }),
      booking('well', '2026-12-04T01:00:00Z'),
      booking('displaced', '2026-12-05T01:00:00Z', { state: 'displaced' }),
      booking('past', '2026-11-05T01:00:00Z', { state: 'displaced' }),
    ];
    expect(pressing(list, NOW).map((it) => [it.reservation.id, it.wants])).toEqual([['offered', 'offer'], ['lost', 'hold_lost'], ['displaced', 'displaced'], ['returned', 'returned']]);
  });
  it('knows what is over', () => {
    expect(['submitted', 'approved', 'returned', 'displaced', 'waiting', 'offered', 'refused', 'withdrawn', 'lapsed'].map((state) => isLive(booking('1', '2026-12-10T01:00:00Z', { state: state as Reservation['state'] }), NOW))).toEqual([true, true, true, true, true, true, false, false, false]);
    expect(isLive(booking('1', '2026-11-10T01:00:00Z'), NOW)).toBe(false);
  });
});
