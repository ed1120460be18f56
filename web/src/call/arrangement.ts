/** Who stands where: a layout, pins and the own picture, made into rectangles and pages. Pure: what the person chose and the stage in, places out. */

import type { SessionId } from '../signal/wire/SessionId';
import { cornerRect, featured, gridRects, onStage, speakerRects, type Rect, type Size } from './arrange';
import type { Tile } from './people';

/** `auto` is the grid, or what is shared and pinned large; `side` gives these and the people half of the stage each. */
export const LAYOUTS = ['auto', 'grid', 'speaker', 'side'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Where our own picture is: among the others, in a corner, or not drawn (it is sent all the same). */
export const SELF_VIEWS = ['tile', 'float', 'hidden'] as const;
export type SelfView = (typeof SELF_VIEWS)[number];

/** Large tiles at once: two interpreters, two screens and two speakers. Beyond this none of them is large. */
export const LARGE_MAX = 6;

/** What the person chose to see. */
export interface Looks {
  layout: Layout;
  /** Keys of tiles, the first pinned first. */
  pins: readonly string[];
  self: SelfView;
  /** From 0. */
  page: number;
}

export interface Placed {
  tile: Tile;
  rect: Rect;
  /** Over another tile. */
  corner: boolean;
  /** One of those that the layout shows large. */
  large: boolean;
}

export interface Arrangement {
  shape: 'grid' | 'speaker' | 'side';
  placed: Placed[];
  /** Pages of those who are not large; at least one. */
  pages: number;
  page: number;
}

export interface Stage extends Size {
  gap: number;
  /** Tiles that a grid holds before they become too small (`capacity`). */
  room: number;
}

export function arrange(everything: readonly Tile[], looks: Looks, lastSpoke: readonly SessionId[], stage: Stage): Arrangement {
  // Who shares sees the people: the own screen is on the screen already.
  const all = everything.filter((it) => it.kind === 'person' || !it.person.self);
  if (stage.width === 0 || stage.height === 0 || all.length === 0) return { shape: 'grid', placed: [], pages: 1, page: 0 };
  const own = all.find(isOwn);
  const others = all.filter((it) => it !== own);
  const corner = own !== undefined && others.length > 0 && looks.self === 'float';
  const shown = own === undefined || (looks.self === 'tile' && !corner) || others.length === 0 ? all : others;
  const large = largeOf(shown, looks, lastSpoke);
  const result = large.length > 0 && shown.length > 1 ? split(shown, large, looks, lastSpoke, stage) : grid(shown, looks.page, lastSpoke, stage);
  if (corner && own !== undefined) result.placed.push({ tile: own, rect: cornerRect(stage, stage.gap + 4), corner: true, large: false });
  return result;
}

const isOwn = (tile: Tile): boolean => tile.person.self && tile.kind === 'person';

/** What is shown large: the pinned, else all that is shared, else (where the layout has a large one always) who spoke last. */
function largeOf(all: readonly Tile[], looks: Looks, lastSpoke: readonly SessionId[]): Tile[] {
  if (looks.layout === 'grid') return [];
  const pinned = looks.pins.flatMap((key) => all.find((it) => it.key === key) ?? []);
  if (pinned.length > 0) return pinned.slice(0, LARGE_MAX);
  const shares = all.filter((it) => it.kind === 'share');
  if (shares.length > 0) return shares.slice(0, LARGE_MAX);
  if (looks.layout === 'auto') return [];
  const one = featured(all, undefined, lastSpoke);
  return one === undefined ? [] : [one];
}

function split(all: readonly Tile[], large: readonly Tile[], looks: Looks, lastSpoke: readonly SessionId[], stage: Stage): Arrangement {
  const rest = all.filter((it) => !large.includes(it));
  if (rest.length === 0) return { shape: 'speaker', placed: many(large, { x: 0, y: 0, ...stage }, stage.gap), pages: 1, page: 0 };
  if (looks.layout === 'side') {
    const [left, right] = halves(stage);
    const side = { ...right, gap: stage.gap, room: Math.max(1, Math.floor(stage.room / 2)) };
    const people = grid(rest, looks.page, lastSpoke, side);
    return { ...people, shape: 'side', placed: [...many(large, left, stage.gap), ...people.placed.map((it) => ({ ...it, rect: moved(it.rect, right) }))] };
  }
  const rects = speakerRects(rest.length, stage, stage.gap);
  const { tiles, pages, page } = paged(rest, rects.strip.length, looks.page, lastSpoke);
  // A last page that is not full stands in the middle as well.
  const strip = tiles.length === rects.strip.length ? rects.strip : speakerRects(tiles.length, stage, stage.gap).strip;
  return { shape: 'speaker', placed: [...many(large, rects.main, stage.gap), ...zip(tiles, strip, false)], pages, page };
}

function grid(all: readonly Tile[], wanted: number, lastSpoke: readonly SessionId[], stage: Stage): Arrangement {
  const own = all.find(isOwn);
  const others = all.filter((it) => it !== own);
  const [other] = others;
  // Alone with one other, that one has the stage.
  if (own !== undefined && other !== undefined && others.length === 1) {
    const placed = [...zip([other], gridRects(1, stage, stage.gap), false), { tile: own, rect: cornerRect(stage, stage.gap + 4), corner: true, large: false }];
    return { shape: 'grid', placed, pages: 1, page: 0 };
  }
  const { tiles, pages, page } = paged(all, stage.room, wanted, lastSpoke);
  return { shape: 'grid', placed: zip(tiles, gridRects(tiles.length, stage, stage.gap), false), pages, page };
}

/** The first page holds whoever matters now; the others stand on the pages after it, in the order given. */
export function paged(
  all: readonly Tile[],
  room: number,
  wanted: number,
  lastSpoke: readonly SessionId[],
): { tiles: Tile[]; pages: number; page: number } {
  const size = Math.max(1, room);
  const pages = Math.max(1, Math.ceil(all.length / size));
  const page = Math.min(pages - 1, Math.max(0, wanted));
  const first = onStage(all, size, lastSpoke);
  if (page === 0) return { tiles: first, pages, page };
  const chosen = new Set(first.map((it) => it.key));
  const later = all.filter((it) => !chosen.has(it.key));
  return { tiles: later.slice((page - 1) * size, page * size), pages, page };
}

const many = (tiles: readonly Tile[], area: Rect, gap: number): Placed[] =>
  tiles.length === 1 && tiles[0]
    ? [{ tile: tiles[0], rect: area, corner: false, large: true }]
    : zip(
        tiles,
        gridRects(tiles.length, area, gap).map((it) => moved(it, area)),
        true,
      );

const zip = (tiles: readonly Tile[], rects: readonly Rect[], large: boolean): Placed[] =>
  tiles.flatMap((tile, index) => {
    const rect = rects[index];
    return rect === undefined ? [] : [{ tile, rect, corner: false, large }];
  });

const moved = (rect: Rect, by: { x: number; y: number }): Rect => ({ ...rect, x: rect.x + by.x, y: rect.y + by.y });

function halves({ width, height, gap }: Stage): [Rect, Rect] {
  if (height > width) {
    const half = (height - gap) / 2;
    return [
      { x: 0, y: 0, width, height: half },
      { x: 0, y: half + gap, width, height: half },
    ];
  }
  const half = (width - gap) / 2;
  return [
    { x: 0, y: 0, width: half, height },
    { x: half + gap, y: 0, width: half, height },
  ];
}
