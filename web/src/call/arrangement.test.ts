import { describe, expect, it } from 'vitest';
import { arrange, LARGE_MAX, type Looks, type Stage } from './arrangement';
import { people, tiles, type Tile } from './people';
import { enter } from './room';
import { person, roomState } from './testing/node';
import { SAVER_FACES_MAX, wantsOf } from './wants';

const STAGE: Stage = { width: 1280, height: 640, gap: 8, room: 9 };
const LOOKS: Looks = { layout: 'auto', pins: [], self: 'tile', page: 0 };

/** Tiles of a room in which the first is ourselves; each sends a camera, the named ones a screen. */
const room = (count: number, sharing: string[] = []): Tile[] => {
  const participants = Array.from({ length: count }, (_, index) => {
    const session = `p${index}`;
    const camera = { source: `${session}-camera`, kind: 'camera', muted: false } as const;
    const share = { source: `${session}-share`, kind: 'share_video', muted: false } as const;
    return person(session, { joined_at_ms: index, sources: sharing.includes(session) ? [camera, share] : [camera] });
  });
  return tiles(people(enter({ type: 'joined', id: 1, session: 'p0', resumed: false, ticket: '', acts: [], state: roomState(participants) })));
};
const looks = (change: Partial<Looks>): Looks => ({ ...LOOKS, ...change });
const keys = (of: { tile: Tile }[]): string[] => of.map((it) => it.tile.key);

describe('arrange', () => {
  it('keeps every tile inside the stage, in every layout', () => {
    for (const layout of ['auto', 'grid', 'speaker', 'side'] as const)
      for (const stage of [STAGE, { ...STAGE, width: 374, height: 620 }])
        for (const count of [1, 2, 3, 9, 30])
          for (const self of ['tile', 'float', 'hidden'] as const)
            for (const { rect } of arrange(room(count, ['p1', 'p2']), looks({ layout, self }), [], stage).placed) {
              expect(rect.x).toBeGreaterThanOrEqual(-0.001);
              expect(rect.y).toBeGreaterThanOrEqual(-0.001);
              expect(rect.x + rect.width).toBeLessThanOrEqual(stage.width + 0.001);
              expect(rect.y + rect.height).toBeLessThanOrEqual(stage.height + 0.001);
              expect(rect.width).toBeGreaterThan(0);
            }
  });

  it('puts everyone on exactly one page', () => {
    const all = room(30);
    const first = arrange(all, LOOKS, ['p29'], STAGE);
    expect(first.pages).toBe(4);
    const seen = [0, 1, 2, 3].flatMap((page) => keys(arrange(all, looks({ page }), ['p29'], STAGE).placed));
    expect(new Set(seen).size).toBe(30);
    expect(seen).toHaveLength(30);
    expect(keys(first.placed)).toContain('p29:person');
    expect(keys(first.placed)).toContain('p0:person');
  });

  it('goes back to the last page there is when people leave', () => {
    expect(arrange(room(12), looks({ page: 7 }), [], STAGE)).toMatchObject({ pages: 2, page: 1 });
    expect(arrange([], looks({ page: 7 }), [], STAGE)).toMatchObject({ pages: 1, page: 0, placed: [] });
  });

  it('shows all screens large at once, and the pinned instead of them', () => {
    const all = room(5, ['p1', 'p2']);
    const large = (change: Partial<Looks>) => keys(arrange(all, looks(change), [], STAGE).placed.filter((it) => it.large));
    expect(large({})).toEqual(['p1:share', 'p2:share']);
    expect(large({ pins: ['p3:person', 'p4:person'] })).toEqual(['p3:person', 'p4:person']);
    expect(large({ layout: 'grid', pins: ['p3:person'] })).toEqual([]);
    expect(large({ pins: ['gone'] })).toEqual(['p1:share', 'p2:share']);
    const pins = room(12).map((it) => it.key);
    expect(arrange(room(12), looks({ pins }), [], STAGE).placed.filter((it) => it.large)).toHaveLength(LARGE_MAX);
  });

  it('does not show the own screen: it is on the screen already', () => {
    const { shape, placed } = arrange(room(4, ['p0']), LOOKS, [], STAGE);
    expect(shape).toBe('grid');
    expect(keys(placed)).not.toContain('p0:share');
  });

  it('features who spoke last where the layout has a large one always', () => {
    expect(keys(arrange(room(5), looks({ layout: 'speaker' }), ['p3'], STAGE).placed.filter((it) => it.large))).toEqual(['p3:person']);
    expect(arrange(room(5), looks({ layout: 'speaker' }), ['p3'], STAGE).shape).toBe('speaker');
  });

  it('gives what is shared and the people half of the stage each', () => {
    const { shape, placed } = arrange(room(5, ['p1']), looks({ layout: 'side' }), [], STAGE);
    expect(shape).toBe('side');
    const [main, ...faces] = placed;
    expect(main?.rect.width).toBeCloseTo((STAGE.width - STAGE.gap) / 2);
    for (const { rect } of faces) expect(rect.x).toBeGreaterThanOrEqual(STAGE.width / 2);
  });

  it('draws ourselves as wished, and always where nobody else is', () => {
    const of = (count: number, change: Partial<Looks>) => arrange(room(count), looks(change), [], STAGE).placed.find((it) => it.tile.person.self);
    expect(of(5, {})?.corner).toBe(false);
    expect(of(5, { self: 'float' })?.corner).toBe(true);
    expect(of(5, { self: 'hidden' })).toBeUndefined();
    expect(of(2, {})?.corner).toBe(true);
    expect(of(1, { self: 'hidden' })?.corner).toBe(false);
  });
});

describe('wantsOf', () => {
  const placed = (count: number, sharing: string[] = [], change: Partial<Looks> = {}) => arrange(room(count, sharing), looks(change), [], STAGE).placed;
  const judged = { pins: [], mode: 'full', scale: 2 } as const;

  it('asks for what is on this page alone, and never for ourselves', () => {
    const wants = wantsOf(placed(30), judged);
    expect(wants).toHaveLength(8);
    expect(wants.map((it) => it.source)).not.toContain('p0-camera');
    expect(wantsOf(placed(30, [], { page: 1 }), judged)).toHaveLength(9);
  });

  it('puts a screen before the pinned and the pinned before the rest', () => {
    const pins = ['p3:person'];
    const wants = wantsOf(placed(5, ['p1'], { pins: ['p1:share', 'p3:person'] }), { ...judged, pins });
    const rank = (source: string) => wants.find((it) => it.source === source)?.priority ?? -1;
    expect(rank('p1-share')).toBeGreaterThan(rank('p3-camera'));
    expect(rank('p3-camera')).toBeGreaterThan(rank('p4-camera'));
  });

  it('spares the line: screens whole, a few small faces', () => {
    const wants = wantsOf(placed(9, ['p1']), { ...judged, mode: 'saver' });
    expect(wants.filter((it) => it.source.endsWith('-camera'))).toHaveLength(SAVER_FACES_MAX);
    for (const it of wants.filter((want) => want.source.endsWith('-camera'))) expect(it.width).toBeLessThanOrEqual(320);
    expect(wants.find((it) => it.source === 'p1-share')?.width).toBeGreaterThan(320);
  });

  it('takes sound alone, but for what was pinned', () => {
    expect(wantsOf(placed(9, ['p1']), { ...judged, mode: 'audio' })).toEqual([]);
    const pins = ['p1:share'];
    expect(wantsOf(placed(9, ['p1'], { pins }), { pins, mode: 'audio', scale: 1 }).map((it) => it.source)).toEqual(['p1-share']);
  });
});
