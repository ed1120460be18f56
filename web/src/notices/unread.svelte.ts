/** How many notices wait to be read: what the bell shows. */
import { api } from '@/api';

/** How often it is asked, while somebody is at work. */
const EVERY_MS = 60_000;
/** Who has not touched the page for so long is taken to be away: asking on would keep the session open for nobody. */
const AT_WORK_MS = 5 * 60_000;

let count = $state(0);

export const unread = {
  get count(): number {
    return count;
  },
  set(value: number): void {
    count = value;
  },
  /** Asks now. Where it cannot be told, what was known stays. */
  async refresh(): Promise<void> {
    try {
      count = (await api.notices.list()).unread;
    } catch {
      // The page that is open says what is wrong with the line.
    }
  },
};

/** Asks again and again while somebody is at work; what it answers stops it. */
export function watchUnread(): () => void {
  let touched = Date.now();
  const touch = () => {
    touched = Date.now();
  };
  const look = () => {
    if (document.visibilityState === 'visible' && Date.now() - touched < AT_WORK_MS) void unread.refresh();
  };
  const back = () => {
    if (document.visibilityState !== 'visible') return;
    touch();
    look();
  };
  const timer = setInterval(look, EVERY_MS);
  window.addEventListener('pointerdown', touch);
  window.addEventListener('keydown', touch);
  document.addEventListener('visibilitychange', back);
  return () => {
    clearInterval(timer);
    window.removeEventListener('pointerdown', touch);
    window.removeEventListener('keydown', touch);
    document.removeEventListener('visibilitychange', back);
  };
}
