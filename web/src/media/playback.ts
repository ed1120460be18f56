/**
 * Many tracks played as one: a master clock of our own, and every track held to it. The tracks of a recording carry the recording's own
 * time, so a track stands at the clock's position or is not there yet; it is started when its time comes, nudged by its speed when it
 * strays a little, sought when it strays far, and waited for when its data is late.
 */

import type { Timers } from '../signal/time';

/** Of a media element, what playing needs. */
export interface Playable {
  currentTime: number;
  playbackRate: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly readyState: number;
  /** Why it cannot be played, or null. */
  readonly error: unknown;
  play(): Promise<void>;
  pause(): void;
}

export interface PlaybackTrack {
  element: Playable;
  starts_ms: number;
  ends_ms: number;
}

export interface PlaybackView {
  playing: boolean;
  /** Playing, but a track's data is late: the clock stands. */
  waiting: boolean;
  position_ms: number;
  duration_ms: number;
  rate: number;
}

export const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/** How often tracks are compared with the clock. */
const TICK_MS = 100;
/** Below this, sound and picture of one person are together to every eye and ear (ITU-R BT.1359). */
const DRIFT_MS = 45;
/** Beyond this, catching up by speed would take too long: seek. */
const STRAY_MS = 300;
/** Speed is changed by at most this share while a track catches up: heard as haste, not as another voice. */
const NUDGE_MAX = 0.25;
/** A track is brought back over about this long. */
const CATCH_UP_MS = 800;
/** A track that gives no data for this long is played without. */
const WAIT_MS_MAX = 8_000;
/** HTMLMediaElement.HAVE_FUTURE_DATA */
const READY = 3;
/** The last pictures of a track may be a little shorter than it was told. */
const TAIL_MS = 150;

export class Playback {
  private state: PlaybackView;
  private readonly tracks = new Set<PlaybackTrack>();
  private readonly lateSince = new Map<PlaybackTrack, number>();
  private readonly listeners = new Set<(view: PlaybackView) => void>();
  private anchor = { at: 0, position_ms: 0 };
  private cancel: () => void = () => {};

  constructor(
    private readonly timers: Timers,
    duration_ms: number,
  ) {
    this.state = { playing: false, waiting: false, position_ms: 0, duration_ms, rate: 1 };
  }

  get view(): PlaybackView {
    return this.state;
  }

  subscribe(listener: (view: PlaybackView) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** Takes a track in; the answer lets it go. */
  add(track: PlaybackTrack): () => void {
    this.tracks.add(track);
    this.place(track);
    return () => {
      track.element.pause();
      this.tracks.delete(track);
      this.lateSince.delete(track);
    };
  }

  play(): void {
    if (this.state.playing) return;
    const from_ms = this.state.position_ms >= this.state.duration_ms ? 0 : this.state.position_ms;
    this.set(from_ms, { playing: true, waiting: false });
    this.tick();
  }

  pause(): void {
    if (!this.state.playing) return;
    this.set(this.position(), { playing: false, waiting: false });
    this.cancel();
    for (const { element } of this.tracks) element.pause();
  }

  seek(position_ms: number): void {
    this.set(Math.min(this.state.duration_ms, Math.max(0, position_ms)), {});
    this.lateSince.clear();
    for (const track of this.tracks) this.place(track);
    if (this.state.playing) this.tick();
  }

  setRate(rate: number): void {
    this.set(this.position(), { rate });
    for (const { element } of this.tracks) element.playbackRate = rate;
  }

  close(): void {
    this.cancel();
    for (const { element } of this.tracks) element.pause();
    this.tracks.clear();
    this.listeners.clear();
  }

  private position(): number {
    const { playing, waiting, rate, duration_ms } = this.state;
    if (!playing || waiting) return this.anchor.position_ms;
    return Math.min(duration_ms, this.anchor.position_ms + (this.timers.now() - this.anchor.at) * rate);
  }

  private set(position_ms: number, change: Partial<PlaybackView>): void {
    this.anchor = { at: this.timers.now(), position_ms };
    this.state = { ...this.state, ...change, position_ms };
    for (const listener of [...this.listeners]) listener(this.state);
  }

  private tick(): void {
    this.cancel();
    const position_ms = this.position();
    if (position_ms >= this.state.duration_ms) {
      this.set(this.state.duration_ms, {});
      return this.pause();
    }
    const late = [...this.tracks].filter((track) => this.isLate(track, position_ms));
    this.set(position_ms, { waiting: late.length > 0 });
    for (const track of this.tracks) this.hold(track, position_ms, late.length > 0);
    this.cancel = this.timers.after(TICK_MS, () => this.tick());
  }

  private isLate(track: PlaybackTrack, position_ms: number): boolean {
    const { element } = track;
    const late = isDue(track, position_ms) && element.error === null && (element.seeking || element.readyState < READY);
    if (!late) {
      this.lateSince.delete(track);
      return false;
    }
    const since = this.lateSince.get(track) ?? this.timers.now();
    this.lateSince.set(track, since);
    return this.timers.now() - since < WAIT_MS_MAX;
  }

  private hold(track: PlaybackTrack, position_ms: number, waiting: boolean): void {
    const { element } = track;
    if (!isDue(track, position_ms) || element.error !== null) {
      if (!element.paused) element.pause();
      return;
    }
    if (element.seeking) return;
    const ahead_ms = element.currentTime * 1000 - position_ms;
    if (Math.abs(ahead_ms) > STRAY_MS) element.currentTime = position_ms / 1000;
    if (waiting) {
      if (!element.paused) element.pause();
      return;
    }
    const strays = Math.abs(ahead_ms) > DRIFT_MS && Math.abs(ahead_ms) <= STRAY_MS;
    const nudge = strays ? -Math.sign(ahead_ms) * Math.min(NUDGE_MAX, Math.abs(ahead_ms) / CATCH_UP_MS) : 0;
    const rate = this.state.rate * (1 + nudge);
    if (element.playbackRate !== rate) element.playbackRate = rate;
    // A press on pause while it starts rejects it; a browser that refuses sound without a press was pressed.
    if (element.paused) element.play().catch(() => {});
  }

  /** Puts a track where the clock is, so that the right picture stands even while nothing plays. */
  private place(track: PlaybackTrack): void {
    const position_ms = this.position();
    track.element.playbackRate = this.state.rate;
    track.element.currentTime = Math.min(Math.max(position_ms, track.starts_ms), Math.max(track.starts_ms, track.ends_ms - TAIL_MS)) / 1000;
  }
}

const isDue = (track: PlaybackTrack, position_ms: number): boolean => position_ms >= track.starts_ms && position_ms < track.ends_ms - TAIL_MS;
