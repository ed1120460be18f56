import { describe, expect, it } from 'vitest';
import type { SlotStats } from '../media/stats';
import type { PauseReason } from '../signal/wire/PauseReason';
import { people, tiles } from './people';
import { enter } from './room';
import { person, roomState } from './testing/node';
import { tileLine } from './tileLine';

const STATS: SlotStats = { mid: '7', kind: 'video', loss: 0, jitter_ms: 5, concealed: 0, fps: 25, width: 320, height: 180, freezes: 0, bitrate: 100_000 };
const tileOf = (change: Parameters<typeof person>[1]) => {
  const state = roomState([person('me'), person('other', { sources: [{ source: 's', kind: 'camera', muted: false }], ...change })]);
  return tiles(people(enter({ type: 'joined', id: 1, session: 'me', resumed: false, ticket: '', acts: [], state }))).find((it) => !it.person.self)!;
};
const picture = (paused?: PauseReason) => ({ mid: '7', stream: undefined, paused });

describe('tileLine', () => {
  it.each([
    ['a lost person', { connected: false }, picture(), STATS, true, { held: 'disconnected', bars: 0 }],
    ['no camera', { sources: [] }, undefined, undefined, true, { held: undefined, bars: undefined }],
    ['our line does not carry it', {}, picture('bandwidth'), STATS, true, { held: 'bandwidth', bars: 0 }],
    ['not there yet', {}, picture('waiting'), undefined, true, { held: 'waiting', bars: undefined }],
    ['asked for, no slot yet', {}, undefined, undefined, true, { held: 'waiting', bars: undefined }],
    ['not asked for', {}, undefined, undefined, false, { held: 'spared', bars: undefined }],
    ['whole', {}, picture(), STATS, true, { held: undefined, bars: 3 }],
    ['jerky', {}, picture(), { ...STATS, fps: 9 }, true, { held: undefined, bars: 2 }],
    ['lossy', {}, picture(), { ...STATS, loss: 0.1 }, true, { held: undefined, bars: 1 }],
    ['nothing measured', {}, picture(), { ...STATS, width: 0 }, true, { held: undefined, bars: undefined }],
  ] as const)('%s', (_, change, shown, stats, wanted, expected) => {
    expect(tileLine(tileOf(change as never), shown, stats, wanted)).toEqual(expected);
  });
});
