// The line of a room's panel may be cut, and its screen started anew: this hands out the page's own files as they were last kept
// (src/pages/panel/parts/offline.ts). It answers for /panel alone, keeps nothing itself, and never sees what the service says: the schedule
// stands in the device's own store.
const CACHE = 'sidang.panel';
/** A line that hangs is as good as cut. */
const PATIENCE_MS = 4_000;

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin || pathname.startsWith('/api/') || pathname.startsWith('/media/')) return;
  // What is named by its content never changes; everything else is asked for as long as there is somebody to answer.
  event.respondWith(pathname.startsWith('/assets/') ? keptFirst(request, pathname) : freshFirst(request, pathname));
});

const kept = async (pathname) => (await caches.open(CACHE)).match(pathname);

async function keptFirst(request, pathname) {
  return (await kept(pathname)) ?? fetch(request);
}

async function freshFirst(request, pathname) {
  const line = new AbortController();
  const timer = setTimeout(() => line.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(request, { signal: line.signal });
    return answer.status < 500 ? answer : ((await kept(pathname)) ?? answer);
  } catch (error) {
    const last = await kept(pathname);
    if (last) return last;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
