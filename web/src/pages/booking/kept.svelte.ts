/** A draft and its keeping, for one form: what was written, how its keeping stands, and when it is asked to hurry. */
import { api, newIdempotencyKey } from '@/api';
import { asFailure } from '@/api/failure';
import type { DraftContent } from '@/api/types';
import { Saver, type Kept, type SaverState } from './saver';

/** To be made while a component starts; `content` is read in an effect. `onMade` hears of the first save. */
export function keeping(kept: Kept | null, content: () => DraftContent, onMade: (id: string) => void) {
  let state = $state.raw<SaverState>({ at: 'empty' });
  let known = JSON.stringify(content());
  let made = kept !== null;

  const saver = new Saver<DraftContent>(
    {
      create: (it, key) => api.drafts.create(it, key),
      update: (id, version, it) => api.drafts.update(id, version, it),
      failureOf: asFailure,
      newKey: newIdempotencyKey,
      later: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      now: () => Date.now(),
      changed: (next) => {
        state = next;
        if (!made && saver.kept) {
          made = true;
          onMade(saver.kept.id);
        }
      },
    },
    kept,
  );

  $effect(() => {
    const now = content();
    const text = JSON.stringify(now);
    if (text === known) return;
    known = text;
    saver.want(now);
  });
  $effect(() => {
    const hurry = () => {
      if (document.visibilityState === 'hidden') void saver.flush();
    };
    const again = () => void saver.flush();
    const hold = (event: BeforeUnloadEvent) => {
      // Only what could not be saved holds a person back.
      if (saver.owes && state.at !== 'conflict') event.preventDefault();
    };
    document.addEventListener('visibilitychange', hurry);
    window.addEventListener('online', again);
    window.addEventListener('beforeunload', hold);
    return () => {
      document.removeEventListener('visibilitychange', hurry);
      window.removeEventListener('online', again);
      window.removeEventListener('beforeunload', hold);
      // The page is left within the client: the save goes on behind it.
      void saver.flush();
    };
  });

  return {
    get state(): SaverState {
      return state;
    },
    get id(): string | undefined {
      return saver.kept?.id;
    },
    overwrite: () => saver.overwrite(),
    flush: () => saver.flush(),
    close: () => saver.close(),
  };
}
