/** A timeline that moves only when a test says so. */

import type { Timers } from '../../signal/time';

interface Due {
  at: number;
  run: () => void;
}

/** More turns of the microtask queue than any chain of promises in the code under test. */
const TURNS = 60;

export class VirtualTime implements Timers {
  private at = 0;
  private due: Due[] = [];

  now(): number {
    return this.at;
  }

  after(delay_ms: number, run: () => void): () => void {
    const entry = { at: this.at + delay_ms, run };
    this.due.push(entry);
    return () => {
      this.due = this.due.filter((it) => it !== entry);
    };
  }

  /** Lets promises settle without moving time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
  }

  async advance(by_ms: number): Promise<void> {
    const end = this.at + by_ms;
    await this.settle();
    for (;;) {
      const next = this.due.filter((it) => it.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.due = this.due.filter((it) => it !== next);
      this.at = next.at;
      next.run();
      await this.settle();
    }
    this.at = end;
  }
}
