import { describe, expect, it } from 'vitest';
import { person, roomState } from '../call/testing/node';
import { decode, refusal } from './decode';
import { Malformed } from './shape';
import type { ServerMessage } from './wire/ServerMessage';

const joined: ServerMessage = {
  type: 'joined',
  id: 1,
  session: 'a',
  resumed: false,
  ticket: 't',
  answer: 'v=0',
  acts: ['publish_audio', 'record'],
  state: roomState([person('a'), person('b', { seat: { site: 's', site_name: 'Cyberjaya', seat_no: 2 }, hand_raised_at_ms: 5 })], {
    slots: [{ mid: '4', source: 'b-cam', session: 'b', paused: 'waiting' }],
    recording: { recording: 'r', by: 'b', by_name: 'Name b', since_ms: 9 },
  }),
};

const messages: ServerMessage[] = [
  joined,
  { type: 'answer', id: 2, answer: 'v=0' },
  { type: 'done', id: 3 },
  { type: 'refused', id: 4, refusal: { code: 'recording.forbidden', rule: 'CLASS-3', values: { classification: 'SULIT' } } },
  { type: 'ticket', ticket: 't2' },
  { type: 'participant_joined', participant: person('c') },
  { type: 'participant_changed', participant: person('c', { connected: false }) },
  { type: 'participant_left', session: 'c', reason: 'removed' },
  { type: 'slots', slots: [{ mid: '4', source: null, session: null }] },
  { type: 'speakers', sessions: ['b', 'a'] },
  { type: 'layers', layers: { source: 's1', kind: 'camera', rids: ['q'] } },
  { type: 'recording', recording: null },
  { type: 'classification', classification: 'SULIT', lacks: ['CLASS-4'] },
  { type: 'acts', acts: ['chat'] },
  { type: 'ended', reason: 'meeting_ended' },
  { type: 'pong', id: 5 },
];

describe('decode', () => {
  it.each(messages)('gives back $type as it was said', (message) => {
    expect(decode(JSON.stringify(message))).toEqual(message);
  });

  it('passes over what a newer server says', () => {
    expect(decode('{"type":"poll_opened","question":"?"}')).toBeUndefined();
    expect(decode('{"type":"toString"}')).toBeUndefined();
  });

  it.each([['not json'], ['7'], ['null'], ['[]'], ['{}'], ['{"type":"done"}'], ['{"type":"done","id":"1"}'], ['{"type":"speakers","sessions":{}}']])(
    'refuses %s',
    (text) => {
      expect(() => decode(text)).toThrow(Malformed);
    },
  );

  it('refuses what is not text, and what is larger than any message', () => {
    expect(() => decode(new ArrayBuffer(2))).toThrow(Malformed);
    expect(() => decode(`"${'x'.repeat(600_000)}"`)).toThrow(Malformed);
  });

  it('takes an unknown classification for the highest, and an unknown act for none', () => {
    expect(decode('{"type":"classification","classification":"SANGAT_RAHSIA","lacks":[]}')).toMatchObject({ classification: 'RAHSIA_BESAR' });
    expect(decode('{"type":"acts","acts":["chat","fly"]}')).toMatchObject({ acts: ['chat'] });
  });

  it('refuses a roster beyond its bound', () => {
    const text = JSON.stringify({ ...joined, state: roomState(Array.from({ length: 501 }, (_, i) => person(`${i}`))) });
    expect(() => decode(text)).toThrow(Malformed);
  });
});

describe('refusal', () => {
  it('needs a code and nothing else', () => {
    expect(refusal({ code: 'grant.used' })).toEqual({ code: 'grant.used', values: {} });
    expect(() => refusal({ rule: 'TP-2' })).toThrow(Malformed);
  });
});
