/** Time as it is passed in: tests put a virtual timeline in its place. */
export interface Timers {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Runs once after a while; the answer calls it off. */
  after(delay_ms: number, run: () => void): () => void;
}

export const browserTimers: Timers = {
  now: () => performance.now(),
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
};
