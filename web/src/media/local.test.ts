import { describe, expect, it, vi } from 'vitest';
import { scriptedLocal } from '../call/testing/media';

const denied = () => Promise.reject(Object.assign(new Error('no'), { name: 'NotAllowedError' }));

describe('LocalMedia', () => {
  it('opens on wish, sends while on, and closes the camera with it', async () => {
    const local = scriptedLocal();
    await local.turn('camera', true);
    const track = local.view.camera.track;
    expect(local.sends('camera')).toBe(true);
    await local.turn('camera', false);
    expect(local.sends('camera')).toBe(false);
    expect(track?.readyState).toBe('ended');
  });

  it('keeps the microphone open while muted, and sends nothing', async () => {
    const local = scriptedLocal();
    await local.turn('microphone', true);
    await local.turn('microphone', false);
    expect(local.view.microphone.track?.readyState).toBe('live');
    expect(local.tracks).toEqual({});
  });

  it('says why a device cannot be had', async () => {
    const local = scriptedLocal(denied);
    await local.turn('microphone', true);
    expect(local.view.microphone).toMatchObject({ on: false, problem: 'denied', opening: false });
  });

  it('falls back to the default where the chosen device is gone', async () => {
    const asked: unknown[] = [];
    const { scriptedLocal: make } = await import('../call/testing/media');
    const local = make(
      (constraints) => {
        asked.push(constraints.video);
        const gone = (constraints.video as MediaTrackConstraints).deviceId !== undefined;
        return gone
          ? Promise.reject(Object.assign(new Error('gone'), { name: 'OverconstrainedError' }))
          : Promise.resolve({ getTracks: () => [Object.assign(new EventTarget(), { readyState: 'live', stop: vi.fn() })] } as unknown as MediaStream);
      },
      new Map([['sidang.device.camera', 'old']]),
    );
    await local.turn('camera', true);
    expect(asked).toHaveLength(2);
    expect(local.sends('camera')).toBe(true);
  });

  it('throws away a device that opened after it was no longer wanted', async () => {
    let give: (stream: MediaStream) => void = () => {};
    const stop = vi.fn();
    const local = scriptedLocal(() => new Promise((resolve) => (give = resolve)));
    const opening = local.turn('camera', true);
    await local.turn('camera', false);
    give({ getTracks: () => [Object.assign(new EventTarget(), { readyState: 'live', stop })] } as unknown as MediaStream);
    await opening;
    expect(stop).toHaveBeenCalledOnce();
    expect(local.view.camera).toMatchObject({ on: false, track: undefined });
  });

  it('ends the share when the browser does', async () => {
    const local = scriptedLocal();
    await local.startShare();
    expect(local.sends('share_video')).toBe(true);
    local.view.share?.video.dispatchEvent(new Event('ended'));
    expect(local.view.share).toBeUndefined();
  });

  it('notices a device that is pulled out', async () => {
    const local = scriptedLocal();
    await local.turn('microphone', true);
    local.view.microphone.track?.dispatchEvent(new Event('ended'));
    expect(local.view.microphone).toMatchObject({ on: false, problem: 'missing', track: undefined });
  });
});
