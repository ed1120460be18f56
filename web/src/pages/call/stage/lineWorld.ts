/** What the line test asks of the world: the service, and the line of the meeting that runs. */
import type { CallView, LineWorld } from '@/call';
import { browserTimers } from '@/signal/time';

/** Answers without being signed in, and without a database. */
const SMALL = '/healthz';
const PATIENCE_MS = 8_000;

/** `line` of a meeting: its signalling is measured by its own pings, and nobody opens a second one. */
export function lineWorld(line: (() => CallView['line']) | undefined): LineWorld {
  return {
    async service() {
      const before = performance.now();
      const answer = await fetch(SMALL, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!answer.ok) throw new Error(`${answer.status}`);
      return performance.now() - before;
    },
    signalling: line === undefined ? openSignalling : () => Promise.resolve(line().signalRtt_ms),
    line: line && (() => line().stats),
    timers: browserTimers,
  };
}

/** Without a token nothing is asked: the socket opens, and is closed again. */
async function openSignalling(): Promise<number> {
  const address = await signalAddress();
  const before = performance.now();
  const socket = new WebSocket(address);
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error('no answer')), PATIENCE_MS);
    socket.addEventListener('open', () => {
      clearTimeout(timer);
      done(performance.now() - before);
      socket.close(1000);
    });
    socket.addEventListener('close', () => {
      clearTimeout(timer);
      failed(new Error('closed'));
    });
  });
}

/** Where signalling has a host of its own, the content security policy names it, because a page could not open it otherwise. */
async function signalAddress(): Promise<string> {
  const answer = await fetch('/', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
  const named = /connect-src[^;]*?\s(wss?:\/\/[^\s;]+)/.exec(answer.headers.get('content-security-policy') ?? '')?.[1];
  return named ?? new URL('/media/signal', window.location.href.replace(/^http/, 'ws')).href;
}
