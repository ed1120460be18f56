/** What a person sends, each kind on an m-line of its own, and how each is encoded. */

import type { SourceKind } from '../signal/wire/SourceKind';

/** The order of the m-lines in every offer. */
export const SOURCE_KINDS = ['microphone', 'camera', 'share_video', 'share_audio'] as const satisfies readonly SourceKind[];

export const mediaOf = (kind: SourceKind): 'audio' | 'video' => (kind === 'microphone' || kind === 'share_audio' ? 'audio' : 'video');

/** Camera: three layers by RID, the lowest first (RFC 8853), for a 720p picture. */
const CAMERA_ENCODINGS: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

/**
 * Text must stay readable, so a shared screen gives up pictures a second before it gives up sharpness: here, where our own line is short, and in
 * the node, which leaves out the upper of three layers of time towards whoever's line is (W3C webrtc-svc; a browser without it sends one).
 */
const SHARE_ENCODINGS: (RTCRtpEncodingParameters & { scalabilityMode?: string })[] = [
  { maxBitrate: 2_500_000, maxFramerate: 15, scalabilityMode: 'L1T3' },
];
/** Pictures a second of a shared screen, by the hint of its track: a film moves. */
export const shareRate = (contentHint: string): number => (contentHint === 'motion' ? 30 : 15);

export function encodingsOf(kind: SourceKind): RTCRtpEncodingParameters[] {
  switch (kind) {
    case 'camera':
      return CAMERA_ENCODINGS.map((it) => ({ ...it }));
    case 'share_video':
      return SHARE_ENCODINGS.map((it) => ({ ...it }));
    case 'microphone':
    case 'share_audio':
      return [];
  }
}

interface Known {
  mime: string;
  /** What its `a=fmtp` must say, where a codec has several profiles. */
  format?: readonly string[];
}

/**
 * Codecs that the service negotiates, by media, in our order. What comes first is sent: sound that repeats what the packet before carried, and
 * VP8, which every browser can show (RFC 7742, section 5). The others can be shown here when somebody else sends them; they come before VP8 once
 * they are measured to be worth it in a meeting.
 */
const CODECS: Record<'audio' | 'video', readonly Known[]> = {
  audio: [{ mime: 'audio/red' }, { mime: 'audio/opus' }],
  video: [
    { mime: 'video/VP8' },
    { mime: 'video/VP9', format: ['profile-id=0'] },
    { mime: 'video/AV1', format: ['profile=0'] },
    { mime: 'video/H264', format: ['packetization-mode=1', 'profile-level-id=42e01f'] },
    { mime: 'video/rtx' },
  ],
};

/** Of what the browser can do, what we offer, in our order. */
export function preferredCodecs<C extends { mimeType: string; sdpFmtpLine?: string }>(media: 'audio' | 'video', able: readonly C[]): C[] {
  const is = ({ mime, format }: Known) => (codec: C) => {
    const said = codec.sdpFmtpLine?.split(';') ?? [];
    return codec.mimeType.toLowerCase() === mime.toLowerCase() && (format ?? []).every((it) => said.includes(it));
  };
  return CODECS[media].flatMap((known) => able.filter(is(known)));
}

/** The encodings with those layers on that somebody watches, or nothing where that is how they are. A sender without layers is left alone. */
export function withActive<E extends { rid?: string; active?: boolean }>(encodings: readonly E[], watched: readonly string[]): E[] | undefined {
  const on = (it: E) => it.rid === undefined || watched.includes(it.rid);
  // Nothing named is known here: a node that speaks of other layers is not followed into silence.
  if (!encodings.some((it) => it.rid !== undefined && watched.includes(it.rid))) return undefined;
  return encodings.some((it) => (it.active ?? true) !== on(it)) ? encodings.map((it) => ({ ...it, active: on(it) })) : undefined;
}
