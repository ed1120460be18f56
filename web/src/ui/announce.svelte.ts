/** What a screen reader is told of changes that it cannot see. Drawn by `Announcer`. */
export const spoken = $state({ polite: '', assertive: '' });

export function announce(text: string, how: 'polite' | 'assertive' = 'polite'): void {
  // The same sentence twice is said twice only if it differs: a trailing no-break space does that.
  spoken[how] = spoken[how] === text ? `${text}\u00a0` : text;
}
