/** How well the line holds, in three words that a person understands. */

import type { LineStats } from '../media/stats';

export type Quality = 'good' | 'poor' | 'lost';

/** Beyond these, speech suffers: the values at which Opus with FEC begins to be heard as broken, and at which people talk over each other. */
const LOSS_POOR = 0.08;
const CONCEALED_POOR = 0.05;
const RTT_POOR_MS = 400;
const JITTER_POOR_MS = 80;
/** Readings in a row before the word changes: one bad second is not a bad line. */
const READINGS = 2;

export function poor(stats: LineStats): boolean {
  const audio = stats.slots.filter((it) => it.kind === 'audio');
  return (
    stats.lossUp > LOSS_POOR ||
    stats.limitation === 'bandwidth' ||
    (stats.rtt_ms ?? 0) > RTT_POOR_MS ||
    stats.slots.some((it) => it.loss > LOSS_POOR) ||
    audio.some((it) => it.concealed > CONCEALED_POOR || it.jitter_ms > JITTER_POOR_MS)
  );
}

/** Follows the readings with some patience in both directions. */
export class QualityMeter {
  private word: 'good' | 'poor' = 'good';
  private against = 0;

  read(stats: LineStats): 'good' | 'poor' {
    const now = poor(stats) ? 'poor' : 'good';
    this.against = now === this.word ? 0 : this.against + 1;
    if (this.against >= READINGS) {
      this.word = now;
      this.against = 0;
    }
    return this.word;
  }
}
