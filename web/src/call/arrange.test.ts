import { describe, expect, it } from 'vitest';
import { capacity, cornerRect, featured, fitGrid, gridRects, onStage, remember, speakerRects, TILES_MAX, type Rect, type Size } from './arrange';
import { people, tiles, type Tile } from './people';
import { enter } from './room';
import { person, roomState } from './testing/node';

const all = (sessions: string[], sharing: string[] = []): Tile[] => {
  const participants = sessions.map((session, index) =>
    person(session, {
      joined_at_ms: index,
      ...(sharing.includes(session) ? { sources: [{ source: `${session}-share`, kind: 'share_video', muted: false }] } : {}),
    }),
  );
  return tiles(
    people(enter({ type: 'joined', id: 1, session: sessions[0] ?? '', resumed: false, ticket: '', acts: [], state: roomState(participants) }, 0)),
  );
};
const keys = (of: Tile[]): string[] => of.map((it) => it.key);

describe('fitGrid', () => {
  it.each([
    [1, 1, 1],
    [2, 2, 1],
    [3, 2, 2],
    [4, 2, 2],
    [5, 3, 2],
    [9, 3, 3],
    [16, 4, 4],
    [49, 7, 7],
  ])('%i tiles on a wide stage stand in %i columns and %i rows', (count, columns, rows) => {
    expect(fitGrid(count, { width: 1600, height: 900 }, 8)).toMatchObject({ columns, rows });
  });

  it('never overflows the stage', () => {
    for (let count = 1; count <= TILES_MAX; count += 1) {
      for (const stage of [
        { width: 390, height: 700 },
        { width: 1440, height: 760 },
        { width: 800, height: 200 },
      ]) {
        const { columns, rows, tile } = fitGrid(count, stage, 8);
        expect(columns * tile.width + 8 * (columns - 1)).toBeLessThanOrEqual(stage.width + 0.001);
        expect(rows * tile.height + 8 * (rows - 1)).toBeLessThanOrEqual(stage.height + 0.001);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
      }
    }
  });

  it('survives a stage without room', () => {
    expect(fitGrid(4, { width: 0, height: 0 }, 8).tile).toEqual({ width: 0, height: 0 });
  });
});

describe('capacity', () => {
  it('is a few on a telephone and many on a wall', () => {
    expect(capacity({ width: 374, height: 600 }, 8)).toBeGreaterThanOrEqual(4);
    expect(capacity({ width: 374, height: 600 }, 8)).toBeLessThanOrEqual(12);
    expect(capacity({ width: 1900, height: 950 }, 8)).toBe(TILES_MAX);
  });
});

describe('onStage', () => {
  it('keeps shares, ourselves and who spoke, in the order they stood', () => {
    const tilesOf = all(['me', 'a', 'b', 'c', 'd'], ['a']);
    expect(keys(onStage(tilesOf, 3, ['d']))).toEqual(['a:share', 'me:person', 'd:person']);
    expect(keys(onStage(tilesOf, 9, []))).toHaveLength(6);
  });
});

describe('featured', () => {
  const tilesOf = all(['me', 'a', 'b']);
  it.each([
    ['who spoke last', undefined, ['b', 'a'], 'b:person'],
    ['another than ourselves', undefined, ['me', 'a'], 'a:person'],
    ['anyone, before someone speaks', undefined, [], 'a:person'],
    ['the pinned one', 'me:person', ['b'], 'me:person'],
    ['nobody who left', 'gone:person', ['b'], 'b:person'],
  ])('is %s', (_, pinned, spoke, key) => {
    expect(featured(tilesOf, pinned, spoke)?.key).toBe(key);
  });

  it('is a shared screen before a face', () => {
    expect(featured(all(['me', 'a', 'b'], ['b']), undefined, ['a'])?.key).toBe('b:share');
  });
});

describe('remember', () => {
  it('puts who speaks now first and forgets who left', () => {
    expect(remember(['a', 'b', 'c'], ['c'], new Set(['a', 'c']))).toEqual(['c', 'a']);
  });
});

const inside = (rect: Rect, stage: Size): boolean =>
  rect.x >= -0.01 && rect.y >= -0.01 && rect.x + rect.width <= stage.width + 0.01 && rect.y + rect.height <= stage.height + 0.01;
const apart = (a: Rect, b: Rect): boolean =>
  a.x + a.width <= b.x + 0.01 || b.x + b.width <= a.x + 0.01 || a.y + a.height <= b.y + 0.01 || b.y + b.height <= a.y + 0.01;

describe('rectangles', () => {
  const stages = [
    { width: 374, height: 620 },
    { width: 1008, height: 600 },
    { width: 1424, height: 760 },
  ];
  it('stand inside the stage and beside each other, in both layouts', () => {
    for (const stage of stages) {
      for (let count = 1; count <= TILES_MAX; count += 1) {
        const { main, strip } = speakerRects(count, stage, 8);
        for (const rects of [gridRects(count, stage, 8), [main, ...strip]]) {
          for (const [index, rect] of rects.entries()) {
            expect(inside(rect, stage)).toBe(true);
            for (const other of rects.slice(index + 1)) expect(apart(rect, other)).toBe(true);
          }
        }
      }
      expect(inside(cornerRect(stage, 12), stage)).toBe(true);
    }
  });

  it('give a lone speaker the whole stage', () => {
    expect(speakerRects(0, { width: 800, height: 500 }, 8)).toEqual({ main: { x: 0, y: 0, width: 800, height: 500 }, strip: [] });
  });
});
