import { describe, expect, it } from 'vitest';
import { reconnectDelayMs } from './backoff';

describe('reconnectDelayMs', () => {
  it.each([
    [0, 0],
    [1, 300],
    [2, 1000],
    [3, 2000],
    [4, 4000],
    [5, 5000],
    [1000, 5000],
  ])('attempt %i waits about %i ms', (attempt, middle) => {
    expect(reconnectDelayMs(attempt, () => 0.5)).toBe(middle);
    expect(reconnectDelayMs(attempt, () => 0)).toBe(middle * 0.75);
    expect(reconnectDelayMs(attempt, () => 0.999)).toBeLessThanOrEqual(middle * 1.25);
  });
});
