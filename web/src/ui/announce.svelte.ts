/** What a screen reader is told of changes that it cannot see. Drawn by `Announcer`. */
import { untrack } from 'svelte';

export const spoken = $state({ polite: '', assertive: '' });

export function announce(text: string, how: 'polite' | 'assertive' = 'polite'): void {
  // The same sentence twice is said twice only if it differs: a trailing no-break space does that.
  // Who announces does not follow what was announced.
  spoken[how] = untrack(() => spoken[how]) === text ? `${text}\u00a0` : text;
}
