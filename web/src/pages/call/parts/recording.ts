/** A recording as its media node describes it: `manifest.json`, checked where it comes in, and read into the people that a page draws. */

import { flag, list, number, object, text, word, type Decoder } from '@/signal/shape';
import type { SourceKind } from '@/signal/wire/SourceKind';

export interface Span {
  from_ms: number;
  to_ms: number;
}

export interface Track {
  source: string;
  session: string;
  name: string;
  kind: SourceKind;
  mime: string;
  starts_after_ms: number;
  duration_ms: number;
  file: string;
  /** When something came of it. */
  spans: Span[];
  recovered: boolean;
}

export interface Manifest {
  started_at_ms: number;
  duration_ms: number;
  tracks: Track[];
}

/** Four sources of five hundred people. */
const TRACKS_MAX = 2_000;
/** As the recorder bounds them. */
const SPANS_MAX = 20_000;
const KINDS: readonly SourceKind[] = ['microphone', 'camera', 'share_video', 'share_audio'];

const span = object<Span>({ from_ms: number, to_ms: number });

/** A name in the folder of this recording and nothing else. */
const file: Decoder<string> = (value) => encodeURIComponent(text(value));

export const manifest: Decoder<Manifest> = object<Manifest>({
  started_at_ms: number,
  duration_ms: number,
  tracks: list(
    object<Track>({
      source: text,
      session: text,
      name: text,
      kind: word(KINDS, 'microphone'),
      mime: text,
      starts_after_ms: number,
      duration_ms: number,
      file,
      spans: list(span, SPANS_MAX),
      recovered: flag,
    }),
    TRACKS_MAX,
  ),
});

/** A rectangle of the recording: a person, or a shared screen, with the picture and the sound that belong together. */
export interface Scene {
  key: string;
  name: string;
  kind: 'person' | 'share';
  video: Track | undefined;
  audio: Track | undefined;
}

/** Shared screens first, then the people as they came. */
export function scenes({ tracks }: Manifest): Scene[] {
  const sessions = [...new Set(tracks.map((it) => it.session))];
  const starts = (session: string): number => Math.min(...tracks.filter((it) => it.session === session).map((it) => it.starts_after_ms));
  const of = (session: string, kind: SourceKind): Track | undefined => tracks.find((it) => it.session === session && it.kind === kind);
  const name = (session: string): string => tracks.find((it) => it.session === session)?.name ?? '';
  const sorted = sessions.sort((a, b) => starts(a) - starts(b));
  const shares = sorted.flatMap((session): Scene[] => {
    const [video, audio] = [of(session, 'share_video'), of(session, 'share_audio')];
    return video || audio ? [{ key: `${session}:share`, name: name(session), kind: 'share', video, audio }] : [];
  });
  const people = sorted.flatMap((session): Scene[] => {
    const [video, audio] = [of(session, 'camera'), of(session, 'microphone')];
    return video || audio ? [{ key: `${session}:person`, name: name(session), kind: 'person', video, audio }] : [];
  });
  return [...shares, ...people];
}

/** A camera that was off for less than this was not off. */
const GAP_MS = 1_500;

/** Whether something of the track is to be seen at a moment. */
export function visible(track: Track, position_ms: number): boolean {
  if (track.spans.length === 0) return position_ms >= track.starts_after_ms && position_ms <= track.starts_after_ms + track.duration_ms;
  return track.spans.some((it) => position_ms >= it.from_ms - 100 && position_ms <= it.to_ms + GAP_MS);
}

/** `1:02:03` or `2:03`. */
export function playTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
