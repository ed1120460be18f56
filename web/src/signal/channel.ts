/**
 * One signalling WebSocket: requests answered by number and in time, a ping that measures the path and notices a dead one.
 * It knows nothing of meetings; a broken channel is thrown away and a new one opened by who owns it.
 */

import { decode } from './decode';
import { Malformed } from './shape';
import type { Timers } from './time';
import type { ClientEnvelope } from './wire/ClientEnvelope';
import type { ClientMessage } from './wire/ClientMessage';
import type { ServerMessage } from './wire/ServerMessage';

/** Of a WebSocket, what the channel uses. */
export interface Socket {
  addEventListener(type: 'open', run: () => void): void;
  addEventListener(type: 'message', run: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', run: (event: { code: number }) => void): void;
  send(data: string): void;
  close(code?: number): void;
}

export type OpenSocket = (url: string) => Socket;

/** Opening may take a TLS handshake over a slow line. */
const OPEN_MS_MAX = 8_000;
/** An answer to anything but a ping: a join waits for the media node's whole room. */
const REPLY_MS_MAX = 8_000;
/** Often enough that proxies keep the path and that a dead one is noticed before people repeat themselves. */
const PING_EVERY_MS = 10_000;
const PONG_MS_MAX = 5_000;
/** Where the line may have changed: no answer within this is a dead path, and a new one is there in less. */
const CHECK_MS_MAX = 3_000;
/** Unanswered requests: a person does not press this fast. */
const PENDING_MAX = 64;

/** Close codes (RFC 6455, section 7.4). */
export const CLOSE_NORMAL = 1000;
/** The node restarts: come back at once. */
export const CLOSE_SERVICE_RESTART = 1012;
/** Ours: no answer in time (4000-4999 is for private use). */
export const CLOSE_UNANSWERED = 4000;
/** Ours: the other end does not speak the protocol. */
export const CLOSE_MALFORMED = 4001;
/** Ours: the media transport is to be built anew on a fresh socket. */
export const CLOSE_RENEW = 4002;

/** A message that answers a request. */
export type Reply = Extract<ServerMessage, { type: 'joined' | 'answer' | 'done' | 'refused' | 'pong' }>;
/** A message that came by itself. */
export type Push = Exclude<ServerMessage, Reply>;

/** Why a request got no answer. */
export class Unanswered extends Error {
  constructor(readonly why: 'closed' | 'timeout' | 'too_many') {
    super(why);
  }
}

export interface ChannelEvents {
  pushed(message: Push): void;
  /** Once, whoever closed it. */
  closed(code: number): void;
  measured?(rtt_ms: number): void;
}

interface Pending {
  settle(reply: Reply): void;
  fail(error: Unanswered): void;
  cancel(): void;
}

export class Channel {
  private readonly socket: Socket;
  private readonly pending = new Map<number, Pending>();
  private readonly waiting: string[] = [];
  private open = false;
  private over = false;
  private lastId = 0;
  private cancelOpen: () => void;
  private cancelPing: () => void = () => {};

  constructor(
    url: string,
    openSocket: OpenSocket,
    private readonly timers: Timers,
    private readonly events: ChannelEvents,
  ) {
    this.cancelOpen = timers.after(OPEN_MS_MAX, () => this.close(CLOSE_UNANSWERED));
    this.socket = openSocket(url);
    this.socket.addEventListener('open', () => this.opened());
    this.socket.addEventListener('message', (event) => this.received(event.data));
    this.socket.addEventListener('close', (event) => this.finish(event.code));
  }

  /** Sends a message, when the socket is open, and waits for its answer. */
  request(message: ClientMessage, within_ms = REPLY_MS_MAX): Promise<Reply> {
    if (this.over) return Promise.reject(new Unanswered('closed'));
    if (this.pending.size >= PENDING_MAX) return Promise.reject(new Unanswered('too_many'));
    const envelope: ClientEnvelope = { id: ++this.lastId, message };
    return new Promise((resolve, reject) => {
      const cancel = this.timers.after(within_ms, () => {
        this.pending.delete(envelope.id);
        reject(new Unanswered('timeout'));
      });
      this.pending.set(envelope.id, { settle: resolve, fail: reject, cancel });
      this.post(JSON.stringify(envelope));
    });
  }

  /** The path may be another than it was: it is asked at once, and given up sooner. */
  check(): void {
    if (!this.open || this.over) return;
    this.cancelPing();
    void this.ping(CHECK_MS_MAX);
  }

  close(code: number = CLOSE_NORMAL): void {
    if (this.over) return;
    this.socket.close(code);
    this.finish(code);
  }

  private post(envelope: string): void {
    if (this.open) this.socket.send(envelope);
    else this.waiting.push(envelope);
  }

  private opened(): void {
    if (this.over) return;
    this.open = true;
    this.cancelOpen();
    for (const envelope of this.waiting.splice(0)) this.socket.send(envelope);
    this.schedulePing();
  }

  private schedulePing(): void {
    this.cancelPing = this.timers.after(PING_EVERY_MS, () => void this.ping());
  }

  private async ping(within_ms = PONG_MS_MAX): Promise<void> {
    const sentAt = this.timers.now();
    try {
      await this.request({ type: 'ping' }, within_ms);
    } catch {
      return this.close(CLOSE_UNANSWERED);
    }
    if (this.over) return;
    this.events.measured?.(this.timers.now() - sentAt);
    this.cancelPing();
    this.schedulePing();
  }

  private received(data: unknown): void {
    if (this.over) return;
    let message: ServerMessage | undefined;
    try {
      message = decode(data);
    } catch (error) {
      if (error instanceof Malformed) return this.close(CLOSE_MALFORMED);
      throw error;
    }
    if (message === undefined) return;
    switch (message.type) {
      // Its answer takes as long as somebody inside does.
      case 'waiting':
        this.pending.get(message.id)?.cancel();
        return this.events.pushed(message);
      case 'joined':
      case 'answer':
      case 'done':
      case 'refused':
      case 'pong': {
        const pending = this.pending.get(message.id);
        this.pending.delete(message.id);
        pending?.cancel();
        return pending?.settle(message);
      }
      default:
        return this.events.pushed(message);
    }
  }

  private finish(code: number): void {
    if (this.over) return;
    this.over = true;
    this.cancelOpen();
    this.cancelPing();
    for (const pending of this.pending.values()) {
      pending.cancel();
      pending.fail(new Unanswered('closed'));
    }
    this.pending.clear();
    this.waiting.length = 0;
    this.events.closed(code);
  }
}
