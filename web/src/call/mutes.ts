/**
 * Who muted what: the book of our own sources, as we told the node and as the node confirmed. A source that goes silent without our
 * having asked was muted by the host, and stays muted until its owner presses again.
 */

import { SOURCE_KINDS } from '../media/sources';
import type { SourceKind } from '../signal/wire/SourceKind';
import { sourceOf } from './people';
import { own, type Room } from './room';

export class MuteBook {
  private told = new Map<SourceKind, boolean>();
  private confirmed = new Map<SourceKind, boolean>();
  private readonly pending = new Map<SourceKind, number>();

  /** Whether the node has yet to be told that the source is (not) muted. One it does not list is silent. */
  mustTell(kind: SourceKind, muted: boolean): boolean {
    return (this.told.get(kind) ?? true) !== muted;
  }

  asked(kind: SourceKind, muted: boolean): void {
    this.told.set(kind, muted);
    this.pending.set(kind, this.count(kind) + 1);
  }

  answered(kind: SourceKind): void {
    this.pending.set(kind, Math.max(0, this.count(kind) - 1));
  }

  /** The roster changed; the answer is what the host muted with it. */
  heard(room: Room): SourceKind[] {
    const now = statesOf(room);
    const byHost = SOURCE_KINDS.filter(
      (kind) => this.count(kind) === 0 && now.get(kind) === true && this.confirmed.get(kind) === false && this.told.get(kind) === false,
    );
    for (const kind of byHost) this.told.set(kind, true);
    this.confirmed = now;
    return byHost;
  }

  /** We came (back) in: what the node says now counts as told. The answer is what the host muted meanwhile. */
  entered(room: Room): SourceKind[] {
    const now = statesOf(room);
    const byHost = SOURCE_KINDS.filter((kind) => now.get(kind) === true && this.told.get(kind) === false);
    this.told = new Map(now);
    this.confirmed = now;
    this.pending.clear();
    return byHost;
  }

  private count(kind: SourceKind): number {
    return this.pending.get(kind) ?? 0;
  }
}

function statesOf(room: Room): Map<SourceKind, boolean> {
  const row = own(room);
  return new Map(
    SOURCE_KINDS.flatMap((kind) => {
      const source = row && sourceOf(row, kind);
      return source === undefined ? [] : [[kind, source.muted] as const];
    }),
  );
}
