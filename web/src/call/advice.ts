/** When to say that the line is too poor for pictures: after it was poor for a while, never twice in a short time, and never of what is already so. */

import type { Quality } from './quality';
import type { DataMode } from './wants';

/** A line that is poor for this long will not be good again by itself. */
const POOR_MS = 8_000;
/** Whoever said no is left in peace for this long. */
const PEACE_MS = 5 * 60_000;

export class Advice {
  private poorSince: number | undefined;
  private quietUntil = -Infinity;

  /** What to suggest now, if anything: the next mode down. */
  read(now: number, quality: Quality, mode: DataMode): Exclude<DataMode, 'full'> | undefined {
    if (quality !== 'poor') {
      this.poorSince = undefined;
      return undefined;
    }
    this.poorSince ??= now;
    if (mode === 'audio' || now < this.quietUntil || now - this.poorSince < POOR_MS) return undefined;
    return mode === 'full' ? 'saver' : 'audio';
  }

  /** The person answered, one way or the other: a new mode is given time to help. */
  answered(now: number, taken: boolean): void {
    this.poorSince = undefined;
    this.quietUntil = now + (taken ? POOR_MS : PEACE_MS);
  }
}
