/** The language of the interface. Messages read it inside the template, so a change redraws every sentence without a reload. */
import { overwriteGetLocale, overwriteSetLocale } from '@/paraglide/runtime';

export type Locale = 'ms' | 'en';
const KEY = 'sidang.locale';

function stored(): Locale | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'ms' || value === 'en' ? value : null;
  } catch {
    return null;
  }
}

let current = $state<Locale>(stored() ?? 'ms');

export const locale = {
  get current(): Locale {
    return current;
  },
  /** What the person chose on this device. */
  choose(next: Locale): void {
    current = next;
    document.documentElement.lang = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Kept for this visit only.
    }
  },
  /** What the account says, where nothing was chosen on this device. */
  propose(next: Locale): void {
    if (stored() !== null) return;
    current = next;
    document.documentElement.lang = next;
  },
};

overwriteGetLocale(() => current);
overwriteSetLocale((next) => {
  locale.choose(next as Locale);
});
