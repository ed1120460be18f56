import { expect, it } from 'vitest';
import { Announcements, topicOf, TOPICS } from './announcements.svelte';

const memory = () => {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
};

it('tells of everything but who speaks, until somebody chooses', () => {
  const announcements = new Announcements(memory());
  expect(TOPICS.filter((it) => announcements.tells(it))).toEqual(['people', 'hands', 'chat', 'shares']);
});

it('keeps what was chosen, all of it off too', () => {
  const kept = memory();
  const first = new Announcements(kept);
  for (const topic of TOPICS) first.turn(topic, false);
  expect(TOPICS.some((it) => new Announcements(kept).tells(it))).toBe(false);
  first.turn('hands', true);
  expect(TOPICS.filter((it) => new Announcements(kept).tells(it))).toEqual(['hands']);
  for (const topic of TOPICS) first.turn(topic, true);
  expect(TOPICS.every((it) => new Announcements(kept).tells(it))).toBe(true);
});

it('never hides what must be known', () => {
  const announcements = new Announcements(undefined);
  for (const kind of ['recording_started', 'classification_raised', 'muted_by_host', 'reconnecting'] as const) {
    expect(announcements.tells(topicOf(kind))).toBe(true);
  }
});
