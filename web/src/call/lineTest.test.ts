import { describe, expect, it } from 'vitest';
import type { LineStats } from '../media/stats';
import { judgeLine, LINE_STEPS, testLine, type LineResult, type LineWorld } from './lineTest';
import { VirtualTime } from './testing/virtual';

const slot = (change: object) => ({ mid: '1', kind: 'video', loss: 0, jitter_ms: 0, concealed: 0, fps: 25, width: 320, height: 180, freezes: 0, bitrate: 150_000, ...change }) as const;
const reading = (change: Partial<LineStats> = {}): LineStats => ({
  rtt_ms: 40,
  remoteAddress: '10.0.0.9:7800',
  protocol: 'udp',
  lossUp: 0,
  limitation: undefined,
  bitrateUp: 400_000,
  slots: [slot({})],
  ...change,
});
const graded = (results: LineResult[]) => Object.fromEntries(results.map((it) => [it.step, it.grade]));

describe('judgeLine', () => {
  it.each([
    ['a good line', {}, { udp: 'good', tcp: 'spare', publish: 'good', receive: 'good', loss: 'good', round_trip: 'good' }],
    ['over TCP', { protocol: 'tcp' }, { udp: 'poor', tcp: 'good' }],
    ['nobody sends, nor we', { bitrateUp: 0, slots: [] }, { publish: 'later', receive: 'later', loss: 'good' }],
    ['a full line', { limitation: 'bandwidth' }, { publish: 'poor' }],
    ['loss on the way up', { lossUp: 0.05 }, { loss: 'fair' }],
    ['loss on the way down', { slots: [slot({ loss: 0.2 })] }, { loss: 'poor' }],
    ['far away', { rtt_ms: 300 }, { round_trip: 'fair' }],
    ['no media at all', { protocol: undefined }, { udp: 'failed', tcp: 'failed', loss: 'failed' }],
  ])('%s', (_, change, expected) => {
    expect(graded(judgeLine([reading(change), reading(change), reading(change)]))).toMatchObject(expected);
  });

  it('takes one bad reading for what it is', () => {
    expect(graded(judgeLine([reading(), reading({ lossUp: 0.5, rtt_ms: 2_000 }), reading()]))).toMatchObject({ loss: 'good', round_trip: 'good' });
  });
});

describe('testLine', () => {
  const run = async (world: Partial<LineWorld>) => {
    const time = new VirtualTime();
    const told: LineResult[] = [];
    const all = testLine({ service: async () => 20, signalling: async () => 30, line: undefined, timers: time, ...world }, (it) => told.push(it));
    await time.advance(10_000);
    await all;
    return { told, last: graded(told) };
  };

  it('goes through every step, each told as running first', async () => {
    const { told, last } = await run({ line: () => reading() });
    expect(Object.keys(last)).toEqual([...LINE_STEPS]);
    expect(Object.entries(last).filter(([, it]) => it !== 'good')).toEqual([['tcp', 'spare']]);
    for (const step of LINE_STEPS) expect(told.find((it) => it.step === step)?.grade).toBe('running');
  });

  it('says what a meeting is needed for', async () => {
    expect((await run({})).last).toMatchObject({ service: 'good', signalling: 'good', udp: 'later', tcp: 'later', loss: 'later' });
  });

  it('goes on where a step fails', async () => {
    const { last } = await run({ service: () => Promise.reject(new Error('gone')), signalling: async () => undefined, line: () => reading() });
    expect(last).toMatchObject({ service: 'failed', signalling: 'later', udp: 'good' });
  });
});
