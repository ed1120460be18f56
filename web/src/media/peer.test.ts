import { describe, expect, it } from 'vitest';
import { createPeer, type PeerPlatform, type Transport } from './peer';

interface Added {
  media: string;
  init: RTCRtpTransceiverInit;
  mid: string | null;
  codecs: string[];
  sent: unknown;
  encodings: RTCRtpEncodingParameters[];
  /** How often parameters were set. */
  set: number;
}

/** A connection that numbers its m-lines when an offer is set, as browsers do. */
class ScriptedConnection extends EventTarget {
  readonly added: Added[] = [];
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: { sdp: string } | null = null;
  remote: unknown;

  addTransceiver(from: string | { kind: string }, init: RTCRtpTransceiverInit): unknown {
    const entry: Added = { media: typeof from === 'string' ? from : from.kind, init, mid: null, codecs: [], sent: undefined, encodings: init.sendEncodings ?? [{}], set: 0 };
    this.added.push(entry);
    return {
      get mid() {
        return entry.mid;
      },
      sender: {
        replaceTrack: (track: unknown) => Promise.resolve((entry.sent = track)),
        getParameters: () => ({ transactionId: 't', encodings: entry.encodings }),
        setParameters: ({ encodings }: RTCRtpSendParameters) => {
          entry.encodings = encodings;
          entry.set += 1;
          return Promise.resolve();
        },
      },
      receiver: { track: { kind: entry.media } },
      setCodecPreferences: (codecs: { mimeType: string }[]) => (entry.codecs = codecs.map((it) => it.mimeType)),
    };
  }

  createOffer(): Promise<{ sdp: string }> {
    return Promise.resolve({ sdp: `${this.added.length} lines` });
  }

  setLocalDescription(offer: { sdp: string }): Promise<void> {
    this.added.forEach((it, index) => (it.mid = String(index)));
    this.localDescription = offer;
    return Promise.resolve();
  }

  setRemoteDescription(answer: unknown): Promise<void> {
    this.remote = answer;
    return Promise.resolve();
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

function setUp() {
  const connection = new ScriptedConnection();
  const transports: Transport[] = [];
  const able = [
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
    { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=0;tier=0' },
    { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=2' },
    { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=0' },
    ...['video/VP8', 'video/rtx', 'audio/PCMU', 'audio/opus', 'audio/red'].map((mimeType) => ({ mimeType })),
  ].map((it) => ({ ...it, clockRate: 1 }));
  const platform: PeerPlatform = {
    connection: () => connection as unknown as RTCPeerConnection,
    codecs: (media) => able.filter((it) => it.mimeType.startsWith(media)),
    stream: (track) => ({ of: track }) as unknown as MediaStream,
  };
  const peer = createPeer(platform, { audioSlots: 3, videoSlots: 9, tracks: {}, transportChanged: (it) => transports.push(it) });
  return { connection, peer, transports };
}

describe('the offer', () => {
  it('is of a fixed shape: four sources, then audio slots, then video slots', async () => {
    const { connection, peer } = setUp();
    const { publish } = await peer.offer((kind) => kind !== 'microphone');
    expect(connection.added.map((it) => `${it.init.direction} ${it.media}`)).toEqual([
      'sendonly audio',
      'sendonly video',
      'sendonly video',
      'sendonly audio',
      ...Array.from({ length: 3 }, () => 'recvonly audio'),
      ...Array.from({ length: 9 }, () => 'recvonly video'),
    ]);
    expect(publish).toEqual([
      { mid: '0', kind: 'microphone', muted: false },
      { mid: '1', kind: 'camera', muted: true },
      { mid: '2', kind: 'share_video', muted: true },
      { mid: '3', kind: 'share_audio', muted: true },
    ]);
    expect(peer.audioSlots).toEqual(['4', '5', '6']);
    expect(peer.videoSlots).toHaveLength(9);
  });

  it('sends the camera in three layers, the lowest first, and prefers VP8, then one profile of each codec that can be shown', () => {
    const { connection } = setUp();
    const camera = connection.added[1];
    expect(camera?.init.sendEncodings?.map((it) => [it.rid, it.scaleResolutionDownBy, it.maxBitrate])).toEqual([
      ['q', 4, 150_000],
      ['h', 2, 500_000],
      ['f', 1, 1_500_000],
    ]);
    expect(camera?.codecs).toEqual(['video/VP8', 'video/VP9', 'video/AV1', 'video/H264', 'video/rtx']);
    expect(connection.added[0]?.codecs).toEqual(['audio/red', 'audio/opus']);
  });

  it('grows by slots at its end, so that the slots that run keep their m-lines', async () => {
    const { peer } = setUp();
    await peer.offer(() => true);
    const before = [...peer.videoSlots];
    peer.grow(16);
    await peer.offer(() => true);
    expect(peer.videoSlots.slice(0, 9)).toEqual(before);
    expect(peer.videoSlots).toHaveLength(16);
  });
});

describe('layers that nobody watches', () => {
  it('rest, and go on as soon as somebody does', async () => {
    const { connection, peer } = setUp();
    const camera = connection.added[1];
    const active = () => camera?.encodings.map((it) => it.active ?? true);
    await peer.layers('camera', ['q']);
    expect(active()).toEqual([true, false, false]);
    void peer.layers('camera', ['q', 'h']);
    await peer.layers('camera', ['q', 'h', 'f']);
    expect(active()).toEqual([true, true, true]);
    expect(camera?.encodings[2]?.maxBitrate).toBe(1_500_000);
  });

  it('rest but for the lowest while the line is spared, whoever watches', async () => {
    const { connection, peer } = setUp();
    const active = () => connection.added[1]?.encodings.map((it) => it.active ?? true);
    await peer.spare(true);
    expect(active()).toEqual([true, false, false]);
    await peer.layers('camera', ['h', 'f']);
    expect(active()).toEqual([true, false, false]);
    await peer.spare(false);
    expect(active()).toEqual([false, true, true]);
  });

  it('are set only where that changes something, and never to nothing', async () => {
    const { connection, peer } = setUp();
    await peer.layers('camera', ['q', 'h', 'f']);
    await peer.layers('camera', ['x']);
    await peer.layers('share_video', ['q']);
    expect(connection.added.map((it) => it.set)).toEqual(connection.added.map(() => 0));
  });
});

describe('a shared screen', () => {
  it('gives a film the pictures that a page of text does not need', async () => {
    const { connection, peer } = setUp();
    const rate = () => connection.added[2]?.encodings.map((it) => it.maxFramerate);
    await peer.send('share_video', { contentHint: 'motion' } as MediaStreamTrack);
    expect(rate()).toEqual([30]);
    await peer.send('share_video', { contentHint: 'detail' } as MediaStreamTrack);
    expect(rate()).toEqual([15]);
    await peer.send('share_video', null);
    expect(rate()).toEqual([15]);
  });
});

describe('the transport', () => {
  it('is told in the words of a call', () => {
    const { connection, transports } = setUp();
    for (const state of ['connecting', 'connected', 'disconnected', 'failed', 'closed'] as const) connection.become(state);
    expect(transports).toEqual(['connecting', 'up', 'down', 'failed']);
  });
});

describe('a slot', () => {
  it('has one stream for its whole life', async () => {
    const { peer } = setUp();
    await peer.offer(() => true);
    expect(peer.stream('7')).toBe(peer.stream('7'));
    expect(peer.stream('7')).not.toBe(peer.stream('8'));
    expect(peer.stream('0')).toBeUndefined();
  });
});
