import { describe, expect, it } from 'vitest';
import { manifest, playTime, scenes, visible, type Track } from './recording';

const track = (session: string, kind: Track['kind'], starts_after_ms: number, change: Partial<Track> = {}): Track => ({
  source: `${session}-${kind}`,
  session,
  name: `Name ${session}`,
  kind,
  mime: 'video/webm; codecs=vp8',
  starts_after_ms,
  duration_ms: 10_000,
  file: `${session}-${kind}.webm`,
  spans: [{ from_ms: starts_after_ms, to_ms: starts_after_ms + 10_000 }],
  recovered: false,
  ...change,
});

describe('a manifest', () => {
  it('is read, and what a player does not need is dropped', () => {
    const given = { recording: 'r', started_at_ms: 5, duration_ms: 9, tracks: [{ ...track('a', 'camera', 0), bytes: 7, size: [640, 360] }] };
    expect(manifest(given)).toEqual({ started_at_ms: 5, duration_ms: 9, tracks: [track('a', 'camera', 0)] });
    expect(() => manifest({ ...given, tracks: [{}] })).toThrow();
  });

  it('names no file outside its folder', () => {
    const given = { started_at_ms: 5, duration_ms: 9, tracks: [track('a', 'camera', 0, { file: '../../api/v1/session' })] };
    expect(manifest(given).tracks[0]?.file).not.toContain('/');
  });
});

describe('scenes', () => {
  it('put together what belongs to one person, screens first, people as they came', () => {
    const tracks = [track('b', 'camera', 3_000), track('b', 'microphone', 3_100), track('a', 'microphone', 100), track('a', 'share_video', 6_000)];
    expect(scenes({ started_at_ms: 0, duration_ms: 1, tracks }).map((it) => [it.key, it.video?.source, it.audio?.source])).toEqual([
      ['a:share', 'a-share_video', undefined],
      ['a:person', undefined, 'a-microphone'],
      ['b:person', 'b-camera', 'b-microphone'],
    ]);
  });
});

describe('visible', () => {
  const late = track('a', 'camera', 5_600, {
    spans: [
      { from_ms: 5_600, to_ms: 8_000 },
      { from_ms: 12_000, to_ms: 15_600 },
    ],
  });
  it.each([
    [0, false],
    [5_600, true],
    [9_000, true],
    [10_000, false],
    [12_500, true],
    [20_000, false],
  ])('at %i ms: %s', (position, seen) => {
    expect(visible(late, position)).toBe(seen);
  });
});

it('playTime', () => {
  expect([0, 61_000, 3_723_000].map(playTime)).toEqual(['0:00', '1:01', '1:02:03']);
});
