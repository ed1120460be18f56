import { describe, expect, it } from 'vitest';
import { scriptedLocal } from '../../call/testing/media';
import { LocalMedia } from '../local';
import type { Backdrop, Backdrops, Behind, Treating } from './kinds';

const STORED = 'sidang.device.backdrop';

/** Backdrops that a test makes ready or fail. */
class ScriptedBackdrops implements Backdrops {
  able = true;
  readonly applied: { behind: Behind; treating: Treating; stopped: boolean; track: MediaStreamTrack }[] = [];
  answer: () => Promise<void> = () => Promise.resolve();

  async apply(_camera: MediaStreamTrack, behind: Behind, treating: Treating) {
    await this.answer();
    const made = { behind, treating, stopped: false, track: { made: this.applied.length } as unknown as MediaStreamTrack };
    this.applied.push(made);
    return {
      track: made.track,
      change: (to: Behind) => {
        made.behind = to;
        return Promise.resolve();
      },
      stop: () => void (made.stopped = true),
    };
  }
}

function setUp(stored?: Backdrop) {
  const backdrops = new ScriptedBackdrops();
  const memory = new Map(stored === undefined ? [] : [[STORED, stored]]);
  const { devices } = scriptedLocal(undefined, memory);
  return { backdrops, memory, local: new LocalMedia(devices, undefined, backdrops) };
}

const failing = () => Promise.reject(new Error('no'));

describe('a camera with something behind the person', () => {
  it('is opened with what was chosen, and nothing else is ever shown', async () => {
    const { backdrops, local } = setUp('blur');
    const shown = new Set<unknown>();
    local.subscribe((view) => shown.add(view.camera.track));
    await local.turn('camera', true);
    expect([...shown]).toEqual([undefined, backdrops.applied[0]?.track]);
    expect(local.tracks.camera).toBe(backdrops.applied[0]?.track);
  });

  it('stays closed where that cannot be drawn, and says why', async () => {
    const { backdrops, local } = setUp('hall');
    backdrops.answer = failing;
    await local.turn('camera', true);
    expect(local.view.camera).toMatchObject({ on: false, track: undefined, device: undefined, opening: false, problem: 'backdrop' });
    expect(local.view.backdrop).toMatchObject({ chosen: 'hall', failed: true, busy: false });
  });

  it('goes off when the drawing breaks', async () => {
    const { backdrops, local } = setUp('blur');
    await local.turn('camera', true);
    const { device } = local.view.camera;
    backdrops.applied[0]?.treating.failed();
    expect(local.view.camera).toMatchObject({ on: false, track: undefined, problem: 'backdrop' });
    expect(device?.readyState).toBe('ended');
  });

  it('lets go of the device and the drawing when it is turned off, also while they start', async () => {
    const { backdrops, local } = setUp('blur');
    await local.turn('camera', true);
    await local.turn('camera', false);
    expect(backdrops.applied[0]?.stopped).toBe(true);
    let ready = (): void => {};
    backdrops.answer = () => new Promise((done) => (ready = done));
    const opening = local.turn('camera', true);
    await Promise.resolve();
    await local.turn('camera', false);
    ready();
    await opening;
    expect(backdrops.applied[1]?.stopped ?? true).toBe(true);
    expect(local.view.camera).toMatchObject({ on: false, track: undefined });
  });
});

describe('choosing', () => {
  it('keeps the choice, changes what is drawn, and goes back to the camera itself', async () => {
    const { backdrops, memory, local } = setUp();
    await local.turn('camera', true);
    const camera = local.view.camera.device;
    expect(local.view.camera.track).toBe(camera);
    await local.setBackdrop('calm');
    await local.setBackdrop('own');
    expect(backdrops.applied.map((it) => it.behind)).toEqual(['own']);
    expect(memory.get(STORED)).toBe('own');
    await local.setBackdrop('none');
    expect(local.view.camera.track).toBe(camera);
    expect(backdrops.applied[0]?.stopped).toBe(true);
  });

  it('leaves the camera as it was where the wish cannot be carried out', async () => {
    const { backdrops, memory, local } = setUp();
    await local.turn('camera', true);
    backdrops.answer = failing;
    await local.setBackdrop('blur');
    expect(local.view.camera).toMatchObject({ on: true, problem: undefined });
    expect(local.view.camera.track).toBe(local.view.camera.device);
    expect(local.view.backdrop).toMatchObject({ chosen: 'none', failed: true });
    expect(memory.get(STORED)).toBe('none');
  });

  it('takes the last of two quick wishes', async () => {
    const { backdrops, local } = setUp();
    await local.turn('camera', true);
    await Promise.all([local.setBackdrop('blur'), local.setBackdrop('hall')]);
    expect(backdrops.applied.filter((it) => !it.stopped).map((it) => it.behind)).toEqual(['hall']);
    expect(local.view.backdrop).toMatchObject({ chosen: 'hall', busy: false });
  });

  it('waits for the camera where it is off', async () => {
    const { backdrops, local } = setUp();
    await local.setBackdrop('blur');
    expect(backdrops.applied).toHaveLength(0);
    await local.turn('camera', true);
    expect(backdrops.applied).toHaveLength(1);
  });

  it('says that the device is slow, and switches nothing off by itself', async () => {
    const { backdrops, local } = setUp('blur');
    await local.turn('camera', true);
    for (let second = 0; second < 3; second += 1) backdrops.applied[0]?.treating.paced({ pictures: 5, each_ms: 200 });
    expect(local.view.backdrop.slow).toBe(true);
    expect(local.sends('camera')).toBe(true);
  });

  it('is not offered where the browser cannot', async () => {
    const memory = new Map([[STORED, 'blur']]);
    const { devices } = scriptedLocal(undefined, memory);
    const local = new LocalMedia(devices);
    await local.turn('camera', true);
    expect(local.view.backdrop).toMatchObject({ able: false, chosen: 'none' });
    expect(local.view.camera.track).toBe(local.view.camera.device);
  });
});
