/**
 * The page's own files, kept on the device so that it starts without a line; `public/panel-worker.js` hands them out. Only what is the same for
 * everyone who opens the page: no schedule, no word of a meeting.
 */

const CACHE = 'sidang.panel';
const PAGE = '/panel';
/** Without a name that says what is in them: fetched anew each time. */
const PLAIN: readonly string[] = [PAGE, '/boot.js', '/favicon.svg'];

/** The files of the build among the addresses that a page has loaded. */
export function filesOf(loaded: readonly string[], origin: string): string[] {
  const paths = loaded.map((it) => new URL(it, origin)).filter((it) => it.origin === origin && it.pathname.startsWith('/assets/'));
  return [...new Set(paths.map((it) => it.pathname))];
}

/** Whether a page as the server has it now is made of these files: after an update it is not, until it is loaded anew. */
export function isMadeOf(page: string, files: readonly string[]): boolean {
  const named = page.match(/\/assets\/[\w.-]+/g) ?? [];
  return named.length > 0 && named.every((it) => files.includes(it));
}

/** Once the page is drawn: then the letters that it is drawn in are loaded too. */
async function drawn(): Promise<void> {
  const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
  await frame();
  await frame();
  await document.fonts.ready;
}

/** Keeps the page as it is loaded. Where the browser has no such store, the page only cannot start without a line. */
export async function keepPage(): Promise<void> {
  await drawn();
  const files = filesOf(
    performance.getEntriesByType('resource').map((it) => it.name),
    window.location.origin,
  );
  const page = await fetch(PAGE, { cache: 'no-store' });
  if (!page.ok || !isMadeOf(await page.text(), files)) return;
  const cache = await caches.open(CACHE);
  const had = (await cache.keys()).map((it) => new URL(it.url).pathname);
  await cache.addAll([...PLAIN, ...files.filter((it) => !had.includes(it))]);
  for (const it of had) if (!files.includes(it) && !PLAIN.includes(it)) await cache.delete(it);
  await navigator.serviceWorker.register('/panel-worker.js', { scope: PAGE, updateViaCache: 'none' });
}
