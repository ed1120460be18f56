/** The address as state, and the ways to change it. */
import { tick, untrack } from 'svelte';

type Location = { path: string; query: URLSearchParams; hash: string };

function read(): Location {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search), hash: window.location.hash };
}

let here = $state.raw<Location>(read());
/** Counts navigations that change the page, so that focus and scroll follow each. */
let visits = $state(0);
/** Scroll positions by history entry; a session holds few, and the oldest go first. */
const SCROLLS_MAX = 50;
const scrolls = new Map<number, number>();
let entry = entryNumber();
let guard: (() => boolean) | null = null;

function entryNumber(): number {
  const state: unknown = window.history.state;
  if (typeof state === 'object' && state !== null && 'entry' in state && typeof state.entry === 'number') return state.entry;
  return 0;
}

function keepScroll(): void {
  scrolls.delete(entry);
  scrolls.set(entry, window.scrollY);
  const oldest = scrolls.keys().next();
  if (scrolls.size > SCROLLS_MAX && !oldest.done) scrolls.delete(oldest.value);
}

export const router = {
  get path(): string {
    return here.path;
  },
  get query(): URLSearchParams {
    return here.query;
  },
  get hash(): string {
    return here.hash;
  },
  get visits(): number {
    return visits;
  },
  /** The path with its query: what a sign-in returns to. */
  get full(): string {
    const query = here.query.toString();
    return query === '' ? here.path : `${here.path}?${query}`;
  },
  /** Asked before a page is left by a link or by the history; answer false to stay. Returns its own removal. */
  guardLeaving(ask: () => boolean): () => void {
    guard = ask;
    return () => {
      if (guard === ask) guard = null;
    };
  },
};

/** An effect that navigates does not come to depend on where one is. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  untrack(() => move(to, options));
}

function move(to: string, options: { replace?: boolean }): void {
  const url = new URL(to, window.location.href);
  const samePage = url.pathname === here.path;
  if (!samePage && guard && !guard()) return;
  keepScroll();
  if (options.replace) {
    window.history.replaceState({ entry }, '', url);
  } else {
    entry += 1;
    window.history.pushState({ entry }, '', url);
  }
  here = read();
  if (!samePage || !options.replace) visits += 1;
  if (url.hash === '' && !samePage) window.scrollTo(0, 0);
}

/** Changes the query of this page without a visit: filters and tabs, kept in the address. */
export function setQuery(values: Record<string, string | null>): void {
  const url = new URL(window.location.href);
  for (const [key, value] of Object.entries(values)) {
    if (value === null || value === '') url.searchParams.delete(key);
    else url.searchParams.set(key, value);
  }
  window.history.replaceState({ entry }, '', url);
  here = read();
}

/** Follows links of our own without loading the page. Returns its removal. */
export function startRouter(): () => void {
  window.history.scrollRestoration = 'manual';
  const onPop = () => {
    if (guard && window.location.pathname !== here.path && !guard()) {
      entry += 1;
      window.history.pushState({ entry }, '', `${here.path}${here.query.size > 0 ? `?${here.query}` : ''}`);
      return;
    }
    keepScroll();
    entry = entryNumber();
    const samePage = window.location.pathname === here.path;
    here = read();
    if (!samePage) visits += 1;
    const top = scrolls.get(entry) ?? 0;
    void tick().then(() => requestAnimationFrame(() => window.scrollTo(0, top)));
  };
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link?.href || link.target === '_blank' || link.hasAttribute('download') || link.dataset['native'] !== undefined) return;
    const url = new URL(link.href);
    if (url.origin !== window.location.origin || url.pathname.startsWith('/api/') || url.pathname.startsWith('/media/')) return;
    if (url.pathname === window.location.pathname && url.hash !== '') return;
    event.preventDefault();
    navigate(url.pathname + url.search + url.hash);
  };
  window.addEventListener('popstate', onPop);
  document.addEventListener('click', onClick);
  return () => {
    window.removeEventListener('popstate', onPop);
    document.removeEventListener('click', onClick);
  };
}
