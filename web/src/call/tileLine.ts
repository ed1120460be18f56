/** How a person's picture comes to us, and why it does not: read from the roster, the slot and the browser's statistics. */

import type { SlotStats } from '../media/stats';
import type { Tile } from './people';
import type { Picture } from './view';

/** Why a picture stands still or is not there, although the camera is on. */
export type Held =
  /** The person's own line is lost. */
  | 'disconnected'
  /** Our line does not carry it. */
  | 'bandwidth'
  /** It is on its way. */
  | 'waiting'
  /** We asked for less, to spare the line. */
  | 'spared';

/** Of a picture that comes: 3 whole, 2 with flaws, 1 hardly; 0 none of it does. */
export type Bars = 0 | 1 | 2 | 3;

export interface TileLine {
  held: Held | undefined;
  /** Nothing where there is nothing to measure. */
  bars: Bars | undefined;
}

/** Loss after repair is seen as blocks and stops; fewer pictures than these are seen as jerks. */
const LOSS = { flawed: 0.03, bad: 0.08 };
const FACE_RATE = { flawed: 12, bad: 6 };

/** `wanted`: it was asked for in the last request. `stats`: of its slot. */
export function tileLine(tile: Tile, picture: Picture | undefined, stats: SlotStats | undefined, wanted: boolean): TileLine {
  if (tile.person.self) return { held: undefined, bars: undefined };
  if (!tile.person.participant.connected) return { held: 'disconnected', bars: 0 };
  if (tile.source === undefined) return { held: undefined, bars: undefined };
  switch (picture?.paused) {
    case 'disconnected':
      return { held: 'disconnected', bars: 0 };
    case 'bandwidth':
      return { held: 'bandwidth', bars: 0 };
    case 'waiting':
      return { held: 'waiting', bars: undefined };
    case 'muted':
      return { held: undefined, bars: undefined };
    case undefined:
      if (picture === undefined) return { held: wanted ? 'waiting' : 'spared', bars: undefined };
      return { held: undefined, bars: stats === undefined || stats.width === 0 ? undefined : barsOf(stats, tile.kind) };
  }
}

/** A screen that does not change sends no pictures: only what is lost counts there. */
function barsOf({ loss, fps, freezes }: SlotStats, kind: Tile['kind']): Bars {
  const face = kind === 'person';
  if (loss > LOSS.bad || (face && (fps < FACE_RATE.bad || freezes > 1))) return 1;
  if (loss > LOSS.flawed || (face && (fps < FACE_RATE.flawed || freezes > 0))) return 2;
  return 3;
}
