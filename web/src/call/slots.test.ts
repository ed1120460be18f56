import { describe, expect, it } from 'vitest';
import { plan, slotsFor, type Asked, type Want } from './slots';

const want = (source: string, priority = 0, width = 320): Want => ({ source, width, height: 180, priority });
const MIDS = ['7', '8', '9'];
const shown = (asked: Asked): (string | null)[] => MIDS.map((mid) => asked.get(mid)?.source ?? null);

describe('plan', () => {
  it('fills free slots and says only what changes', () => {
    const first = plan(MIDS, new Map(), [want('a'), want('b')]);
    expect(first.requests.map((it) => [it.mid, it.source])).toEqual([
      ['7', 'a'],
      ['8', 'b'],
    ]);
    expect(plan(MIDS, first.asked, [want('a'), want('b')]).requests).toEqual([]);
  });

  it('keeps a source in its slot while others come and go', () => {
    const { asked } = plan(MIDS, new Map(), [want('a'), want('b'), want('c')]);
    const next = plan(MIDS, asked, [want('c'), want('d'), want('b')]);
    expect(shown(next.asked)).toEqual(['d', 'b', 'c']);
    expect(next.requests.map((it) => it.mid)).toEqual(['7']);
  });

  it('frees what is not looked at', () => {
    const { asked } = plan(MIDS, new Map(), [want('a')]);
    expect(plan(MIDS, asked, []).requests).toEqual([{ mid: '7', source: null, width: 0, height: 0, priority: 0 }]);
  });

  it('gives the slots to the highest when there are too few, and says how many are missing', () => {
    const next = plan(MIDS, new Map(), [want('a'), want('b'), want('c'), want('d', 5)]);
    expect(shown(next.asked)).toContain('d');
    expect(next.without).toBe(1);
  });

  it('asks for sizes in steps', () => {
    const { asked } = plan(MIDS, new Map(), [want('a', 0, 321)]);
    expect(asked.get('7')).toMatchObject({ width: 336, height: 192 });
    expect(plan(MIDS, asked, [want('a', 0, 330)]).requests).toEqual([]);
    expect(plan(MIDS, asked, [want('a', 0, 1e9)]).requests[0]?.width).toBe(4096);
  });

  it('never shows one source twice, loses none that fits, and moves none that stays, whatever happens', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    let asked: Asked = new Map();
    for (let round = 0; round < 500; round += 1) {
      const wants = Array.from({ length: random(6) }, () => want(`s${random(8)}`, random(3)));
      const before = new Map(asked);
      ({ asked } = plan(MIDS, asked, wants));
      const now = [...asked.values()].flatMap((it) => (it.source === null ? [] : [it.source]));
      expect(new Set(now).size).toBe(now.length);
      expect(now).toHaveLength(Math.min(MIDS.length, new Set(wants.map((it) => it.source)).size));
      for (const [mid, { source }] of before) if (source !== null && now.includes(source)) expect(asked.get(mid)?.source).toBe(source);
    }
  });
});

describe('slotsFor', () => {
  it.each([
    [0, 9],
    [9, 9],
    [10, 16],
    [49, 50],
    [80, 50],
  ])('%i pictures need %i slots', (pictures, slots) => {
    expect(slotsFor(pictures)).toBe(slots);
  });
});
