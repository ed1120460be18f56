/** Keeps what a page shows up to date: asks the service whether anything was done to it, and reads it anew. A question is held open, so that a change is seen at once. */
import { client, taken } from './client';
import { asFailure } from './failure';

const PAUSE_MS = 5_000;
/** A desk that was left does not keep its session alive by asking (ASVS 5.0, 7.3.1). */
const IDLE_MS_MAX = 15 * 60_000;

/** To be called while a component starts; `about` names the reservation or meeting, nothing where there is none yet. */
export function follow(about: () => string | undefined, reload: () => Promise<unknown>): void {
  $effect(() => {
    const id = about();
    if (id === undefined) return;
    const stop = new AbortController();
    let touchedAt = Date.now();
    const touched = (): void => {
      touchedAt = Date.now();
    };
    const events = ['pointerdown', 'keydown', 'focus'] as const;
    for (const event of events) window.addEventListener(event, touched, { signal: stop.signal, passive: true });
    void run(id, stop.signal, () => document.visibilityState === 'visible' && Date.now() - touchedAt < IDLE_MS_MAX, reload);
    return () => stop.abort();
  });
}

async function run(about: string, signal: AbortSignal, looked: () => boolean, reload: () => Promise<unknown>): Promise<void> {
  let after: number | undefined;
  while (!signal.aborted) {
    if (!looked()) {
      await pause();
      continue;
    }
    try {
      const query = after === undefined ? { about } : { about, after };
      const { number, changed } = await taken(client.GET('/api/v1/changes', { params: { query }, signal }));
      after = number;
      if (changed && !signal.aborted) await reload();
    } catch (error) {
      if (signal.aborted) return;
      const failure = asFailure(error);
      if (failure.kind === 'refused' && failure.status < 500) return;
      await pause();
    }
  }
}

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, PAUSE_MS));
