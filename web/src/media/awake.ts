/** Keeps the screen of a telephone from going dark while a meeting runs (W3C Screen Wake Lock), as long as the page is seen. */

interface Lock {
  release(): Promise<void>;
}

export interface AwakePlatform {
  request: (() => Promise<Lock>) | undefined;
  visible(): boolean;
  /** Calls when the page is seen or hidden; the answer stops it. */
  onVisibility(changed: () => void): () => void;
}

export const browserAwake = (): AwakePlatform => ({
  request: 'wakeLock' in navigator ? () => navigator.wakeLock.request('screen') : undefined,
  visible: () => document.visibilityState === 'visible',
  onVisibility(changed) {
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  },
});

/** Until the answer is called. The browser takes the lock away when the page is hidden; it is asked for again when it is seen. */
export function stayAwake(platform: AwakePlatform): () => void {
  let lock: Lock | undefined;
  let over = false;
  const take = async (): Promise<void> => {
    if (over || platform.request === undefined || !platform.visible()) return;
    try {
      const taken = await platform.request();
      if (over) await taken.release();
      else lock = taken;
    } catch {
      // A battery that is low says no: the screen goes dark as it always did.
    }
  };
  const stop = platform.onVisibility(() => void take());
  void take();
  return () => {
    over = true;
    stop();
    void lock?.release().catch(() => {});
  };
}
