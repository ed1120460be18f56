import '../../src/styles/tokens.css';
import '../../src/styles/base.css';
import { mount } from 'svelte';
import type { CallView, Picture } from '@/call';
import { people, tiles } from '@/call/people';
import type { Room } from '@/call/room';
import type { Participant } from '@/signal/wire/Participant';
import Many from './Many.svelte';
import { props } from './props.svelte';

const COUNT = 49;
const [WIDTH, HEIGHT, RATE] = [320, 180, 15];

/** One picture that moves, encoded once and decoded in as many slots as there are people: 180p VP8, as the lowest layer of a camera is. */
async function received(): Promise<MediaStream[]> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const drawing = canvas.getContext('2d')!;
  let frame = 0;
  setInterval(() => {
    frame += 1;
    drawing.fillStyle = `hsl(${frame % 360} 60% 40%)`;
    drawing.fillRect(0, 0, WIDTH, HEIGHT);
    drawing.fillStyle = '#fff';
    drawing.fillRect((frame * 5) % WIDTH, 40, 60, 100);
  }, 1000 / RATE);
  const [track] = canvas.captureStream(RATE).getVideoTracks();
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
  from.addEventListener('icecandidate', ({ candidate }) => void to.addIceCandidate(candidate ?? undefined));
  to.addEventListener('icecandidate', ({ candidate }) => void from.addIceCandidate(candidate ?? undefined));
  const vp8 = RTCRtpReceiver.getCapabilities('video')!.codecs.filter((it) => it.mimeType === 'video/VP8');
  for (let index = 0; index < COUNT; index += 1) {
    const transceiver = from.addTransceiver(track!, { direction: 'sendonly', sendEncodings: [{ maxBitrate: 100_000, maxFramerate: RATE }] });
    transceiver.setCodecPreferences(vp8);
  }
  const streams: MediaStream[] = [];
  to.addEventListener('track', ({ track: came }) => streams.push(new MediaStream([came])));
  await from.setLocalDescription();
  await to.setRemoteDescription(from.localDescription!);
  await to.setLocalDescription();
  await from.setRemoteDescription(to.localDescription!);
  return streams;
}

const person = (index: number): Participant => ({
  session: `s${index}`,
  kind: 'person',
  person: `p${index}`,
  name: `Pegawai Nombor ${index + 1}`,
  agency: 'JDN',
  role: 'member',
  joined_at_ms: index,
  connected: true,
  sources: [
    { source: `m${index}`, kind: 'microphone', muted: index % 3 === 0 },
    { source: `c${index}`, kind: 'camera', muted: false },
  ],
});

const streams = await received();
const participants = new Map(Array.from({ length: COUNT }, (_, index) => [`s${index}`, person(index)]));
const pictures = new Map<string, Picture>(streams.map((stream, index) => [`c${index}`, { mid: `${index}`, stream, paused: undefined }]));

/** The view as a call gives it: everything new with every change. */
function viewAt(second: number): CallView {
  const speakers = [second % COUNT, (second * 7) % COUNT].map((it) => `s${it}`);
  const everyone = people({ session: 'nobody', participants, speakers } as unknown as Room);
  const off = { on: false, track: undefined, device: undefined, problem: undefined, opening: false };
  return {
    phase: { at: 'in' },
    room: undefined,
    people: everyone,
    tiles: tiles(everyone),
    lastSpoke: speakers,
    pictures: new Map(pictures),
    sounds: [],
    local: { microphone: off, camera: off, share: undefined, spare: false, backdrop: { chosen: 'none', able: false, busy: false, failed: false, slow: false } },
    line: { quality: 'good', signalRtt_ms: 20, stats: undefined },
    join_ms: undefined,
  };
}

props.view = viewAt(0);
mount(Many, { target: document.body, props });
let second = 0;
setInterval(() => (props.view = viewAt((second += 1))), 1000);
