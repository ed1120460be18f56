import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualTime } from '../call/testing/virtual';
import { Playback, type Playable } from './playback';

/** An element whose time runs with the virtual timeline, as fast as it says. */
class ScriptedElement implements Playable {
  paused = true;
  seeking = false;
  readyState = 4;
  error: unknown = null;
  seeks = 0;
  private at = 0;
  private since = 0;
  private rate = 1;

  constructor(
    private readonly time: VirtualTime,
    /** Of its speed, what it really makes. */
    private readonly truth = 1,
  ) {}

  get playbackRate(): number {
    return this.rate;
  }

  set playbackRate(rate: number) {
    this.at = this.currentTime;
    this.since = this.time.now();
    this.rate = rate;
  }

  get currentTime(): number {
    return this.paused ? this.at : this.at + ((this.time.now() - this.since) / 1000) * this.truth * this.rate;
  }

  set currentTime(at: number) {
    this.seeks += 1;
    this.at = at;
    this.since = this.time.now();
  }

  play(): Promise<void> {
    this.since = this.time.now();
    this.paused = false;
    return Promise.resolve();
  }

  pause(): void {
    this.at = this.currentTime;
    this.paused = true;
  }
}

let time: VirtualTime;
let playback: Playback;
let early: ScriptedElement;
let late: ScriptedElement;

beforeEach(() => {
  time = new VirtualTime();
  playback = new Playback(time, 20_000);
  early = new ScriptedElement(time);
  late = new ScriptedElement(time);
  playback.add({ element: early, starts_ms: 0, ends_ms: 20_000 });
  playback.add({ element: late, starts_ms: 5_600, ends_ms: 12_000 });
});

describe('Playback', () => {
  it('starts each track when its time comes and ends it with it', async () => {
    playback.play();
    await time.advance(5_000);
    expect([early.paused, late.paused]).toEqual([false, true]);
    await time.advance(1_000);
    expect([early.paused, late.paused]).toEqual([false, false]);
    expect(late.currentTime).toBeCloseTo(6, 1);
    await time.advance(6_500);
    expect(late.paused).toBe(true);
    await time.advance(10_000);
    expect(playback.view).toMatchObject({ playing: false, position_ms: 20_000 });
    expect(early.paused).toBe(true);
  });

  it('goes where it is told, playing or not', async () => {
    playback.seek(8_000);
    expect([early.currentTime, late.currentTime]).toEqual([8, 8]);
    expect(late.paused).toBe(true);
    playback.play();
    await time.advance(1_000);
    playback.seek(2_000);
    await time.advance(200);
    expect(late.paused).toBe(true);
    expect(early.currentTime).toBeCloseTo(2.2, 1);
    playback.seek(-5);
    expect(playback.view.position_ms).toBe(0);
    playback.seek(1e9);
    expect(playback.view.position_ms).toBe(20_000);
  });

  it('holds a track that runs slow to the clock without a jump', async () => {
    const slow = new ScriptedElement(time, 0.95);
    playback.add({ element: slow, starts_ms: 0, ends_ms: 20_000 });
    const seeks = slow.seeks;
    playback.play();
    await time.advance(15_000);
    expect(Math.abs(slow.currentTime - 15)).toBeLessThan(0.15);
    expect(slow.seeks).toBe(seeks);
  });

  it('seeks a track that strayed far', async () => {
    playback.play();
    await time.advance(1_000);
    early.currentTime = 9;
    await time.advance(300);
    expect(early.currentTime).toBeCloseTo(1.3, 1);
  });

  it('stands while data is late, and goes on with everyone together', async () => {
    playback.seek(6_000);
    playback.play();
    await time.advance(1_000);
    late.readyState = 2;
    await time.advance(3_000);
    expect(playback.view).toMatchObject({ playing: true, waiting: true });
    expect(early.paused).toBe(true);
    const stood = playback.view.position_ms;
    expect(stood).toBeLessThan(7_200);
    late.readyState = 4;
    await time.advance(1_000);
    expect(playback.view.waiting).toBe(false);
    expect(early.currentTime - late.currentTime).toBeCloseTo(0, 1);
  });

  it('does not stand for ever for one track', async () => {
    late.readyState = 1;
    playback.seek(6_000);
    playback.play();
    await time.advance(8_500);
    expect(playback.view.waiting).toBe(false);
    expect(early.paused).toBe(false);
  });

  it('plays without a track that is broken', async () => {
    late.error = { code: 3 };
    playback.seek(6_000);
    playback.play();
    await time.advance(500);
    expect(playback.view).toMatchObject({ playing: true, waiting: false });
    expect(late.paused).toBe(true);
  });

  it('keeps its place when the speed changes', async () => {
    playback.play();
    await time.advance(2_000);
    playback.setRate(2);
    await time.advance(1_000);
    expect(playback.view.position_ms).toBeCloseTo(4_000, -2);
    expect(early.playbackRate).toBe(2);
  });

  it('starts over after its end', async () => {
    playback.seek(20_000);
    playback.play();
    await time.advance(500);
    expect(playback.view.position_ms).toBeCloseTo(500, -2);
  });
});
