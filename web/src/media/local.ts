/**
 * What this person sends: microphone, camera and shared screen, each on or off, with its track or the reason why there is none. The
 * green room and the meeting share one, so that joining opens no device twice.
 */

import type { SourceKind } from '../signal/wire/SourceKind';
import type { DeviceKind, DeviceProblem, Devices } from './devices';
import type { Tracks } from './peer';

export type Own = 'microphone' | 'camera';

export interface OwnSource {
  /** As the person wants it. */
  on: boolean;
  /** The open device. A microphone stays open while muted, to tell a person who speaks into it; a camera does not. */
  track: MediaStreamTrack | undefined;
  problem: DeviceProblem | undefined;
  opening: boolean;
}

export interface LocalView {
  microphone: OwnSource;
  camera: OwnSource;
  /** The shared screen. */
  share: { video: MediaStreamTrack; audio: MediaStreamTrack | undefined } | undefined;
}

const OFF: OwnSource = { on: false, track: undefined, problem: undefined, opening: false };

export class LocalMedia {
  private state: LocalView = { microphone: OFF, camera: OFF, share: undefined };
  private readonly listeners = new Set<(view: LocalView) => void>();
  /** Counts the openings of each device: an answer to an older one is thrown away. */
  private readonly turns: Record<Own, number> = { microphone: 0, camera: 0 };

  constructor(readonly devices: Devices) {}

  get view(): LocalView {
    return this.state;
  }

  /** Calls at once, and on every change (the contract of a Svelte store). */
  subscribe(listener: (view: LocalView) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** What goes out now: nothing of what is off. */
  get tracks(): Tracks {
    const { microphone, camera, share } = this.state;
    return {
      ...(microphone.on && microphone.track ? { microphone: microphone.track } : {}),
      ...(camera.on && camera.track ? { camera: camera.track } : {}),
      ...(share ? { share_video: share.video } : {}),
      ...(share?.audio ? { share_audio: share.audio } : {}),
    };
  }

  sends(kind: SourceKind): boolean {
    return this.tracks[kind] !== undefined;
  }

  async turn(kind: Own, on: boolean): Promise<void> {
    const own = this.state[kind];
    if (!on) {
      if (kind === 'camera') this.release(kind);
      else this.put(kind, { on: false, opening: false });
      return;
    }
    if (own.track?.readyState === 'live') return this.put(kind, { on: true, problem: undefined });
    await this.open(kind);
  }

  /** Another microphone or camera; taken into use at once where that kind is open. */
  async choose(kind: DeviceKind, id: string): Promise<void> {
    this.devices.choose(kind, id);
    if (kind === 'speaker') return;
    const { on, track } = this.state[kind];
    if (!on && track === undefined) return;
    this.release(kind);
    await this.open(kind);
    if (!on && kind === 'microphone') this.put(kind, { on: false });
  }

  /** Asks for a screen; the answer is the problem, where there is one other than a changed mind. */
  async startShare(): Promise<DeviceProblem | undefined> {
    this.stopShare();
    const opened = await this.devices.openScreen();
    // Closing the browser's dialog is a no, not a fault.
    if ('problem' in opened) return opened.problem === 'denied' ? undefined : opened.problem;
    opened.video.addEventListener('ended', () => {
      if (this.state.share?.video === opened.video) this.stopShare();
    });
    this.change({ ...this.state, share: opened });
    return undefined;
  }

  stopShare(): void {
    const { share } = this.state;
    if (share === undefined) return;
    share.video.stop();
    share.audio?.stop();
    this.change({ ...this.state, share: undefined });
  }

  /** Lets go of every device. */
  close(): void {
    this.stopShare();
    this.release('microphone');
    this.release('camera');
  }

  private async open(kind: Own): Promise<void> {
    const turn = ++this.turns[kind];
    this.put(kind, { on: true, opening: true, problem: undefined });
    const opened = await this.devices.open(kind);
    if (turn !== this.turns[kind]) {
      if ('track' in opened) opened.track.stop();
      return;
    }
    if ('problem' in opened) return this.put(kind, { on: false, opening: false, track: undefined, problem: opened.problem });
    const { track } = opened;
    track.addEventListener('ended', () => {
      // The device was pulled out, or the browser took it away.
      if (this.state[kind].track === track) this.put(kind, { on: false, track: undefined, problem: 'missing' });
    });
    this.put(kind, { opening: false, track });
  }

  private release(kind: Own): void {
    this.turns[kind] += 1;
    this.state[kind].track?.stop();
    this.put(kind, { on: false, track: undefined, opening: false });
  }

  private put(kind: Own, change: Partial<OwnSource>): void {
    this.change({ ...this.state, [kind]: { ...this.state[kind], ...change } });
  }

  private change(next: LocalView): void {
    this.state = next;
    for (const listener of [...this.listeners]) listener(next);
  }
}
