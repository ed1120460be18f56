import { describe, expect, it } from 'vitest';
import type { Breakouts } from '../signal/wire/Breakouts';
import type { Participant } from '../signal/wire/Participant';
import type { RoomState } from '../signal/wire/RoomState';
import { divide, mayGo, secondsLeft } from './breakouts';
import { noticesOf } from './notices';
import { people, raisedHands, tiles } from './people';
import { enter, reduce, type Room } from './room';

const row = (session: string, breakout?: number, extra: Partial<Participant> = {}): Participant => ({
  session,
  kind: 'person',
  person: session,
  name: session,
  agency: 'JDN',
  role: 'member',
  joined_at_ms: 1,
  connected: true,
  sources: [{ source: `${session}-camera`, kind: 'camera', muted: false }],
  ...(breakout === undefined ? {} : { breakout }),
  ...extra,
});
const rooms: Breakouts = { rooms: [1, 2].map((number) => ({ number, name: `Bilik ${number}` })), choose: false, may_return: false };

function state(participants: Participant[], breakouts?: Breakouts): RoomState {
  return {
    room: 'r', classification: 'TERBUKA', lacks: [], participants, slots: [], speakers: [], layers: [], chat: [], polls: [],
    rules: { members: [], guests: [] }, spotlight: [], door: { locked: false, lobby: 'off' }, lobby: [], closes_at_ms: 9e12, now_ms: 1000,
    ...(breakouts === undefined ? {} : { breakouts }),
  };
}
const room = (participants: Participant[], breakouts?: Breakouts, acts: ('chair' | 'chat')[] = []): Room =>
  enter({ type: 'joined', id: 1, session: 'me', resumed: false, ticket: 't', acts, state: state(participants, breakouts) });

describe('who stands where', () => {
  it('draws only those of the own room, and lists everyone', () => {
    const now = room([row('me', 1), row('a', 1), row('b', 2, { hand_raised_at_ms: 5 }), row('c')], rooms);
    expect(people(now).map((it) => [it.participant.session, it.here])).toEqual([['a', true], ['b', false], ['c', false], ['me', true]]);
    expect(tiles(people(now)).map((it) => it.person.participant.session)).toEqual(['a', 'me']);
    expect(raisedHands(now)).toEqual([]);
  });

  it('takes everything from the state of the room into which it came', () => {
    const before = { ...room([row('me'), row('a')]), chat: [{ number: 1 } as never], speakers: ['a'] };
    const after = reduce(before, { type: 'moved', state: state([row('me', 1), row('a')], rooms) });
    expect([after.chat, after.speakers, after.breakouts, after.session]).toEqual([[], [], rooms, 'me']);
    expect(noticesOf(before, { type: 'moved', state: state([row('me', 1)], rooms) })).toEqual([{ kind: 'moved', name: 'Bilik 1' }]);
    expect(noticesOf(after, { type: 'moved', state: state([row('me')]) })).toEqual([{ kind: 'moved', name: undefined }]);
  });

  it('says who came into the room and who went, and a crowd once', () => {
    const now = room([row('me', 1), row('a', 1), row('b', 2)], rooms);
    const told = (participants: Participant[]): unknown[] => noticesOf(now, { type: 'participants_changed', participants });
    expect(told([row('a', 2), row('b', 1)])).toEqual([{ kind: 'went', name: 'a' }, { kind: 'came', name: 'b' }]);
    expect(told(['c', 'd', 'e', 'f'].map((it) => row(it, 1)))).toEqual([]);
  });

  it.each([
    [false, false, undefined, false],
    [false, true, undefined, true],
    [false, true, 1, true],
    [false, true, 2, false],
    [true, false, 2, true],
    [true, false, undefined, false],
  ] as const)('may go: choose %s, return %s, to %s: %s', (choose, may_return, to, expected) => {
    const at = to === undefined ? 1 : undefined;
    expect(mayGo(room([row('me', at)], { ...rooms, choose, may_return, placed: 1 }), to)).toBe(expected);
    expect(mayGo(room([row('me', at)], rooms, ['chair']), to)).toBe(true);
  });

  it('calls a chair, and tells of the end', () => {
    const now = room([row('me')], rooms, ['chair']);
    const help = { session: 'a', name: 'Aminah', at_ms: 5 };
    const called = { ...rooms, rooms: rooms.rooms.map((it) => (it.number === 2 ? { ...it, help } : it)) };
    expect(noticesOf(now, { type: 'breakouts', breakouts: called, now_ms: 1 })).toEqual([{ kind: 'help_called', name: 'Aminah', room: 'Bilik 2' }]);
    expect(noticesOf({ ...now, breakouts: called }, { type: 'breakouts', breakouts: called, now_ms: 1 })).toEqual([]);
    expect(noticesOf(now, { type: 'breakouts', breakouts: null, now_ms: 1 })).toEqual([{ kind: 'breakouts_closed' }]);
    expect(noticesOf(now, { type: 'breakouts_ending', ends_at_ms: 61_000, now_ms: 1000 })).toEqual([{ kind: 'breakouts_ending', seconds: 60 }]);
    expect(secondsLeft({ ...now, breakouts: { ...rooms, ends_at_ms: 31_000 }, aheadMs: 0 }, 1000)).toBe(30);
  });
});

describe('people divided by chance', () => {
  it.each([[7, 3], [2, 4], [0, 2], [20, 20]])('%i people in %i groups', (count, groups) => {
    const all = Array.from({ length: count }, (_, at) => `s${at}`);
    const divided = divide(all, groups, Math.random);
    expect(divided).toHaveLength(groups);
    expect(divided.flat().sort()).toEqual([...all].sort());
    const sizes = divided.map((it) => it.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  it('mixes', () => {
    const all = Array.from({ length: 6 }, (_, at) => `s${at}`);
    expect(divide(all, 1, () => 0)[0]).not.toEqual(all);
  });
});
