/** Keeps a draft on the server while it is written: one save at a time, the last state always, tried again after a lost line. No framework, no clock of its own. */
import type { Failure } from '@/api/failure';

export type Kept = { id: string; version: number };
export type SaverPorts<C> = {
  create(content: C, key: string): Promise<Kept>;
  update(id: string, version: number, content: C): Promise<Kept>;
  failureOf(error: unknown): Failure;
  newKey(): string;
  /** Calls back after so many milliseconds; returns what takes that back. */
  later(ms: number, run: () => void): () => void;
  now(): number;
  changed(state: SaverState): void;
};

export type SaverState =
  | { at: 'empty' }
  | { at: 'waiting' }
  | { at: 'saving' }
  | { at: 'saved'; saved_at_ms: number }
  /** The line is gone; it is tried again by itself. */
  | { at: 'offline' }
  /** Another window wrote this draft since: a person must say which stands. */
  | { at: 'conflict'; version: number }
  | { at: 'refused'; failure: Failure };

/** A pause in typing before a save, and the pauses between tries while the line is gone. */
const PAUSE_MS = 900;
const RETRY_MS = [2_000, 5_000, 15_000, 30_000] as const;

export class Saver<C> {
  #kept: Kept | null;
  #wanted: C | null = null;
  #key: string | null = null;
  #saving = false;
  #closed = false;
  #tries = 0;
  #cancel: (() => void) | null = null;
  state: SaverState = { at: 'empty' };

  constructor(
    private readonly ports: SaverPorts<C>,
    kept: Kept | null,
  ) {
    this.#kept = kept;
  }

  get kept(): Kept | null {
    return this.#kept;
  }
  /** Something was written that the server does not have. */
  get owes(): boolean {
    return this.#wanted !== null || this.#saving;
  }

  /** The content as it is now. */
  want(content: C): void {
    if (this.#closed) return;
    this.#wanted = content;
    if (this.state.at === 'conflict' || this.#saving) return;
    this.#set({ at: 'waiting' });
    this.#plan(PAUSE_MS);
  }

  /** Without waiting for a pause: the page goes away, or the line came back. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    return this.#save();
  }

  /** After a conflict: what stands here is written over what stands there. */
  overwrite(): Promise<void> {
    if (this.state.at !== 'conflict' || !this.#kept) return Promise.resolve();
    this.#kept = { ...this.#kept, version: this.state.version };
    this.state = { at: 'waiting' };
    return this.#save();
  }

  /** Nothing more is saved: the draft was sent or thrown away. */
  close(): void {
    this.#closed = true;
    this.#wanted = null;
    this.#cancel?.();
    this.#cancel = null;
  }

  #set(state: SaverState): void {
    this.state = state;
    if (!this.#closed) this.ports.changed(state);
  }
  #plan(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.ports.later(ms, () => void this.#save());
  }

  async #save(): Promise<void> {
    const content = this.#wanted;
    if (this.#closed || this.#saving || content === null || this.state.at === 'conflict') return;
    this.#saving = true;
    this.#wanted = null;
    this.#set({ at: 'saving' });
    try {
      if (this.#kept) this.#kept = await this.ports.update(this.#kept.id, this.#kept.version, content);
      // Under one key, so that an answer that was lost makes no second draft.
      else this.#kept = await this.ports.create(content, (this.#key ??= this.ports.newKey()));
      this.#tries = 0;
      this.#saving = false;
      this.#set({ at: 'saved', saved_at_ms: this.ports.now() });
      if (this.#wanted !== null) this.#plan(PAUSE_MS);
    } catch (error) {
      this.#saving = false;
      this.#wanted ??= content;
      this.#failed(this.ports.failureOf(error));
    }
  }

  #failed(failure: Failure): void {
    if (failure.kind === 'refused' && failure.status === 409 && this.#kept) {
      const version = failure.refusal.values['version'];
      if (failure.refusal.code === 'conflict' && typeof version === 'number') {
        this.#set({ at: 'conflict', version });
        return;
      }
    }
    if (failure.kind === 'refused' && failure.status < 500 && failure.refusal.code !== 'rate.limited') {
      // The key was for another content: what is asked next is another question.
      if (failure.refusal.code === 'idempotency.mismatch') this.#key = null;
      this.#set({ at: 'refused', failure });
      return;
    }
    this.#set({ at: 'offline' });
    this.#plan(RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 30_000);
    this.#tries += 1;
  }
}
