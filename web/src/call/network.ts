/**
 * When the line may be another than it was: the network came back or changed (from cable to wireless, from one cell to the next), or the
 * machine slept. Nobody waits for a timeout then; the line is asked at once.
 */

/** Looked at this often; a machine that slept missed some. */
const TICK_MS = 2_000;
/** A busy page is late by a second or two, a sleeping machine by more. */
const SLEPT_MS = 10_000;

type Events = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

export interface NetworkPlatform {
  window: Events;
  /** `navigator.connection` (W3C Network Information), where there is one. */
  connection: Events | undefined;
  now(): number;
  every(ms: number, run: () => void): () => void;
}

export const browserNetwork = (): NetworkPlatform => ({
  window,
  connection: (navigator as { connection?: Events }).connection,
  now: () => Date.now(), // goes on while the machine sleeps, which `performance.now()` need not
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
});

/** Calls until the answer is called. */
export function watchNetwork({ window, connection, now, every }: NetworkPlatform, changed: () => void): () => void {
  let seen = now();
  const stop = every(TICK_MS, () => {
    const late_ms = now() - seen - TICK_MS;
    seen = now();
    if (late_ms > SLEPT_MS) changed();
  });
  window.addEventListener('online', changed);
  connection?.addEventListener('change', changed);
  return () => {
    stop();
    window.removeEventListener('online', changed);
    connection?.removeEventListener('change', changed);
  };
}
