/** Which of the pictures on the screen are asked for, how large and in which order: what is not drawn, or not wanted on a poor line, is not sent to us. */

import type { Placed } from './arrangement';
import type { Want } from './slots';

/** How much the line may carry: everything; shared screens and a few small faces; sound, and what was pinned. */
export const DATA_MODES = ['full', 'saver', 'audio'] as const;
export type DataMode = (typeof DATA_MODES)[number];

/** Faces on a line to be spared: who spoke last. */
export const SAVER_FACES_MAX = 3;
/** And how large: the lowest of the three layers that cameras send. */
const SAVER_SIZE = { width: 320, height: 180 };

/** Higher first when the line is short: a screen must stay readable, then what was pinned (hands that sign), then large, then loud. */
const SCREEN = 16;
const PINNED = 8;
const LARGE = 4;
const SPEAKS = 1;

export interface Judged {
  /** Keys of tiles, the first pinned first. */
  pins: readonly string[];
  mode: DataMode;
  /** Device pixels for one of the page's. */
  scale: number;
}

export function wantsOf(placed: readonly Placed[], { pins, mode, scale }: Judged): Want[] {
  const all = placed.flatMap((it): { want: Want; face: boolean; pinned: boolean }[] => {
    const { tile, rect, large } = it;
    if (tile.person.self || tile.source === undefined) return [];
    const pinned = pins.includes(tile.key);
    const priority = (tile.kind === 'share' ? SCREEN : 0) + (pinned ? PINNED : 0) + (large ? LARGE : 0) + (tile.person.speaking ? SPEAKS : 0);
    return [{ want: { source: tile.source, width: rect.width * scale, height: rect.height * scale, priority }, face: tile.kind === 'person', pinned }];
  });
  switch (mode) {
    case 'full':
      return all.map((it) => it.want);
    case 'audio':
      return all.filter((it) => it.pinned).map((it) => it.want);
    case 'saver': {
      const faces = all.filter((it) => it.face).sort((a, b) => b.want.priority - a.want.priority);
      const kept = new Set(faces.filter((it, index) => it.pinned || index < SAVER_FACES_MAX));
      return all.filter((it) => !it.face || kept.has(it)).map((it) => (it.face && !it.pinned ? { ...it.want, ...smaller(it.want) } : it.want));
    }
  }
}

const smaller = ({ width, height }: Want): { width: number; height: number } => ({
  width: Math.min(width, SAVER_SIZE.width),
  height: Math.min(height, SAVER_SIZE.height),
});
