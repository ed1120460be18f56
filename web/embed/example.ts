/**
 * The example of `docs/embedding.md`: a page without a framework that joins a meeting. Its own service asks Sidang for the grant; the page
 * itself never holds a password or a session of Sidang. The meeting stands in the address: `?meeting=…`.
 */
import { arrange, browserPorts, capacity, createCall, Devices, LocalMedia, wantsOf, type CallView, type GrantAnswer } from './sidang-call';

const meeting = new URLSearchParams(location.search).get('meeting') ?? '';
const byId = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

/** From this page's own service, which knows who is signed in here. */
async function fetchGrant(): Promise<GrantAnswer> {
  const answer = await fetch('/grant', { method: 'POST', body: JSON.stringify({ meeting }) }).catch(() => undefined);
  if (answer === undefined || answer.status >= 500) return { unreachable: true };
  const said = await answer.json();
  return answer.ok ? { grant: { token: said.token, signalUrl: said.signalUrl } } : { refusal: { code: said.code, values: said.values ?? {} } };
}

const local = new LocalMedia(new Devices(navigator.mediaDevices, localStorage));
const call = createCall(browserPorts({ meeting, local, fetchGrant }));

byId('join').addEventListener('click', () => {
  void Promise.all([local.turn('microphone', true), local.turn('camera', true)]).then(() => call.join());
});
byId('leave').addEventListener('click', () => call.leave());
for (const kind of ['microphone', 'camera'] as const) byId(kind).addEventListener('click', () => void local.turn(kind, !local.view[kind].on));
addEventListener('pagehide', () => call.leave());

call.subscribe((view) => {
  byId('state').textContent = view.phase.at === 'over' ? `Over: ${view.phase.over.kind}` : view.phase.at;
  byId('state').dataset['phase'] = view.phase.at;
  const inside = view.phase.at === 'in' || view.phase.at === 'reconnecting';
  byId<HTMLButtonElement>('join').disabled = view.phase.at !== 'idle';
  for (const id of ['leave', 'microphone', 'camera']) byId<HTMLButtonElement>(id).disabled = !inside;
  for (const kind of ['microphone', 'camera'] as const) byId(kind).ariaPressed = String(view.local[kind].on);
  drawTiles(view);
  drawSounds(view);
  if (view.phase.at === 'over') local.close();
});

/** One figure for each tile, kept for as long as the tile lives, so that no picture starts anew. */
function drawTiles(view: CallView): void {
  const stage = { width: innerWidth, height: innerHeight, gap: 12, room: capacity({ width: innerWidth, height: innerHeight }, 12) };
  const { placed } = arrange(view.tiles, { layout: 'grid', pins: [], self: 'tile', page: 0 }, view.lastSpoke, stage);
  const figures = new Map([...byId('tiles').children].map((it) => [(it as HTMLElement).dataset['tile'], it as HTMLElement]));
  for (const { tile } of placed) {
    const figure = figures.get(tile.key) ?? newFigure(tile.key, tile.person.participant.name);
    figures.delete(tile.key);
    const own = view.local.camera.on ? view.local.camera.track : undefined;
    const stream = tile.person.self ? own && streamOf(own) : tile.source === undefined ? undefined : view.pictures.get(tile.source)?.stream;
    show(figure.querySelector('video') as HTMLVideoElement, stream);
  }
  for (const gone of figures.values()) gone.remove();
  // Only what is drawn is sent to us.
  call.show(wantsOf(placed, { pins: [], mode: 'full', scale: devicePixelRatio }));
}

function newFigure(key: string, name: string): HTMLElement {
  const figure = document.createElement('figure');
  figure.dataset['tile'] = key;
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  const caption = document.createElement('figcaption');
  caption.textContent = name; // never as HTML: a name is somebody else's text
  figure.append(video, caption);
  byId('tiles').append(figure);
  return figure;
}

/** Every voice is played; the service decides who is in them. */
function drawSounds(view: CallView): void {
  const all = new Map([...byId('sounds').children].map((it) => [(it as HTMLElement).dataset['mid'], it as HTMLAudioElement]));
  for (const { mid, stream } of view.sounds) {
    const element = all.get(mid) ?? byId('sounds').appendChild(Object.assign(document.createElement('audio'), { autoplay: true }));
    element.dataset['mid'] = mid;
    all.delete(mid);
    show(element, stream);
  }
  for (const gone of all.values()) gone.remove();
}

function show(element: HTMLMediaElement, stream: MediaStream | undefined): void {
  if (element.srcObject === (stream ?? null)) return;
  element.srcObject = stream ?? null;
  if (stream !== undefined) element.play().catch(() => {}); // replaced meanwhile
}

const streams = new WeakMap<MediaStreamTrack, MediaStream>();
function streamOf(track: MediaStreamTrack): MediaStream {
  const stream = streams.get(track) ?? new MediaStream([track]);
  streams.set(track, stream);
  return stream;
}
