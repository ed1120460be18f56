/** The worker that keeps the client's own files (`public/shell-worker.js`), so that an installed Sidang opens without a line. */

/** Once everything that the page itself needs is there. A room's screen has a worker of its own. */
export function keepShell(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator) || window.location.pathname.startsWith('/panel')) return;
  const register = (): void => void navigator.serviceWorker.register('/shell-worker.js', { scope: '/', updateViaCache: 'none' }).catch(() => {}); // a private window keeps nothing
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register, { once: true });
}
