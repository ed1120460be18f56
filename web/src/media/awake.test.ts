import { expect, it, vi } from 'vitest';
import { stayAwake } from './awake';

const platform = () => {
  const release = vi.fn(() => Promise.resolve());
  const request = vi.fn(() => Promise.resolve({ release }));
  let changed = () => {};
  const state = { seen: true };
  return {
    release,
    request,
    state,
    changed: () => changed(),
    visible: () => state.seen,
    onVisibility(call: () => void) {
      changed = call;
      return () => (changed = () => {});
    },
  };
};
const settled = () => new Promise((done) => setImmediate(done));

it('asks again when the page is seen again, and lets go at the end', async () => {
  const it = platform();
  const stop = stayAwake(it);
  await settled();
  it.state.seen = false;
  it.changed();
  it.state.seen = true;
  it.changed();
  await settled();
  expect(it.request).toHaveBeenCalledTimes(2);
  stop();
  expect(it.release).toHaveBeenCalledOnce();
  it.changed();
  expect(it.request).toHaveBeenCalledTimes(2);
});

it('lets go of a lock that was given too late', async () => {
  const it = platform();
  stayAwake(it)();
  await settled();
  expect(it.release).toHaveBeenCalledOnce();
});

it('does without where the browser has none or says no', async () => {
  stayAwake({ ...platform(), request: undefined })();
  stayAwake({ ...platform(), request: () => Promise.reject(new Error('battery')) });
  await settled();
});
