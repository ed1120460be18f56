/** The draft of a condition report, kept on this telephone for this person until it is sent: the line in a room may break. */
import { newIdempotencyKey } from '@/api';
import { parse, print, type ReportDraft } from './points';

export function keptReport(person: string, reservation: string, site: string) {
  const key = `sidang.condition.${person}.${reservation}.${site}`;
  const read = (): ReportDraft | null => {
    try {
      return parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const earlier = read();
  const draft = $state<ReportDraft>(earlier ?? { marks: {}, note: '', photographs: [], key: newIdempotencyKey() });
  let sent = false;

  $effect(() => {
    const text = print(draft);
    try {
      if (!sent) localStorage.setItem(key, text);
    } catch {
      // Not kept; the form still works.
    }
  });

  return {
    reopened: earlier !== null && Object.keys(earlier.marks).length > 0,
    get draft(): ReportDraft {
      return draft;
    },
    forget(): void {
      sent = true;
      try {
        localStorage.removeItem(key);
      } catch {
        // There was nothing to forget.
      }
    },
  };
}
