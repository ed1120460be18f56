import { describe, expect, test } from 'vitest';
import { ApiError, type Failure } from '@/api/failure';
import type { PhotographRef } from '@/api/types';
import { send, type Ports } from './send';

const kept: PhotographRef = { id: 'p', width: 4, height: 3, uploaded_at_ms: 1 };
const offline: Failure = { kind: 'offline' };
const refused = (code: string): Failure => ({ kind: 'refused', status: 422, refusal: { code, values: {} } as never });

/** Fails as told, then keeps the picture; remembers keys and pauses. */
function ports(failures: Failure[]): Ports & { keys: string[]; pauses: number[] } {
  const keys: string[] = [];
  const pauses: number[] = [];
  return {
    keys,
    pauses,
    post(_, key, told) {
      keys.push(key);
      told(0.5);
      const failure = failures.shift();
      return failure ? Promise.reject(new ApiError(failure)) : Promise.resolve(kept);
    },
    wait(ms) {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
}

describe('a photograph', () => {
  const picture = new Blob(['x'], { type: 'image/jpeg' });

  test('is sent again under the same key where the line broke', async () => {
    const told: number[] = [];
    const by = ports([offline, refused('service.unavailable')]);
    expect(await send(by, picture, 'k', (part) => told.push(part))).toEqual(kept);
    expect(by.keys).toEqual(['k', 'k', 'k']);
    expect(by.pauses).toEqual([1000, 4000]);
    expect(told).toEqual([0.5, 0, 0.5, 0, 0.5]);
  });

  test('is not sent again where it was refused', async () => {
    const by = ports([refused('photograph.unusable')]);
    await expect(send(by, picture, 'k', () => {})).rejects.toThrow('photograph.unusable');
    expect(by.keys).toHaveLength(1);
  });

  test('is given up after three attempts, for the person to say', async () => {
    const by = ports([offline, offline, offline, offline]);
    await expect(send(by, picture, 'k', () => {})).rejects.toThrow('offline');
    expect(by.keys).toHaveLength(3);
  });
});
