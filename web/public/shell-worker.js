// The client's own files, kept so that an installed Sidang opens without a line and says that it has none. It keeps the page's frame and what
// is named by its content, and nothing that the service says: requests to /api, /media and the like pass by it untouched.
const CACHE = 'sidang.shell';
const FRAME = '/index.html';
/** Files of about three versions of the client; the oldest go first. */
const FILES_MAX = 400;
/** A line that hangs is as good as cut. */
const PATIENCE_MS = 4_000;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(prune()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (pathname.startsWith('/assets/')) event.respondWith(keptFirst(request, pathname));
  else if (request.mode === 'navigate' && isPage(pathname)) {
    event.respondWith(freshFirst(request));
    event.waitUntil(prune());
  }
});

/** As the service itself decides it: a path without a file's ending is a page of the client. */
const isPage = (pathname) => !/\.[^/]*$/.test(pathname) && !/^\/(api|media|internal|\.well-known)\//.test(pathname);

async function keptFirst(request, pathname) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(pathname);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(pathname, answer.clone());
  return answer;
}

async function freshFirst(request) {
  const cache = await caches.open(CACHE);
  const line = new AbortController();
  const timer = setTimeout(() => line.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(request, { signal: line.signal });
    // Every page is the same frame.
    if (answer.status === 200 && answer.headers.get('content-type')?.startsWith('text/html')) await cache.put(FRAME, answer.clone());
    return answer;
  } catch (error) {
    const last = await cache.match(FRAME);
    if (last) return last;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function prune() {
  const cache = await caches.open(CACHE);
  const files = (await cache.keys()).filter((it) => new URL(it.url).pathname !== FRAME);
  await Promise.all(files.slice(0, Math.max(0, files.length - FILES_MAX)).map((it) => cache.delete(it)));
}
