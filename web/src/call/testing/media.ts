/** Media without a browser: a peer connection that a test makes connect or fail, and devices that are always there. */

import { Devices } from '../../media/devices';
import { LocalMedia } from '../../media/local';
import type { Offer, Peer, PeerOptions, Transport } from '../../media/peer';
import type { SourceKind } from '../../signal/wire/SourceKind';

const SENDERS = ['microphone', 'camera', 'share_video', 'share_audio'] as const;

export class ScriptedPeer implements Peer {
  readonly sending = new Map<SourceKind, MediaStreamTrack | null>();
  readonly watched = new Map<SourceKind, string[]>();
  readonly answers: string[] = [];
  offers = 0;
  closed = false;
  spared = false;
  private slots: number;

  constructor(private readonly options: PeerOptions) {
    this.slots = options.videoSlots;
  }

  get audioSlots(): string[] {
    return this.range(SENDERS.length, this.options.audioSlots);
  }

  get videoSlots(): string[] {
    return this.range(SENDERS.length + this.options.audioSlots, this.slots);
  }

  offer(muted: (kind: SourceKind) => boolean): Promise<Offer> {
    this.offers += 1;
    const publish = SENDERS.map((kind, index) => ({ mid: String(index), kind, muted: muted(kind) }));
    return Promise.resolve({ offer: `offer ${this.offers}`, publish });
  }

  accept(answer: string): Promise<void> {
    this.answers.push(answer);
    return Promise.resolve();
  }

  send(kind: SourceKind, track: MediaStreamTrack | null): Promise<void> {
    this.sending.set(kind, track);
    return Promise.resolve();
  }

  layers(kind: SourceKind, rids: readonly string[]): Promise<void> {
    this.watched.set(kind, [...rids]);
    return Promise.resolve();
  }

  spare(on: boolean): Promise<void> {
    this.spared = on;
    return Promise.resolve();
  }

  grow(videoSlots: number): void {
    this.slots = Math.max(this.slots, videoSlots);
  }

  stream(mid: string): MediaStream {
    return { id: mid } as MediaStream;
  }

  stats(): Promise<RTCStatsReport> {
    return Promise.resolve(new Map() as unknown as RTCStatsReport);
  }

  close(): void {
    this.closed = true;
  }

  become(transport: Transport): void {
    this.options.transportChanged(transport);
  }

  private range(from: number, count: number): string[] {
    return Array.from({ length: count }, (_, index) => String(from + index));
  }
}

class ScriptedTrack extends EventTarget {
  readyState: MediaStreamTrackState = 'live';
  contentHint = '';

  constructor(
    readonly kind: string,
    private readonly device = 'default',
  ) {
    super();
  }

  get label(): string {
    return this.device;
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.device };
  }

  stop(): void {
    this.readyState = 'ended';
  }
}

type Ask = (constraints: MediaStreamConstraints) => Promise<MediaStream>;

const give: Ask = (constraints) => {
  const track = new ScriptedTrack(constraints.audio ? 'audio' : 'video') as unknown as MediaStreamTrack;
  return Promise.resolve({ getTracks: () => [track] } as unknown as MediaStream);
};

/** Devices that a test plugs in and pulls out. */
export class ScriptedDevices extends EventTarget {
  constructor(private plugged: { kind: MediaDeviceKind; deviceId: string }[]) {
    super();
  }

  /** The new set; the tracks of what is gone end, as a browser ends them. */
  plug(now: { kind: MediaDeviceKind; deviceId: string }[]): void {
    this.plugged = now;
    for (const track of this.open) if (!now.some((it) => it.deviceId === track.getSettings().deviceId)) track.dispatchEvent(new Event('ended'));
    this.dispatchEvent(new Event('devicechange'));
  }

  private readonly open: ScriptedTrack[] = [];

  enumerateDevices(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve(this.plugged.map((it) => ({ ...it, label: it.deviceId, groupId: '', toJSON: () => it })));
  }

  getUserMedia({ audio, video }: MediaStreamConstraints): Promise<MediaStream> {
    const kind = audio ? 'audioinput' : 'videoinput';
    const wanted = ((audio || video) as MediaTrackConstraints).deviceId as { exact: string } | undefined;
    const found = this.plugged.find((it) => it.kind === kind && (wanted === undefined || it.deviceId === wanted.exact));
    if (found === undefined) return Promise.reject(Object.assign(new Error('none'), { name: wanted === undefined ? 'NotFoundError' : 'OverconstrainedError' }));
    const track = new ScriptedTrack(audio ? 'audio' : 'video', found.deviceId);
    this.open.push(track);
    return Promise.resolve({ getTracks: () => [track] } as unknown as MediaStream);
  }
}

const memoryOf = (memory: Map<string, string>) => ({
  getItem: (key: string) => memory.get(key) ?? null,
  setItem: (key: string, value: string) => void memory.set(key, value),
});

/** Holds a shared screen without drawing anything. */
const hold = () => {
  const track = new ScriptedTrack('video') as unknown as MediaStreamTrack;
  return Promise.resolve({ track, stop: () => track.stop() });
};

export const pluggedLocal = (devices: ScriptedDevices, memory = new Map<string, string>()): LocalMedia =>
  new LocalMedia(new Devices(devices as unknown as MediaDevices, memoryOf(memory)), hold);

export function scriptedLocal(ask: Ask = give, memory = new Map<string, string>()): LocalMedia {
  const media = {
    getUserMedia: ask,
    enumerateDevices: () => Promise.resolve([]),
    getDisplayMedia: () => {
      const video = new ScriptedTrack('video') as unknown as MediaStreamTrack;
      return Promise.resolve({ getVideoTracks: () => [video], getAudioTracks: () => [new ScriptedTrack('audio')] } as unknown as MediaStream);
    },
    addEventListener: () => {},
    removeEventListener: () => {},
  } as unknown as MediaDevices;
  return new LocalMedia(new Devices(media, memoryOf(memory)), hold);
}
