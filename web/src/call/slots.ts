/** Which source goes into which video slot. A source keeps its slot while it is wanted, so that no picture is switched without need. */

import type { SlotRequest } from '../signal/wire/SlotRequest';
import type { SourceId } from '../signal/wire/SourceId';

/** A picture that the page draws, and how large, in device pixels. */
export interface Want {
  source: SourceId;
  width: number;
  height: number;
  /** Higher first when the line is short (0 to 255). */
  priority: number;
}

/** What was asked of each slot. */
export type Asked = ReadonlyMap<string, SlotRequest>;

export interface Plan {
  /** What to send: only what changes. */
  requests: SlotRequest[];
  asked: Asked;
  /** Pictures for which there is no slot. */
  without: number;
}

/** Sizes are asked in steps, so that a window drawn wider pixel by pixel is not a message a pixel. */
const STEP_PX = 16;
/** A picture is never larger than this (`u16`, and no camera sends more). */
const PX_MAX = 4096;

const step = (px: number): number => Math.min(PX_MAX, Math.max(STEP_PX, Math.ceil(px / STEP_PX) * STEP_PX));

export function plan(slots: readonly string[], asked: Asked, wants: readonly Want[]): Plan {
  const wanted = new Map(
    byPriority(wants)
      .slice(0, slots.length)
      .map((it) => [it.source, it]),
  );
  const placed = new Map<string, Want>();
  for (const mid of slots) {
    const want = wanted.get(asked.get(mid)?.source ?? '');
    if (want === undefined) continue;
    placed.set(mid, want);
    wanted.delete(want.source);
  }
  const free = slots.filter((mid) => !placed.has(mid));
  for (const want of wanted.values()) {
    const mid = free.shift();
    if (mid !== undefined) placed.set(mid, want);
  }
  const next = new Map<string, SlotRequest>();
  for (const mid of slots) next.set(mid, request(mid, placed.get(mid)));
  const requests = [...next.values()].filter((it) => !same(it, asked.get(it.mid)));
  return { requests, asked: next, without: Math.max(0, wants.length - slots.length) };
}

const byPriority = (wants: readonly Want[]): Want[] =>
  [...new Map(wants.map((it) => [it.source, it])).values()].sort((a, b) => b.priority - a.priority);

const request = (mid: string, want: Want | undefined): SlotRequest =>
  want === undefined
    ? { mid, source: null, width: 0, height: 0, priority: 0 }
    : { mid, source: want.source, width: step(want.width), height: step(want.height), priority: want.priority };

/** A slot never asked for anything shows nothing already. */
function same(next: SlotRequest, before: SlotRequest | undefined): boolean {
  if (before === undefined) return next.source === null;
  return next.source === before.source && next.width === before.width && next.height === before.height && next.priority === before.priority;
}

/** Numbers of video slots that are offered, one after the other, as the roster grows. */
const STAGES = [9, 16, 25, 50] as const;

export const slotsFor = (pictures: number): number => STAGES.find((it) => it >= pictures) ?? STAGES[STAGES.length - 1] ?? 50;
