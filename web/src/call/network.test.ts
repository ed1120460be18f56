import { expect, it, vi } from 'vitest';
import { watchNetwork } from './network';

function world() {
  const window = new EventTarget();
  const connection = new EventTarget();
  const clock = { now: 0 };
  let tick = () => {};
  const changed = vi.fn();
  const stop = watchNetwork(
    {
      window,
      connection,
      now: () => clock.now,
      every(_, run) {
        tick = run;
        return () => (tick = () => {});
      },
    },
    changed,
  );
  const pass = (ms: number) => {
    clock.now += ms;
    tick();
  };
  return { window, connection, changed, stop, pass };
}

it('tells of a network that came back or changed', () => {
  const { window, connection, changed, stop } = world();
  window.dispatchEvent(new Event('online'));
  connection.dispatchEvent(new Event('change'));
  expect(changed).toHaveBeenCalledTimes(2);
  stop();
  window.dispatchEvent(new Event('online'));
  connection.dispatchEvent(new Event('change'));
  expect(changed).toHaveBeenCalledTimes(2);
});

it('tells of a sleep, once, and not of a page that is only late', () => {
  const { changed, pass, stop } = world();
  pass(2_000);
  pass(9_000);
  expect(changed).not.toHaveBeenCalled();
  pass(3_600_000);
  pass(2_000);
  expect(changed).toHaveBeenCalledOnce();
  stop();
  pass(3_600_000);
  expect(changed).toHaveBeenCalledOnce();
});
