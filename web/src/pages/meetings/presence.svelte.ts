/** The presence of some people, asked anew while the page is looked at. */
import { api } from '@/api';
import type { PresenceState } from '@/api/types';

const EVERY_MS = 30_000;
/** The server answers for so many at once. */
const PEOPLE_MAX = 50;

/** To be called while a component starts; `of` names the people. Where it cannot be told, nobody has a state. */
export function watchPresence(of: () => readonly string[]): { readonly of: Readonly<Record<string, PresenceState>> } {
  let known = $state.raw<Readonly<Record<string, PresenceState>>>({});
  $effect(() => {
    const people = of().slice(0, PEOPLE_MAX);
    if (people.length === 0) return;
    let over = false;
    const ask = async (): Promise<void> => {
      if (document.visibilityState !== 'visible') return;
      try {
        const { presence } = await api.presence(people);
        if (!over) known = Object.fromEntries(presence.map((it) => [it.person, it.state]));
      } catch {
        if (!over) known = {};
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  });
  return {
    get of() {
      return known;
    },
  };
}
