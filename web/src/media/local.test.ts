import { describe, expect, it, vi } from 'vitest';
import { pluggedLocal, ScriptedDevices, scriptedLocal } from '../call/testing/media';
import type { DeviceNotice } from './local';

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

  it('holds the last picture of a paused screen, silently, and goes on', async () => {
    const local = scriptedLocal();
    await local.startShare();
    const { share_video: live } = local.tracks;
    expect(local.sends('share_audio')).toBe(true);
    expect(await local.pauseShare(true)).toBe(true);
    expect(local.tracks.share_video).not.toBe(live);
    expect(local.sends('share_audio')).toBe(false);
    const held = local.tracks.share_video;
    await local.pauseShare(false);
    expect(local.tracks.share_video).toBe(live);
    expect(held?.readyState).toBe('ended');
  });

  it('cannot hold a screen that is not shared, and lets go of a held one with the share', async () => {
    const local = scriptedLocal();
    expect(await local.pauseShare(true)).toBe(false);
    await local.startShare();
    await local.pauseShare(true);
    const held = local.tracks.share_video;
    local.stopShare();
    expect(held?.readyState).toBe('ended');
    expect(local.tracks).toEqual({});
  });

  const MICROPHONE = { kind: 'audioinput', deviceId: 'desk' } as const;
  const HEADSET = { kind: 'audioinput', deviceId: 'headset' } as const;
  const EARS = { kind: 'audiooutput', deviceId: 'ears' } as const;
  const settled = () => new Promise((done) => setImmediate(done));

  const withHeadset = async (on: boolean) => {
    const devices = new ScriptedDevices([MICROPHONE, HEADSET, EARS]);
    const local = pluggedLocal(devices, new Map([['sidang.device.microphone', 'headset']]));
    const heard: DeviceNotice[] = [];
    local.onNotice((it) => heard.push(it));
    await local.turn('microphone', true);
    if (!on) await local.turn('microphone', false);
    return { devices, local, heard };
  };

  it.each([true, false])('falls back from a headset that is pulled out and returns to it (on: %s)', async (on) => {
    const { devices, local, heard } = await withHeadset(on);
    devices.plug([MICROPHONE, EARS]);
    await settled();
    expect(local.view.microphone).toMatchObject({ on, problem: undefined });
    expect(local.view.microphone.track?.label).toBe('desk');
    devices.plug([MICROPHONE, HEADSET, EARS]);
    await settled();
    expect(local.view.microphone).toMatchObject({ on });
    expect(local.view.microphone.track?.label).toBe('headset');
    expect(heard).toEqual([
      { kind: 'fell_back', of: 'microphone', label: 'desk' },
      { kind: 'returned', of: 'microphone', label: 'headset' },
    ]);
  });

  it('says so where nothing is left', async () => {
    const { devices, local, heard } = await withHeadset(true);
    devices.plug([EARS]);
    await settled();
    expect(local.view.microphone).toMatchObject({ on: false, problem: 'missing', track: undefined });
    expect(heard).toEqual([{ kind: 'gone', of: 'microphone' }]);
  });

  it('says once that the chosen speaker is gone', async () => {
    const { devices, local, heard } = await withHeadset(true);
    local.devices.choose('speaker', 'ears');
    devices.plug([MICROPHONE, HEADSET]);
    await settled();
    devices.plug([MICROPHONE, HEADSET]);
    await settled();
    expect(heard).toEqual([{ kind: 'gone', of: 'speaker' }]);
  });

  it('never sends a muted microphone that is changed', async () => {
    const { local } = await withHeadset(false);
    const sent: boolean[] = [];
    local.subscribe(() => sent.push(local.sends('microphone')));
    await local.choose('microphone', 'desk');
    await local.clean('noise', false);
    expect(local.view.microphone.track?.label).toBe('desk');
    expect(sent).not.toContain(true);
  });
});
