/** Microphones, cameras and speakers: which there are, which the person chose (remembered on this device), and why one cannot be had. */

import { backdropOf, type Backdrop } from './backdrop/kinds';

export type DeviceKind = 'microphone' | 'camera' | 'speaker';

export interface Device {
  id: string;
  label: string;
}

/** Why a microphone, camera or screen cannot be had; the sentence is the page's. */
export type DeviceProblem =
  /** The person or the browser said no. */
  | 'denied'
  /** There is none. */
  | 'missing'
  /** Another program holds it, or it does not start. */
  | 'busy'
  /** The page is not a secure context. */
  | 'insecure'
  /** What was to stand behind the person cannot be drawn, and the room is not shown instead. */
  | 'backdrop'
  | 'failed';

export type Remembered = Pick<Storage, 'getItem' | 'setItem'>;

const KINDS: Record<MediaDeviceKind, DeviceKind> = { audioinput: 'microphone', videoinput: 'camera', audiooutput: 'speaker' };
const keyOf = (name: string): string => `sidang.device.${name}`;

/** What the browser does to the microphone's sound. All of it is on unless a person turned it off: music, or a mixer that does it better. */
export const CLEANING = ['echo', 'noise', 'gain'] as const;
export type Cleaning = (typeof CLEANING)[number];

/** What a shared screen shows: letters that must stay sharp, or pictures that must stay smooth. */
export type ShareContent = 'text' | 'motion';
const SHARE_RATE: Record<ShareContent, number> = { text: 15, motion: 30 };

/** The top layer of three: 720p at 30 pictures a second. */
const CAMERA: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };

export type Opened = { track: MediaStreamTrack } | { problem: DeviceProblem };

export class Devices {
  constructor(
    private readonly media: MediaDevices | undefined,
    private readonly memory: Remembered | undefined,
  ) {}

  /** Those of a kind, best named once a permission was given. */
  async list(kind: DeviceKind): Promise<Device[]> {
    const all = (await this.media?.enumerateDevices()) ?? [];
    return all.filter((it) => KINDS[it.kind] === kind && it.deviceId !== '').map((it) => ({ id: it.deviceId, label: it.label }));
  }

  chosen(kind: DeviceKind): string | undefined {
    return this.read(kind);
  }

  choose(kind: DeviceKind, id: string): void {
    this.write(kind, id);
  }

  /** Whether the browser cleans the sound in this way. */
  cleans(way: Cleaning): boolean {
    return this.read(`cleaning.${way}`) !== 'off';
  }

  clean(way: Cleaning, on: boolean): void {
    this.write(`cleaning.${way}`, on ? 'on' : 'off');
  }

  /** Whether the person wants what is behind them blurred, where the system can (`canBlur`). */
  get blurs(): boolean {
    return this.read('blur') === 'on';
  }

  set blurs(on: boolean) {
    this.write('blur', on ? 'on' : 'off');
  }

  /** What the person wants to stand behind them in the picture. */
  get backdrop(): Backdrop {
    return backdropOf(this.read('backdrop'));
  }

  set backdrop(backdrop: Backdrop) {
    this.write('backdrop', backdrop);
  }

  /** Calls back when devices come or go; the answer stops it. */
  watch(changed: () => void): () => void {
    this.media?.addEventListener('devicechange', changed);
    return () => this.media?.removeEventListener('devicechange', changed);
  }

  /** Opens the chosen device of a kind, or the browser's default where that one is gone. */
  async open(kind: 'microphone' | 'camera'): Promise<Opened> {
    const id = this.chosen(kind);
    const first = await this.request(kind, id);
    return 'problem' in first && first.problem === 'missing' && id !== undefined ? this.request(kind, undefined) : first;
  }

  /** A screen, window or tab, as the person picks it in the browser's own dialog, with its sound where that was asked for and there is one. */
  async openScreen(content: ShareContent = 'text', sound = true): Promise<{ video: MediaStreamTrack; audio: MediaStreamTrack | undefined } | { problem: DeviceProblem }> {
    if (this.media?.getDisplayMedia === undefined) return { problem: 'insecure' };
    try {
      const stream = await this.media.getDisplayMedia({ video: { frameRate: { max: SHARE_RATE[content] } }, audio: sound });
      const video = stream.getVideoTracks()[0];
      if (video === undefined) return { problem: 'failed' };
      // Letters before motion: the encoder keeps resolution.
      video.contentHint = content === 'text' ? 'detail' : 'motion';
      return { video, audio: stream.getAudioTracks()[0] };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  private async request(kind: 'microphone' | 'camera', id: string | undefined): Promise<Opened> {
    if (this.media === undefined) return { problem: 'insecure' };
    const device = id === undefined ? {} : { deviceId: { exact: id } };
    const constraints: MediaStreamConstraints = kind === 'microphone' ? { audio: { ...this.microphone(), ...device } } : { video: { ...CAMERA, ...device } };
    try {
      const track = (await this.media.getUserMedia(constraints)).getTracks()[0];
      if (track === undefined) return { problem: 'failed' };
      track.contentHint = kind === 'microphone' ? 'speech' : 'motion';
      if (kind === 'camera' && this.blurs) await blur(track, true);
      if (kind === 'camera' && this.blurs) await blur(track, true);
      return { track };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  private microphone(): MediaTrackConstraints {
    return {
      echoCancellation: { ideal: this.cleans('echo') },
      noiseSuppression: { ideal: this.cleans('noise') },
      autoGainControl: { ideal: this.cleans('gain') },
      channelCount: { ideal: 1 },
    };
  }

  private read(name: string): string | undefined {
    try {
      return this.memory?.getItem(keyOf(name)) ?? undefined;
    } catch {
      return undefined; // storage may be forbidden; the choice then lasts as long as the page
    }
  }

  private write(name: string, value: string): void {
    try {
      this.memory?.setItem(keyOf(name), value);
    } catch {
      // as above
    }
  }
}

/**
 * The system's own blur (W3C mediacapture-extensions, `backgroundBlur`): the camera's driver does it, so nothing is loaded for it and
 * nothing leaves the device. Not every system has it.
 */
type Able = { backgroundBlur?: boolean[] };

export function canBlur(track: MediaStreamTrack | undefined): boolean {
  const able = (track?.getCapabilities?.() as Able | undefined)?.backgroundBlur;
  return able?.includes(true) === true && able.includes(false);
}

/** Turns it on or off where it can be; a camera that refuses goes on as it is. */
export async function blur(track: MediaStreamTrack, on: boolean): Promise<void> {
  if (canBlur(track)) await track.applyConstraints({ ...CAMERA, backgroundBlur: on } as MediaTrackConstraints).catch(() => {});
}

/** The names of W3C mediacapture-main, section 10.2. */
export function problemOf(error: unknown): DeviceProblem {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'SecurityError':
    case 'TypeError':
      return 'insecure';
    default:
      return 'failed';
  }
}
