/** The growing pauses between attempts to reach the media node. */

/** The first attempt is immediate: most sockets break because the path changed, not because the node is gone. */
const DELAYS_MS = [0, 300, 1000, 2000, 4000] as const;
/** Everyone is back within seconds of a node's start, and a dead node sees one attempt in five seconds from each. */
const DELAY_MS_MAX = 5000;
/** A restart must not bring a whole room back in the same instant. */
const JITTER = 0.25;

/** Pause before attempt number `attempt`, counted from 0; `random` is uniform in [0, 1). */
export function reconnectDelayMs(attempt: number, random: () => number): number {
  const base = DELAYS_MS[attempt] ?? DELAY_MS_MAX;
  return base * (1 - JITTER + 2 * JITTER * random());
}
