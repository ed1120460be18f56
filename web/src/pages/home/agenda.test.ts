import { describe, expect, it } from 'vitest';
import type { Meeting, Reservation } from '@/api/types';
import { agendaOf, nextOf } from './agenda';

const meeting = (id: string, from: number, to: number, may: Meeting['may'] = [], state: Meeting['state'] = 'scheduled') =>
  ({ id, starts_at_ms: from, ends_at_ms: to, may, state }) as unknown as Meeting;
const booking = (id: string, from: number, to: number, state: Reservation['state'], held?: string) =>
  ({ id, starts_at_ms: from, ends_at_ms: to, state, meeting: held }) as unknown as Reservation;

describe('agendaOf', () => {
  it('joins a booking with its meeting, and leaves out what is withdrawn or elsewhere in time', () => {
    const entries = agendaOf(
      [meeting('m2', 300, 400), meeting('m1', 100, 200)],
      [booking('r1', 100, 200, 'approved', 'm1'), booking('r2', 150, 250, 'submitted'), booking('r3', 100, 200, 'withdrawn'), booking('r4', 900, 950, 'submitted')],
      0,
      500,
    );
    expect(entries.map((it) => [it.key, it.meeting?.id ?? null, it.reservation?.id ?? null])).toEqual([
      ['m1', 'm1', 'r1'],
      ['r2', null, 'r2'],
      ['m2', 'm2', null],
    ]);
  });
});

describe('nextOf', () => {
  it('prefers what can be joined over what only comes earlier', () => {
    const entries = agendaOf([meeting('a', 100, 200), meeting('b', 150, 250, ['join'], 'open'), meeting('c', 0, 90, ['join'], 'ended')], [], 0, 500);
    expect(nextOf(entries, 50)?.key).toBe('b');
    expect(nextOf(entries, 220)?.key).toBe('b');
    expect(nextOf(entries, 260)).toBeNull();
  });
});
