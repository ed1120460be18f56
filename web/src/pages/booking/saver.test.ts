import { describe, expect, it } from 'vitest';
import type { Failure } from '@/api/failure';
import { Saver, type Kept, type SaverState } from './saver';

type Call = { what: 'create' | 'update'; content: string; version?: number; key?: string; done: (kept: Kept) => void; fail: (failure: Failure) => void };
const refused = (status: number, code: string, values: Record<string, unknown> = {}): Failure => ({ kind: 'refused', status, refusal: { code: code as 'conflict', values } });

/** A server and a clock that do nothing until they are told. */
function world(kept: Kept | null = null) {
  const calls: Call[] = [];
  const states: SaverState[] = [];
  let keys = 0;
  let now = 1_000;
  let timers: { at: number; run: () => void }[] = [];
  const ask = (call: Omit<Call, 'done' | 'fail'>) => new Promise<Kept>((done, fail) => calls.push({ ...call, done, fail }));
  const saver = new Saver<string>(
    {
      create: (content, key) => ask({ what: 'create', content, key }),
      update: (_, version, content) => ask({ what: 'update', content, version }),
      failureOf: (error) => error as Failure,
      newKey: () => `key ${(keys += 1)}`,
      later: (ms, run) => {
        const timer = { at: now + ms, run };
        timers.push(timer);
        return () => (timers = timers.filter((it) => it !== timer));
      },
      now: () => now,
      changed: (state) => states.push(state),
    },
    kept,
  );
  return {
    saver,
    calls,
    last: () => states.at(-1),
    async pass(ms: number) {
      now += ms;
      const due = timers.filter((it) => it.at <= now);
      timers = timers.filter((it) => it.at > now);
      for (const it of due) it.run();
      await settle();
    },
  };
}
const settle = async () => {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
};

describe('a draft', () => {
  it('is made once after a pause in typing, and then kept up to date', async () => {
    const { saver, calls, last, pass } = world();
    saver.want('a');
    await pass(500);
    saver.want('ab');
    await pass(500);
    expect(calls).toHaveLength(0);
    await pass(500);
    expect(calls.map((it) => [it.what, it.content])).toEqual([['create', 'ab']]);
    saver.want('abc');
    calls[0]!.done({ id: 'd', version: 1 });
    await settle();
    expect(last()).toMatchObject({ at: 'saved' });
    expect(saver.owes).toBe(true);
    await pass(900);
    expect(calls.at(-1)).toMatchObject({ what: 'update', content: 'abc', version: 1 });
    calls.at(-1)!.done({ id: 'd', version: 2 });
    await settle();
    expect(saver.owes).toBe(false);
    expect(saver.kept).toEqual({ id: 'd', version: 2 });
  });

  it('is made under one key however often it is tried, and tried again by itself', async () => {
    const { saver, calls, last, pass } = world();
    saver.want('a');
    await pass(900);
    calls[0]!.fail({ kind: 'offline' });
    await settle();
    expect(last()).toEqual({ at: 'offline' });
    await pass(2_000);
    expect(calls[1]).toMatchObject({ what: 'create', content: 'a', key: calls[0]!.key });
    calls[1]!.fail(refused(503, 'service.unavailable'));
    await settle();
    await pass(4_999);
    expect(calls).toHaveLength(2);
    await pass(1);
    expect(calls).toHaveLength(3);
  });

  it('saves the last state, not one that a failed save took along', async () => {
    const { saver, calls, pass } = world({ id: 'd', version: 3 });
    saver.want('a');
    await pass(900);
    saver.want('b');
    calls[0]!.fail({ kind: 'offline' });
    await settle();
    await pass(2_000);
    expect(calls[1]).toMatchObject({ what: 'update', version: 3, content: 'b' });
  });

  it('waits for a person where another window wrote it, and writes over it when told to', async () => {
    const { saver, calls, last, pass } = world({ id: 'd', version: 3 });
    saver.want('a');
    await pass(900);
    calls[0]!.fail(refused(409, 'conflict', { version: 7 }));
    await settle();
    expect(last()).toEqual({ at: 'conflict', version: 7 });
    saver.want('ab');
    await pass(60_000);
    expect(calls).toHaveLength(1);
    const done = saver.overwrite();
    await settle();
    expect(calls[1]).toMatchObject({ what: 'update', version: 7, content: 'ab' });
    calls[1]!.done({ id: 'd', version: 8 });
    await done;
    expect(saver.kept?.version).toBe(8);
  });

  it('says a refusal and tries again only with something new', async () => {
    const { saver, calls, last, pass } = world();
    saver.want('a');
    await pass(900);
    calls[0]!.fail(refused(409, 'draft.too_many', { drafts_max: 20 }));
    await settle();
    expect(last()?.at).toBe('refused');
    await pass(60_000);
    expect(calls).toHaveLength(1);
    saver.want('ab');
    await pass(900);
    expect(calls).toHaveLength(2);
  });

  it('is saved at once when the page goes, and never after it was sent', async () => {
    const { saver, calls, pass } = world({ id: 'd', version: 1 });
    saver.want('a');
    void saver.flush();
    await settle();
    expect(calls).toHaveLength(1);
    saver.close();
    saver.want('b');
    await pass(60_000);
    expect(calls).toHaveLength(1);
  });
});
