import { describe, expect, it } from 'vitest';
import { Pace } from './pace';

const said = (costs: number[]) => {
  const pace = new Pace();
  return costs.map((each_ms) => pace.read({ pictures: 10, each_ms }));
};

describe('Pace', () => {
  it('says that a device is slow after three seconds of it, and not for one bad second', () => {
    expect(said([20, 200, 20, 90, 90, 90])).toEqual([false, false, false, false, false, true]);
  });

  it('does not blame the device for a camera that gives few pictures', () => {
    expect(said([30, 30, 30, 30])).not.toContain(true);
  });

  it('takes it back only when it is clearly well', () => {
    expect(said([90, 90, 90, 75, 75, 75, 60, 60, 60])).toEqual([false, false, true, true, true, true, true, true, false]);
  });
});
