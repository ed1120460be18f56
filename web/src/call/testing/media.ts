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

  constructor(readonly kind: string) {
    super();
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

export function scriptedLocal(ask: Ask = give, memory = new Map<string, string>()): LocalMedia {
  const media = {
    getUserMedia: ask,
    enumerateDevices: () => Promise.resolve([]),
    getDisplayMedia: () => {
      const video = new ScriptedTrack('video') as unknown as MediaStreamTrack;
      return Promise.resolve({ getVideoTracks: () => [video], getAudioTracks: () => [] } as unknown as MediaStream);
    },
    addEventListener: () => {},
    removeEventListener: () => {},
  } as unknown as MediaDevices;
  return new LocalMedia(
    new Devices(media, {
      getItem: (key) => memory.get(key) ?? null,
      setItem: (key, value) => void memory.set(key, value),
    }),
  );
}
