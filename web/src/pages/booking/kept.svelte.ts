/** The draft of an application, kept in this browser for this person until it is sent or thrown away. */
import { DAY_MS, isoDate } from '@/i18n/format';
import { emptyDraft, parse, print, type Draft } from './draft';

/** TP-2 asks for three days: the first day that can be had is the one to propose. */
const PROPOSED_DAYS = 3;

export function keptDraft(person: string) {
  const key = `sidang.draft.${person}`;
  const read = (): Draft | null => {
    try {
      return parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const fresh = () => emptyDraft(isoDate(Date.now() + PROPOSED_DAYS * DAY_MS));
  const earlier = read();
  let draft = $state<Draft>(earlier ?? fresh());

  $effect(() => {
    const text = print(draft);
    try {
      localStorage.setItem(key, text);
    } catch {
      // Not kept; the form still works.
    }
  });

  return {
    reopened: earlier !== null,
    get draft(): Draft {
      return draft;
    },
    forget(): void {
      draft = fresh();
      // After the effect above has written the fresh one.
      queueMicrotask(() => setTimeout(() => localStorage.removeItem(key)));
    },
  };
}
