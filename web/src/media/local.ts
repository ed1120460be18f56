/**
 * What this person sends: microphone, camera and shared screen, each on or off, with its track or the reason why there is none. The
 * green room and the meeting share one, so that joining opens no device twice.
 */

import type { SourceKind } from '../signal/wire/SourceKind';
import { CameraBackdrop, type BackdropView } from './backdrop/camera';
import type { Backdrop, Backdrops } from './backdrop/kinds';
import { blur, type Cleaning, type DeviceKind, type DeviceProblem, type Devices, type ShareContent } from './devices';
import { freeze, type Frozen } from './frozen';
import type { Tracks } from './peer';

export type Own = 'microphone' | 'camera';

export interface OwnSource {
  /** As the person wants it. */
  on: boolean;
  /** What is shown and sent. A microphone stays open while muted, to tell a person who speaks into it; a camera does not. */
  track: MediaStreamTrack | undefined;
  /** The open device: another than `track` where something stands behind the person. */
  device: MediaStreamTrack | undefined;
  problem: DeviceProblem | undefined;
  opening: boolean;
}

export interface LocalView {
  microphone: OwnSource;
  camera: OwnSource;
  /** The shared screen; while it is paused, the others see its last picture and hear nothing of it. */
  share: { video: MediaStreamTrack; audio: MediaStreamTrack | undefined; paused: MediaStreamTrack | undefined } | undefined;
  /** Of the camera, only the smallest picture is sent. */
  spare: boolean;
  /** What stands behind the person. */
  backdrop: BackdropView;
}

/** What became of a device without anybody having asked. */
export type DeviceNotice =
  /** It was pulled out, and another of its kind is used. */
  | { kind: 'fell_back'; of: Own; label: string }
  /** It was pulled out, and there is no other; the system's own speaker stands in for a chosen one. */
  | { kind: 'gone'; of: DeviceKind }
  /** The one that the person had chosen is back in use. */
  | { kind: 'returned'; of: Own; label: string };

const OFF: OwnSource = { on: false, track: undefined, device: undefined, problem: undefined, opening: false };

export class LocalMedia {
  private state: LocalView;
  private readonly backdrop: CameraBackdrop;
  private readonly listeners = new Set<(view: LocalView) => void>();
  private readonly noticeListeners = new Set<(notice: DeviceNotice) => void>();
  private frozen: Frozen | undefined;
  private speakerGone = false;
  private unwatch: (() => void) | undefined;
  /** Counts the openings of each device: an answer to an older one is thrown away. */
  private readonly turns: Record<Own, number> = { microphone: 0, camera: 0 };

  constructor(
    readonly devices: Devices,
    private readonly freezeShare: (track: MediaStreamTrack) => Promise<Frozen> = freeze,
    backdrops?: Backdrops,
  ) {
    this.backdrop = new CameraBackdrop({
      backdrops,
      memory: devices,
      changed: (backdrop) => this.change({ ...this.state, backdrop }),
      broke: () => this.withoutBackdrop(),
    });
    this.state = { microphone: OFF, camera: OFF, share: undefined, spare: false, backdrop: this.backdrop.view };
  }

  get view(): LocalView {
    return this.state;
  }

  /** Calls at once, and on every change (the contract of a Svelte store). */
  subscribe(listener: (view: LocalView) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** What happened to a device by itself; the answer stops it. */
  onNotice(listener: (notice: DeviceNotice) => void): () => void {
    this.noticeListeners.add(listener);
    return () => this.noticeListeners.delete(listener);
  }

  /** What goes out now: nothing of what is off. */
  get tracks(): Tracks {
    const { microphone, camera, share } = this.state;
    return {
      ...(microphone.on && microphone.track ? { microphone: microphone.track } : {}),
      ...(camera.on && camera.track ? { camera: camera.track } : {}),
      ...(share ? { share_video: share.paused ?? share.video } : {}),
      ...(share?.audio && !share.paused ? { share_audio: share.audio } : {}),
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
    if (on || track !== undefined) await this.reopen(kind);
  }

  /** The camera after the one in use: on a telephone, the one that looks the other way. */
  async otherCamera(): Promise<void> {
    const all = await this.devices.list('camera');
    const used = this.state.camera.device?.getSettings().deviceId;
    const next = all[(all.findIndex((it) => it.id === used) + 1) % Math.max(1, all.length)];
    if (next !== undefined && next.id !== used) await this.choose('camera', next.id);
  }

  /** Of the browser's cleaning, one way on or off; a microphone that is open is opened anew with it. */
  async clean(way: Cleaning, on: boolean): Promise<void> {
    this.devices.clean(way, on);
    if (this.state.microphone.track !== undefined) await this.reopen('microphone');
  }

  async blur(on: boolean): Promise<void> {
    this.devices.blurs = on;
    const { device } = this.state.camera;
    if (device !== undefined) await blur(device, on);
  }

  /** What stands behind the person, from now on and in the meetings to come. */
  async setBackdrop(backdrop: Backdrop): Promise<void> {
    const { device } = this.state.camera;
    try {
      const track = await this.backdrop.choose(backdrop, device);
      if (track !== undefined && this.state.camera.device === device) this.put('camera', { track, opening: false, problem: undefined });
    } catch {
      if (this.state.camera.device === device) this.withoutBackdrop();
    }
  }

  /** A line to be spared: of the camera, the smallest picture is enough. */
  setSpare(spare: boolean): void {
    if (spare !== this.state.spare) this.change({ ...this.state, spare });
  }

  /** Asks for a screen; the answer is the problem, where there is one other than a changed mind. */
  async startShare(content: ShareContent = 'text', sound = true): Promise<DeviceProblem | undefined> {
    this.stopShare();
    const opened = await this.devices.openScreen(content, sound);
    // Closing the browser's dialog is a no, not a fault.
    if ('problem' in opened) return opened.problem === 'denied' ? undefined : opened.problem;
    opened.video.addEventListener('ended', () => {
      if (this.state.share?.video === opened.video) this.stopShare();
    });
    this.change({ ...this.state, share: { ...opened, paused: undefined } });
    return undefined;
  }

  /** Holds the last picture of the shared screen, or goes on; false where the browser cannot. */
  async pauseShare(paused: boolean): Promise<boolean> {
    const { share } = this.state;
    if (share === undefined) return false;
    if (!paused) {
      this.thaw();
      this.change({ ...this.state, share: { ...share, paused: undefined } });
      return true;
    }
    if (share.paused !== undefined) return true;
    try {
      const frozen = await this.freezeShare(share.video);
      if (this.state.share !== share) {
        frozen.stop();
        return false;
      }
      this.frozen = frozen;
      this.change({ ...this.state, share: { ...share, paused: frozen.track } });
      return true;
    } catch {
      return false;
    }
  }

  stopShare(): void {
    const { share } = this.state;
    if (share === undefined) return;
    this.thaw();
    share.video.stop();
    share.audio?.stop();
    this.change({ ...this.state, share: undefined });
  }

  /** Lets go of every device. */
  close(): void {
    this.unwatch?.();
    this.unwatch = undefined;
    this.stopShare();
    this.release('microphone');
    this.release('camera');
  }

  private thaw(): void {
    this.frozen?.stop();
    this.frozen = undefined;
  }

  /** A microphone may be opened to stay muted. */
  private async open(kind: Own, on = true): Promise<void> {
    const turn = ++this.turns[kind];
    this.put(kind, { on, opening: true, problem: undefined });
    const opened = await this.devices.open(kind);
    if (turn !== this.turns[kind]) {
      if ('track' in opened) opened.track.stop();
      return;
    }
    if ('problem' in opened) return this.put(kind, { on: false, opening: false, track: undefined, problem: opened.problem });
    const { track: device } = opened;
    device.addEventListener('ended', () => {
      // The device was pulled out, or the browser took it away.
      if (this.state[kind].device === device) void this.lost(kind);
    });
    this.unwatch ??= this.devices.watch(() => void this.devicesChanged());
    this.put(kind, { device });
    try {
      const track = kind === 'camera' ? await this.backdrop.of(device) : device;
      if (turn === this.turns[kind] && track !== undefined) this.put(kind, { opening: false, track });
    } catch {
      if (turn === this.turns[kind]) this.withoutBackdrop();
    }
  }

  /** What was to hide the room cannot be drawn: then there is no picture. */
  private withoutBackdrop(): void {
    this.release('camera');
    this.put('camera', { problem: 'backdrop' });
  }

  /** Opens what is open anew; a muted microphone stays muted. */
  private async reopen(kind: Own): Promise<void> {
    const on = this.state[kind].on || kind === 'camera';
    this.release(kind);
    await this.open(kind, on);
  }

  /** Whatever else there is takes its place. */
  private async lost(kind: Own): Promise<void> {
    const { on } = this.state[kind];
    this.release(kind);
    this.put(kind, { problem: 'missing' });
    await this.open(kind, on);
    const { device, problem } = this.state[kind];
    if (device !== undefined) this.tell({ kind: 'fell_back', of: kind, label: device.label });
    else if (problem !== undefined) this.tell({ kind: 'gone', of: kind });
  }

  /** A chosen device that is back is used again. */
  private async devicesChanged(): Promise<void> {
    for (const kind of ['microphone', 'camera'] as const) {
      const { device } = this.state[kind];
      const chosen = this.devices.chosen(kind);
      if (device === undefined || chosen === undefined || device.getSettings().deviceId === chosen) continue;
      if (!(await this.devices.list(kind)).some((it) => it.id === chosen) || this.state[kind].device !== device) continue;
      await this.reopen(kind);
      const now = this.state[kind].device;
      if (now?.getSettings().deviceId === chosen) this.tell({ kind: 'returned', of: kind, label: now.label });
    }
    const speaker = this.devices.chosen('speaker');
    const gone = speaker !== undefined && !(await this.devices.list('speaker')).some((it) => it.id === speaker);
    if (gone && !this.speakerGone) this.tell({ kind: 'gone', of: 'speaker' });
    this.speakerGone = gone;
  }

  private tell(notice: DeviceNotice): void {
    for (const listener of [...this.noticeListeners]) listener(notice);
  }

  private release(kind: Own): void {
    this.turns[kind] += 1;
    if (kind === 'camera') this.backdrop.stop();
    this.state[kind].device?.stop();
    this.put(kind, { on: false, track: undefined, device: undefined, opening: false });
  }

  private put(kind: Own, change: Partial<OwnSource>): void {
    this.change({ ...this.state, [kind]: { ...this.state[kind], ...change } });
  }

  private change(next: LocalView): void {
    this.state = next;
    for (const listener of [...this.listeners]) listener(next);
  }
}
