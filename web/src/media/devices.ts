/** Microphones, cameras and speakers: which there are, which the person chose (remembered on this device), and why one cannot be had. */

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
  | 'failed';

export type Remembered = Pick<Storage, 'getItem' | 'setItem'>;

const KINDS: Record<MediaDeviceKind, DeviceKind> = { audioinput: 'microphone', videoinput: 'camera', audiooutput: 'speaker' };
const keyOf = (kind: DeviceKind): string => `sidang.device.${kind}`;

/** Speech in a room: the browser's own cleaning is on. */
const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: { ideal: true },
  noiseSuppression: { ideal: true },
  autoGainControl: { ideal: true },
  channelCount: { ideal: 1 },
};
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
    try {
      return this.memory?.getItem(keyOf(kind)) ?? undefined;
    } catch {
      return undefined; // storage may be forbidden; the choice then lasts as long as the page
    }
  }

  choose(kind: DeviceKind, id: string): void {
    try {
      this.memory?.setItem(keyOf(kind), id);
    } catch {
      // as above
    }
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

  /** A screen, window or tab, as the person picks it in the browser's own dialog, with its sound where there is one. */
  async openScreen(): Promise<{ video: MediaStreamTrack; audio: MediaStreamTrack | undefined } | { problem: DeviceProblem }> {
    if (this.media?.getDisplayMedia === undefined) return { problem: 'insecure' };
    try {
      const stream = await this.media.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
      const video = stream.getVideoTracks()[0];
      if (video === undefined) return { problem: 'failed' };
      // Letters before motion: the encoder keeps resolution.
      video.contentHint = 'detail';
      return { video, audio: stream.getAudioTracks()[0] };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  private async request(kind: 'microphone' | 'camera', id: string | undefined): Promise<Opened> {
    if (this.media === undefined) return { problem: 'insecure' };
    const device = id === undefined ? {} : { deviceId: { exact: id } };
    const constraints: MediaStreamConstraints = kind === 'microphone' ? { audio: { ...MICROPHONE, ...device } } : { video: { ...CAMERA, ...device } };
    try {
      const track = (await this.media.getUserMedia(constraints)).getTracks()[0];
      if (track === undefined) return { problem: 'failed' };
      track.contentHint = kind === 'microphone' ? 'speech' : 'motion';
      return { track };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }
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
