import { expect, it } from 'vitest';
import type { Availability, Site } from '@/api/types';
import { datesOf, givenOf, mondayOf } from './given';

it('begins weeks on a Monday', () => {
  expect(['2026-11-29', '2026-11-30', '2026-12-01', '2026-12-06', '2027-01-01'].map(mondayOf)).toEqual(['2026-11-23', '2026-11-30', '2026-11-30', '2026-11-30', '2026-12-28']);
  expect(datesOf('2026-12-30', 4)).toEqual(['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02']);
});

it('calls whatever shuts a room maintenance, and leaves out the booking that is moved', () => {
  const taken = (state: string, more: object = {}) => ({ site: 'a', starts_at_ms: 1, ends_at_ms: 2, state, kind: 'fault', mine: false, ...more });
  const answer = { occupancies: [taken('blocked'), taken('approved', { reservation: 'r1', title: 'T', mine: true }), taken('buffer', { reservation: 'r1' }), taken('held')], days: [], earliest_date: '2026-12-01', earliest_at_ms: 0 } as unknown as Availability;
  const site = { id: 'a', name: 'A', short_name: 'A' } as Site;
  expect(givenOf([site], ['2026-12-01'], answer, 0).taken.map((it) => [it.state, it.title])).toEqual([['maintenance', undefined], ['approved', 'T'], ['buffer', undefined], ['held', undefined]]);
  expect(givenOf([site], [], answer, 0, 'r1').taken.map((it) => it.state)).toEqual(['maintenance', 'held']);
});
