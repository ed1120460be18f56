import { expect, it } from 'vitest';
import { Advice } from './advice';

it('suggests the next mode down once a poor line stays poor', () => {
  const advice = new Advice();
  expect(advice.read(0, 'poor', 'full')).toBeUndefined();
  expect(advice.read(7_999, 'poor', 'full')).toBeUndefined();
  expect(advice.read(8_000, 'poor', 'full')).toBe('saver');
  expect(advice.read(8_000, 'poor', 'saver')).toBe('audio');
  expect(advice.read(8_000, 'poor', 'audio')).toBeUndefined();
});

it('begins anew when the line was good, and when a mode was taken', () => {
  const advice = new Advice();
  advice.read(0, 'poor', 'full');
  expect(advice.read(9_000, 'good', 'full')).toBeUndefined();
  expect(advice.read(10_000, 'poor', 'full')).toBeUndefined();
  expect(advice.read(18_000, 'poor', 'full')).toBe('saver');
  advice.answered(18_000, true);
  expect(advice.read(20_000, 'poor', 'saver')).toBeUndefined();
  expect(advice.read(28_000, 'poor', 'saver')).toBe('audio');
});

it('leaves whoever said no in peace', () => {
  const advice = new Advice();
  advice.read(0, 'poor', 'full');
  expect(advice.read(8_000, 'poor', 'full')).toBe('saver');
  advice.answered(8_000, false);
  advice.read(8_001, 'poor', 'full');
  expect(advice.read(300_000, 'poor', 'full')).toBeUndefined();
  expect(advice.read(308_000, 'poor', 'full')).toBe('saver');
});
