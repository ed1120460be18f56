import { describe, expect, it } from 'vitest';
import { refine } from './matte';

const picture = (...beliefs: number[]) => Uint8ClampedArray.from(beliefs.flatMap((it) => [9, 9, 9, it]));
const alphas = (rgba: Uint8ClampedArray) => [...rgba].filter((_, at) => at % 4 === 3);

function shown(beliefs: number[][], count = beliefs[0]?.length ?? 0): number[][] {
  const before = new Uint8ClampedArray(count);
  return beliefs.map((it) => {
    const rgba = picture(...it);
    refine(rgba, before);
    return alphas(rgba);
  });
}

describe('refine', () => {
  it('draws nothing of the room and all of the person, and fades between', () => {
    const [, , , last] = shown(Array.from({ length: 4 }, () => [0, 89, 152, 216, 255]));
    expect(last?.slice(0, 2)).toEqual([0, 0]);
    expect(last?.[2]).toBeGreaterThan(100);
    expect(last?.[2]).toBeLessThan(155);
    for (const of of last?.slice(3) ?? []) expect(of).toBeGreaterThan(250);
  });

  it('shows nobody who has gone for longer than three pictures', () => {
    const seen = shown([[255], [255], [0], [0], [0], [0]]).map(([it]) => it ?? 0);
    expect(seen[2]).toBeLessThan(90);
    expect(seen[5]).toBeLessThan(4);
  });

  it('calms an edge that trembles', () => {
    const seen = shown([[130], [170], [130], [170], [130], [170]]).map(([it]) => it ?? 0);
    const steady = shown([[130], [130], [170]], 1).map(([it]) => it ?? 0);
    const plain = Math.abs((shown([[170]])[0]?.[0] ?? 0) - (shown([[130]])[0]?.[0] ?? 0)) / 0.7;
    expect(Math.abs((seen[5] ?? 0) - (seen[4] ?? 0))).toBeLessThan(plain);
    expect(steady[1]).toBeGreaterThan(steady[0] ?? 0);
  });

  it('leaves the colours alone', () => {
    const rgba = picture(255);
    refine(rgba, new Uint8ClampedArray(1));
    expect([...rgba.slice(0, 3)]).toEqual([9, 9, 9]);
  });
});
