/** Where tiles stand: the fitting of rectangles into the stage, and the choice of who is on it. Pure: sizes in, sizes out. */

import type { SessionId } from '../signal/wire/SessionId';
import type { Tile } from './people';

export interface Size {
  width: number;
  height: number;
}

export interface Grid {
  columns: number;
  rows: number;
  tile: Size;
}

/** Tiles on one page at most: beyond this a face is smaller than a thumb. */
export const TILES_MAX = 49;
/** A tile with less room than this, in square pixels, says nothing. */
const TILE_AREA_MIN = 15_000;

/** The grid of `count` tiles of one shape that fills the stage best. */
export function fitGrid(count: number, stage: Size, gap: number, aspect = 16 / 9): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const width = (stage.width - gap * (columns - 1)) / columns;
    const height = (stage.height - gap * (rows - 1)) / rows;
    const fitted = Math.max(0, Math.min(width, height * aspect));
    if (fitted > best.tile.width) best = { columns, rows, tile: { width: fitted, height: fitted / aspect } };
  }
  return best;
}

/** Shapes of a tile, and what each is worth: a picture cut narrower than the camera's loses who sits at its sides. */
const SHAPES = [
  { aspect: 16 / 9, worth: 1 },
  { aspect: 4 / 3, worth: 0.85 },
  { aspect: 1, worth: 0.7 },
] as const;
/** A stage as wide as a window cuts nothing: a room of six is all in the picture. */
const WIDE_SHAPES = 1;

/** The grid that fills the stage best over the shapes a tile may have. */
export function bestGrid(count: number, stage: Size, gap: number): Grid {
  const shapes = SHAPES.slice(0, stage.width >= stage.height ? WIDE_SHAPES : SHAPES.length);
  const judged = shapes.map(({ aspect, worth }) => {
    const grid = fitGrid(count, stage, gap, aspect);
    return { grid, value: grid.tile.width * grid.tile.height * worth };
  });
  return judged.reduce((best, it) => (it.value > best.value ? it : best)).grid;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

/** The grid, drawn out: rows in the middle of the stage, a last row that is not full in the middle of its line. */
export function gridRects(count: number, stage: Size, gap: number): Rect[] {
  const { columns, rows, tile } = bestGrid(count, stage, gap);
  const top = (stage.height - rows * tile.height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (stage.width - inRow * tile.width - (inRow - 1) * gap) / 2;
    const x = left + (index - row * columns) * (tile.width + gap);
    return { x, y: top + row * (tile.height + gap), ...tile };
  });
}

/** Of the stage, the share that the small tiles beside a large one take. */
const STRIP_SHARE = 0.18;
const STRIP_MIN = 108;
const STRIP_MAX = 240;

/** One large tile, and beside it (below it on an upright stage) as many small ones as fit. */
export function speakerRects(others: number, stage: Size, gap: number): { main: Rect; strip: Rect[] } {
  if (others === 0) return { main: { x: 0, y: 0, ...stage }, strip: [] };
  const upright = stage.height > stage.width;
  const across = Math.min(STRIP_MAX, Math.max(STRIP_MIN, (upright ? stage.height : stage.width) * STRIP_SHARE));
  const small: Size = upright ? { width: across, height: across } : { width: across, height: (across * 9) / 16 };
  const length = upright ? stage.width : stage.height;
  const pitch = (upright ? small.width : small.height) + gap;
  const count = Math.min(others, Math.max(1, Math.floor((length + gap) / pitch)));
  const start = Math.max(0, (length - count * pitch + gap) / 2);
  const strip = Array.from({ length: count }, (_, index): Rect =>
    upright
      ? { x: start + index * pitch, y: stage.height - small.height, ...small }
      : { x: stage.width - small.width, y: start + index * pitch, ...small },
  );
  const main: Rect = upright
    ? { x: 0, y: 0, width: stage.width, height: Math.max(0, stage.height - small.height - gap) }
    : { x: 0, y: 0, width: Math.max(0, stage.width - small.width - gap), height: stage.height };
  return { main, strip };
}

/** Alone with one other, that one has the stage, and our own picture a corner of it. */
export function cornerRect(stage: Size, gap: number): Rect {
  const width = Math.min(240, Math.max(96, stage.width * 0.2));
  const height = stage.width >= stage.height ? (width * 9) / 16 : (width * 4) / 3;
  return { x: stage.width - width - gap, y: stage.height - height - gap, width, height };
}

/** How many tiles a stage holds before they become too small. */
export function capacity(stage: Size, gap: number): number {
  const area = ({ tile }: Grid): number => tile.width * tile.height;
  let count = 1;
  while (count < TILES_MAX && area(bestGrid(count + 1, stage, gap)) >= TILE_AREA_MIN) count += 1;
  return count;
}

/**
 * Which of the tiles are on the stage when not all fit: shares, then ourselves, then those who spoke last, then by joining; drawn in
 * the order given, so that nobody jumps while they stay.
 */
export function onStage(all: readonly Tile[], room: number, lastSpoke: readonly SessionId[]): Tile[] {
  if (all.length <= room) return [...all];
  const rank = (tile: Tile): number => {
    if (tile.kind === 'share') return -2;
    if (tile.person.self) return -1;
    const spoke = lastSpoke.indexOf(tile.person.participant.session);
    return spoke < 0 ? lastSpoke.length : spoke;
  };
  const chosen = new Set(
    all
      .map((tile, index) => ({ tile, index, rank: rank(tile) }))
      .sort((a, b) => a.rank - b.rank || a.index - b.index)
      .slice(0, room)
      .map((it) => it.tile.key),
  );
  return all.filter((it) => chosen.has(it.key));
}

/** The tile that the speaker layout shows large: the pinned one, a shared screen, who spoke last (not ourselves), or whoever is there. */
export function featured(all: readonly Tile[], pinned: string | undefined, lastSpoke: readonly SessionId[]): Tile | undefined {
  const others = all.filter((it) => !it.person.self);
  const spoke = lastSpoke
    .map((session) => others.find((it) => it.kind === 'person' && it.person.participant.session === session))
    .find((it) => it !== undefined);
  return all.find((it) => it.key === pinned) ?? all.find((it) => it.kind === 'share') ?? spoke ?? others[0] ?? all[0];
}

/** Those who spoke, the last first, without repetition: who is loud now comes before who was. */
export function remember(lastSpoke: readonly SessionId[], speakers: readonly SessionId[], present: ReadonlySet<SessionId>): SessionId[] {
  return [...new Set([...speakers, ...lastSpoke])].filter((it) => present.has(it));
}
