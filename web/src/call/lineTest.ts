/**
 * The guided test of a line (MEET-6), step by step: is the service there, does signalling open, how does media go, and what becomes of it on the
 * way. What needs a meeting is tested inside one, on what is really sent and received; before it, these steps say so instead of guessing.
 */

import type { LineStats } from '../media/stats';
import type { Timers } from '../signal/time';

export const LINE_STEPS = ['service', 'signalling', 'udp', 'tcp', 'publish', 'receive', 'loss', 'round_trip'] as const;
export type LineStep = (typeof LINE_STEPS)[number];

/** `later`: it cannot be tested now, because there is no meeting, or nobody sends. `spare`: it is there for when another way fails, and none did. */
export type LineGrade = 'running' | 'good' | 'fair' | 'poor' | 'failed' | 'later' | 'spare';

export interface LineResult {
  step: LineStep;
  grade: LineGrade;
  /** What was measured: milliseconds, a share (0 to 1) or bits a second; by step. */
  value?: number;
}

export interface LineWorld {
  /** Asks the service something small; the answer is how long it took, in ms. */
  service(): Promise<number>;
  /** Opens signalling and closes it again; the answer is how long it took, in ms, or nothing where it cannot be asked for now. */
  signalling(): Promise<number | undefined>;
  /** The newest reading of the meeting's line; nothing where there is no meeting. */
  line: (() => LineStats | undefined) | undefined;
  timers: Timers;
}

/** Readings of the line, and how far they are apart: as often as the call itself reads. */
const READINGS = 4;
const EVERY_MS = 2_000;
/** Up to `good`, up to `fair`, and beyond. */
const SERVICE_MS = [300, 1_000] as const;
const SIGNALLING_MS = [500, 2_000] as const;
const ROUND_TRIP_MS = [150, 400] as const;
const LOSS = [0.02, 0.08] as const;
/** Less than this is not even a voice. */
const SENT_MIN = 8_000;

/** Tells each result as it is known, `running` first; the promise ends with the last. Stops asking when `stopped` says so. */
export async function testLine(world: LineWorld, tell: (result: LineResult) => void, stopped: () => boolean = () => false): Promise<void> {
  await timed('service', world.service, SERVICE_MS, tell);
  if (stopped()) return;
  await timed('signalling', world.signalling, SIGNALLING_MS, tell);
  if (stopped()) return;
  const steps = LINE_STEPS.slice(2);
  if (world.line === undefined) return steps.forEach((step) => tell({ step, grade: 'later' }));
  for (const step of steps) tell({ step, grade: 'running' });
  const readings: LineStats[] = [];
  for (let count = 0; count < READINGS && !stopped(); count += 1) {
    await new Promise<void>((done) => void world.timers.after(EVERY_MS, done));
    const reading = world.line();
    if (reading !== undefined) readings.push(reading);
  }
  if (!stopped()) for (const result of judgeLine(readings)) tell(result);
}

async function timed(step: LineStep, run: () => Promise<number | undefined>, bounds: readonly [number, number], tell: (result: LineResult) => void): Promise<void> {
  tell({ step, grade: 'running' });
  try {
    const value = await run();
    tell(value === undefined ? { step, grade: 'later' } : { step, grade: grade(value, bounds), value });
  } catch {
    tell({ step, grade: 'failed' });
  }
}

const grade = (value: number, [good, fair]: readonly [number, number]): 'good' | 'fair' | 'poor' => (value <= good ? 'good' : value <= fair ? 'fair' : 'poor');

/** What several readings of a line say. */
export function judgeLine(readings: readonly LineStats[]): LineResult[] {
  const last = readings.at(-1);
  if (last?.protocol === undefined) return LINE_STEPS.slice(2).map((step) => ({ step, grade: 'failed' }));
  const up = Math.max(...readings.map((it) => it.bitrateUp));
  const down = Math.max(...readings.map((it) => it.slots.reduce((sum, slot) => sum + slot.bitrate, 0)));
  const lost = middle(readings.map((it) => Math.max(it.lossUp, 0, ...it.slots.map((slot) => slot.loss))));
  const trips = readings.flatMap((it) => it.rtt_ms ?? []);
  const limited = readings.filter((it) => it.limitation === 'bandwidth').length > readings.length / 2;
  return [
    ...ways(last.protocol),
    up < SENT_MIN ? { step: 'publish', grade: 'later' } : { step: 'publish', grade: limited ? 'poor' : 'good', value: up },
    down < SENT_MIN ? { step: 'receive', grade: 'later' } : { step: 'receive', grade: 'good', value: down },
    { step: 'loss', grade: grade(lost, LOSS), value: lost },
    trips.length === 0 ? { step: 'round_trip', grade: 'failed' } : { step: 'round_trip', grade: grade(middle(trips), ROUND_TRIP_MS), value: middle(trips) },
  ];
}

/** Both ways are tried at once and UDP is taken where it answers (RFC 8445): over TCP a lost packet holds up all that come after it. */
const ways = (protocol: string): LineResult[] =>
  protocol === 'udp'
    ? [
        { step: 'udp', grade: 'good' },
        { step: 'tcp', grade: 'spare' },
      ]
    : [
        { step: 'udp', grade: 'poor' },
        { step: 'tcp', grade: 'good' },
      ];

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
