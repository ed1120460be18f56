/**
 * The one peer connection to the media node. It sends four sources on m-lines of their own and receives in a number of slots; what a
 * slot carries changes by message, never by negotiation. The node is ICE-lite and learns our address from our checks, so an
 * offer goes out without waiting for candidates.
 */

import type { PublishIntent } from '../signal/wire/PublishIntent';
import type { SourceKind } from '../signal/wire/SourceKind';
import { PROGRAMME, SPEECH, tuneOpus } from './opus';
import { encodingsOf, mediaOf, preferredCodecs, shareRate, SOURCE_KINDS, withActive } from './sources';

export interface Offer {
  offer: string;
  publish: PublishIntent[];
}

/** State of the transport: `down` may come back by itself, `failed` does not. */
export type Transport = 'connecting' | 'up' | 'down' | 'failed';

export type Tracks = Readonly<Partial<Record<SourceKind, MediaStreamTrack>>>;

/** What a call needs of a peer connection. */
export interface Peer {
  /** m-lines of the receiving slots, in the order of the offer; known once an offer was made. */
  readonly audioSlots: readonly string[];
  readonly videoSlots: readonly string[];
  /** A description of all that we would send and receive; `muted` says what is silent at first. */
  offer(muted: (kind: SourceKind) => boolean): Promise<Offer>;
  accept(answer: string): Promise<void>;
  /** Sends this track, or nothing, without negotiation. */
  send(kind: SourceKind, track: MediaStreamTrack | null): Promise<void>;
  /** Of a source that is sent in layers, those that somebody watches; the others rest. */
  layers(kind: SourceKind, rids: readonly string[]): Promise<void>;
  /** Of the camera's three layers, the smallest alone, or all: for a line that must be spared. */
  spare(on: boolean): Promise<void>;
  /** Adds video slots up to this number; the next offer tells of them. */
  grow(videoSlots: number): void;
  /** What arrives in a slot. The stream is one and the same for the slot's whole life. */
  stream(mid: string): MediaStream | undefined;
  stats(): Promise<RTCStatsReport>;
  close(): void;
}

export interface PeerOptions {
  audioSlots: number;
  videoSlots: number;
  tracks: Tracks;
  transportChanged(transport: Transport): void;
}

/** Of the browser, what a peer needs: handed in, so that tests can hand in something else. */
export interface PeerPlatform {
  connection(configuration: RTCConfiguration): RTCPeerConnection;
  codecs(media: 'audio' | 'video'): RTCRtpCodec[];
  stream(track: MediaStreamTrack): MediaStream;
}

export const browserPeers: PeerPlatform = {
  connection: (configuration) => new RTCPeerConnection(configuration),
  codecs: (media) => RTCRtpReceiver.getCapabilities(media)?.codecs ?? [],
  stream: (track) => new MediaStream([track]),
};

export function createPeer(platform: PeerPlatform, options: PeerOptions): Peer {
  return new SlottedPeer(platform, options);
}

class SlottedPeer implements Peer {
  private readonly connection: RTCPeerConnection;
  private readonly senders = new Map<SourceKind, RTCRtpTransceiver>();
  private readonly audio: RTCRtpTransceiver[];
  private readonly video: RTCRtpTransceiver[] = [];
  private readonly streams = new Map<RTCRtpTransceiver, MediaStream>();
  private readonly watched = new Map<SourceKind, readonly string[]>();
  private sparing = false;
  private turns: Promise<void> = Promise.resolve();

  constructor(
    private readonly platform: PeerPlatform,
    options: PeerOptions,
  ) {
    this.connection = platform.connection({ bundlePolicy: 'max-bundle' });
    for (const kind of SOURCE_KINDS) this.senders.set(kind, this.addSender(kind, options.tracks[kind]));
    this.audio = Array.from({ length: options.audioSlots }, () => this.addSlot('audio'));
    this.grow(options.videoSlots);
    this.connection.addEventListener('connectionstatechange', () => {
      const transport = transportOf(this.connection.connectionState);
      if (transport !== undefined) options.transportChanged(transport);
    });
  }

  get audioSlots(): string[] {
    return mids(this.audio);
  }

  get videoSlots(): string[] {
    return mids(this.video);
  }

  async offer(muted: (kind: SourceKind) => boolean): Promise<Offer> {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    const publish = [...this.senders].flatMap(([kind, { mid }]) => (mid === null ? [] : [{ mid, kind, muted: muted(kind) }]));
    return { offer: this.connection.localDescription?.sdp ?? '', publish };
  }

  async accept(answer: string): Promise<void> {
    const microphone = this.senders.get('microphone')?.mid;
    const programme = this.senders.get('share_audio')?.mid;
    let sdp = answer;
    if (microphone) sdp = tuneOpus(sdp, microphone, SPEECH);
    if (programme) sdp = tuneOpus(sdp, programme, PROGRAMME);
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
  }

  async send(kind: SourceKind, track: MediaStreamTrack | null): Promise<void> {
    await this.senders.get(kind)?.sender.replaceTrack(track);
    if (kind === 'share_video' && track !== null) await this.inTurn(() => this.applyRate(kind, shareRate(track.contentHint)));
  }

  async spare(on: boolean): Promise<void> {
    if (on === this.sparing) return;
    this.sparing = on;
    await this.inTurn(() => this.applyLayers('camera'));
  }

  async layers(kind: SourceKind, rids: readonly string[]): Promise<void> {
    this.watched.set(kind, rids);
    await this.inTurn(() => this.applyLayers(kind));
  }

  grow(videoSlots: number): void {
    while (this.video.length < videoSlots) this.video.push(this.addSlot('video'));
  }

  stream(mid: string): MediaStream | undefined {
    const slot = [...this.audio, ...this.video].find((it) => it.mid === mid);
    return slot && this.streams.get(slot);
  }

  stats(): Promise<RTCStatsReport> {
    return this.connection.getStats();
  }

  close(): void {
    this.connection.close();
  }

  /** One change at a time: parameters hold for one turn only, and the last word counts. */
  private async inTurn(change: () => Promise<void>): Promise<void> {
    this.turns = this.turns.then(change).catch(() => {});
    await this.turns;
  }

  private async applyLayers(kind: SourceKind): Promise<void> {
    const all = encodingsOf(kind).flatMap(({ rid }) => rid ?? []);
    await this.setEncodings(kind, (now) => withActive(now, this.sparing && kind === 'camera' ? all.slice(0, 1) : (this.watched.get(kind) ?? all)));
  }

  private async applyRate(kind: SourceKind, rate: number): Promise<void> {
    await this.setEncodings(kind, (now) => (now.every((it) => it.maxFramerate === rate) ? undefined : now.map((it) => ({ ...it, maxFramerate: rate }))));
  }

  /** Changes what is encoded, without negotiation; nothing where nothing is to change. */
  private async setEncodings(kind: SourceKind, change: (now: RTCRtpEncodingParameters[]) => RTCRtpEncodingParameters[] | undefined): Promise<void> {
    const sender = this.senders.get(kind)?.sender;
    if (sender === undefined) return;
    const parameters = sender.getParameters();
    const encodings = change(parameters.encodings);
    if (encodings !== undefined) await sender.setParameters({ ...parameters, encodings });
  }

  private addSender(kind: SourceKind, track: MediaStreamTrack | undefined): RTCRtpTransceiver {
    const sendEncodings = encodingsOf(kind);
    const transceiver = this.connection.addTransceiver(track ?? mediaOf(kind), {
      direction: 'sendonly',
      ...(sendEncodings.length > 0 ? { sendEncodings } : {}),
    });
    this.prefer(transceiver, mediaOf(kind));
    return transceiver;
  }

  private addSlot(media: 'audio' | 'video'): RTCRtpTransceiver {
    const transceiver = this.connection.addTransceiver(media, { direction: 'recvonly' });
    this.prefer(transceiver, media);
    this.streams.set(transceiver, this.platform.stream(transceiver.receiver.track));
    return transceiver;
  }

  private prefer(transceiver: RTCRtpTransceiver, media: 'audio' | 'video'): void {
    const codecs = preferredCodecs(media, this.platform.codecs(media));
    // A browser that names no codec of ours offers what it has, and the node refuses what it cannot take.
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
  }
}

const mids = (transceivers: readonly RTCRtpTransceiver[]): string[] => transceivers.flatMap(({ mid }) => (mid === null ? [] : [mid]));

function transportOf(state: RTCPeerConnectionState): Transport | undefined {
  switch (state) {
    case 'new':
    case 'connecting':
      return 'connecting';
    case 'connected':
      return 'up';
    case 'disconnected':
      return 'down';
    case 'failed':
      return 'failed';
    case 'closed':
      return undefined;
  }
}
