/**
 * A call: one person's stay in one meeting, from the press on Join to the end, through every loss of line between. It owns the signalling
 * channel and the peer connection, keeps both alive, and shows everything as one value. It draws nothing and knows no component.
 *
 * ```
 * const call = createCall(ports)
 * const stop = call.subscribe((view) => draw(view))
 * call.join()
 * call.show([{ source, width: 640, height: 360, priority: 1 }])   // what is on the screen now
 * await call.raiseHand(true)                                      // undefined, or the refusal
 * call.leave()
 * ```
 */

import type { Peer, Transport } from '../media/peer';
import { SOURCE_KINDS } from '../media/sources';
import { StatsReader, type LineStats, type Rows } from '../media/stats';
import { reconnectDelayMs } from '../signal/backoff';
import { Channel, CLOSE_NORMAL, CLOSE_RENEW, type Push, type Reply } from '../signal/channel';
import { SIGNAL_VERSION } from '../signal/limits';
import type { ClientMessage } from '../signal/wire/ClientMessage';
import type { Refusal } from '../signal/wire/Refusal';
import type { SlotRequest } from '../signal/wire/SlotRequest';
import type { SlotState } from '../signal/wire/SlotState';
import type { SourceKind } from '../signal/wire/SourceKind';
import { Acts, type Outcome } from './acts';
import { meaningOf } from './attempt';
import { drawn } from './draw';
import { Looking } from './looking';
import { MuteBook } from './mutes';
import { noticesOf, type Notice } from './notices';
import { people, tiles } from './people';
import type { Ports } from './ports';
import { QualityMeter } from './quality';
import { enter, reduce, type Joined, type Room } from './room';
import type { Want } from './slots';
import type { CallView, Over } from './view';

/** Three people speak at once at most; a fourth is noise. */
const AUDIO_SLOTS = 3;
/** Attempts before the first join is given up and the person is told: about six seconds and the sockets' own time. */
const FIRST_ATTEMPTS_MAX = 5;
/** Fresh grants in a row that the node refused: the clocks of the planes differ, or a key is missing; asking on would not help. */
const REFUSED_GRANTS_MAX = 4;
/** ICE reports `disconnected` after some seconds of silence and often recovers by itself. */
const DOWN_MS_MAX = 4_000;
/** Media must flow this long after the answer; else the transport is built anew. */
const CONNECT_MS_MAX = 15_000;
/** A stay shorter than this was none: the pauses between attempts go on growing. */
const STABLE_MS = 10_000;
const STATS_EVERY_MS = 2_000;

const UNANSWERED: Refusal = { code: 'request.timeout', values: {} };

/** `Acts` beside what stands here: what a person does in the meeting. */
export interface Call extends Pick<Acts, Exclude<keyof Acts, 'act'>> {
  readonly view: CallView;
  /** Calls at once and on every change; the answer stops it (the contract of a Svelte store). */
  subscribe(listener: (view: CallView) => void): () => void;
  /** What a person should hear of; the answer stops it. */
  onNotice(listener: (notice: Notice) => void): () => void;
  /** The person pressed Join. */
  join(): void;
  /** Leaves, tells the others, and lets go of the line. The devices stay with `LocalMedia`. */
  leave(): void;
  /** The pictures that are on the screen now, all of them; what is not named is not sent to us. */
  show(wants: readonly Want[]): void;
  /** A picture of someone else was drawn. */
  remoteFrameDrawn(): void;
}

export function createCall(ports: Ports): Call {
  return new Conversation(ports);
}

/** What an attempt came to. */
type Step = 'in' | 'at_once' | 'later' | { over: Over };

class Conversation extends Acts implements Call {
  private state: CallView;
  private readonly listeners = new Set<(view: CallView) => void>();
  private readonly noticeListeners = new Set<(notice: Notice) => void>();

  private channel: Channel | undefined;
  private peer: Peer | undefined;
  private signalUrl: string | undefined;
  private ticket: string | undefined;
  private connecting = false;
  private transport: Transport = 'connecting';
  private attempts = 0;
  private enteredAt = -Infinity;
  private wasIn = false;
  /** By our clock: the booked window's end. */
  private closesAt = Infinity;
  private refusedGrants = 0;
  /** Tokens of the second in which we were sent back are void: the next one is not. */
  private sentBack = false;
  private hurry: () => void = () => {};

  private readonly looking: Looking;
  private readonly mutes = new MuteBook();
  private growing = false;

  private stats = new StatsReader();
  private meter = new QualityMeter();
  private readonly stops: (() => void)[] = [];
  private cancelDown: () => void = () => {};
  private cancelStats: () => void = () => {};

  constructor(private readonly ports: Ports) {
    super();
    this.looking = new Looking(ports.timers, {
      peer: () => (this.state.phase.at === 'in' && this.channel !== undefined ? this.peer : undefined),
      request: (slots) => void this.requestSlots(slots),
      grow: (videoSlots) => void this.growSlots(videoSlots),
    });
    this.state = {
      phase: { at: 'idle' },
      room: undefined,
      people: [],
      tiles: [],
      lastSpoke: [],
      pictures: new Map(),
      sounds: [],
      local: ports.local.view,
      line: { quality: 'good', signalRtt_ms: undefined, stats: undefined },
      join_ms: undefined,
    };
  }

  get view(): CallView {
    return this.state;
  }

  subscribe(listener: (view: CallView) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.noticeListeners.add(listener);
    return () => this.noticeListeners.delete(listener);
  }

  join(): void {
    if (this.state.phase.at !== 'idle') return;
    this.ports.timeline.click();
    this.stops.push(
      this.ports.local.subscribe(() => void this.localChanged()),
      this.ports.onOnline(() => {
        this.hurry();
        this.channel?.check();
      }),
    );
    this.put({ phase: { at: 'joining' } });
    void this.connect();
  }

  leave(): void {
    if (this.state.phase.at === 'over') return;
    this.channel?.request({ type: 'leave' }).catch(() => {}); // the socket closes behind it; nobody waits
    this.finish({ kind: 'ended', reason: 'left' });
  }

  show(wants: readonly Want[]): void {
    this.looking.show(wants);
  }

  remoteFrameDrawn(): void {
    const join_ms = this.ports.timeline.remoteFrame();
    if (join_ms !== this.state.join_ms) this.put({ join_ms });
  }

  protected async act(message: ClientMessage): Promise<Outcome> {
    if (this.channel === undefined) return UNANSWERED;
    try {
      const reply = await this.channel.request(message);
      return reply.type === 'refused' ? reply.refusal : undefined;
    } catch {
      return UNANSWERED;
    }
  }

  // Coming in, and coming back.

  private get isOver(): boolean {
    return this.state.phase.at === 'over';
  }

  /** Attempts until we are in, or until there is no hope. One runs at a time. */
  private async connect(): Promise<void> {
    if (this.connecting || this.isOver) return;
    this.connecting = true;
    if (this.ports.timers.now() - this.enteredAt >= STABLE_MS) this.attempts = 0;
    if (this.wasIn) this.loseLine();
    let step: Step = 'later';
    while (step !== 'in' && !this.isOver) {
      if (this.wasIn) this.put({ phase: { at: 'reconnecting', attempt: this.attempts }, line: { ...this.state.line, quality: 'lost' } });
      if (step === 'later') await this.pause(reconnectDelayMs(this.attempts++, this.ports.random));
      if (this.isOver) break;
      step = await this.attempt();
      if (typeof step === 'object') this.finish(step.over);
      else if (step === 'later' && this.hopeless()) this.finish({ kind: 'unreachable' });
    }
    this.connecting = false;
    // The line may have broken again while it was being taken into use.
    if (!this.isOver && (this.channel === undefined || this.peer === undefined)) void this.connect();
  }

  /** Who speaks is not known any more. */
  private loseLine(): void {
    const { room } = this.state;
    if (room !== undefined) this.put({ room: { ...room, speakers: [] } });
    this.tell({ kind: 'reconnecting' });
  }

  private hopeless(): boolean {
    return this.wasIn ? this.ports.timers.now() > this.closesAt : this.attempts >= FIRST_ATTEMPTS_MAX;
  }

  private pause(delay_ms: number): Promise<void> {
    if (delay_ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.ports.timers.after(delay_ms, resolve);
      this.hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  private attempt(): Promise<Step> {
    return this.ticket !== undefined && this.signalUrl !== undefined ? this.resume(this.signalUrl, this.ticket) : this.joinAnew();
  }

  private async resume(url: string, ticket: string): Promise<Step> {
    const fresh = this.peer === undefined;
    const offer = fresh ? await this.offerFrom(this.freshPeer()) : undefined;
    if (this.isOver) return 'later';
    if (fresh && offer === undefined) return { over: { kind: 'unsupported' } };
    const reply = await this.firstMessage(url, {
      type: 'resume',
      version: SIGNAL_VERSION,
      ticket,
      ...(offer ?? { publish: [] }),
    });
    if (reply?.type === 'joined') return this.enter(reply, fresh);
    this.dropChannel();
    if (reply?.type !== 'refused') {
      if (fresh) this.dropPeer();
      return 'later';
    }
    const meaning = meaningOf(reply.refusal, 'resume');
    if (meaning === 'later') return 'later';
    if (meaning === 'no') return { over: { kind: 'refused', refusal: reply.refusal } };
    this.dropPeer();
    if (meaning === 'join_anew') this.ticket = undefined;
    // An offer asked for although one was given would go round for ever.
    return meaning === 'offer_anew' && fresh ? 'later' : 'at_once';
  }

  private async joinAnew(): Promise<Step> {
    this.dropPeer();
    const peer = this.freshPeer();
    const [answer, offer] = await Promise.all([this.ports.fetchGrant(), this.offerFrom(peer)]);
    if (this.isOver) return 'later';
    if (offer === undefined) return { over: { kind: 'unsupported' } };
    if ('unreachable' in answer) return 'later';
    if ('refusal' in answer) return this.refusedJoin(answer.refusal);
    const { token, signalUrl, proof } = answer.grant;
    this.signalUrl = signalUrl;
    const reply = await this.firstMessage(signalUrl, {
      type: 'join',
      version: SIGNAL_VERSION,
      room: this.ports.meeting,
      token,
      ...(proof === undefined ? {} : { proof }),
      ...offer,
    });
    if (reply?.type === 'joined') return this.enter(reply, true);
    this.dropChannel();
    return reply?.type === 'refused' ? this.refusedJoin(reply.refusal) : 'later';
  }

  private refusedJoin(refusal: Refusal): Step {
    const over = { over: { kind: 'refused', refusal } } as const;
    const again = this.sentBack && refusal.code === 'grant.revoked';
    switch (again ? 'join_anew' : meaningOf(refusal, 'join')) {
      case 'later':
        return 'later';
      case 'join_anew':
      case 'offer_anew':
        this.refusedGrants += 1;
        return this.refusedGrants < REFUSED_GRANTS_MAX ? 'later' : over;
      case 'no':
        return over;
    }
  }

  private async offerFrom(peer: Peer): Promise<Awaited<ReturnType<Peer['offer']>> | undefined> {
    try {
      return await peer.offer((kind) => !this.ports.local.sends(kind));
    } catch {
      return undefined;
    }
  }

  /** Opens a channel and sends its first message; nothing where it breaks before the answer. */
  private async firstMessage(url: string, message: ClientMessage): Promise<Reply | undefined> {
    this.dropChannel();
    const channel: Channel = new Channel(url, this.ports.openSocket, this.ports.timers, {
      pushed: (push) => this.pushed(push),
      closed: () => this.channelClosed(channel),
      measured: (signalRtt_ms) => this.put({ line: { ...this.state.line, signalRtt_ms } }),
    });
    this.channel = channel;
    try {
      return await channel.request(message);
    } catch {
      return undefined;
    }
  }

  private async enter(joined: Joined, fresh: boolean): Promise<Step> {
    // `leave` may have been pressed, or the channel broken, between the answer and here.
    if (this.isOver || this.channel === undefined) return 'later';
    const back = this.wasIn;
    this.ticket = joined.ticket;
    this.refusedGrants = 0;
    this.sentBack = false;
    this.wasIn = true;
    this.closesAt = this.ports.timers.now() + Math.max(0, joined.state.closes_at_ms - joined.state.now_ms);
    this.enteredAt = this.ports.timers.now();
    const room = enter(joined, this.ports.timers.now());
    this.looking.begin(fresh ? [] : joined.state.slots);
    this.put({ phase: { at: 'in' }, room, line: { ...this.state.line, quality: 'good' } });
    for (const kind of this.mutes.entered(room)) this.silence(kind);
    this.looking.guess(likely(room));
    if (back) this.tell({ kind: 'reconnected' });
    if (joined.answer !== undefined && !(await this.accept(joined.answer))) {
      this.dropPeer();
      this.dropChannel();
      return 'later';
    }
    for (const [kind, rids] of room.layers) void this.peer?.layers(kind, rids);
    void this.localChanged();
    this.watchStats();
    return 'in';
  }

  private async accept(answer: string): Promise<boolean> {
    const { peer } = this;
    if (peer === undefined) return false;
    try {
      await peer.accept(answer);
    } catch {
      return false;
    }
    if (this.transport !== 'up') this.watchTransport(CONNECT_MS_MAX);
    this.put({});
    return true;
  }

  private pushed(message: Push): void {
    const { room } = this.state;
    if (message.type === 'ticket') {
      this.ticket = message.ticket;
      return;
    }
    if (message.type === 'waiting') {
      this.put({ phase: { at: 'waiting', sinceMs: message.since_ms, chairPresent: message.chair_present, sentBack: this.sentBack } });
      return;
    }
    if (message.type === 'ended' && message.reason === 'sent_back') return this.waitAgain();
    if (message.type === 'ended') {
      // A node that stops is a loss of line, not the end: another, or the same, takes us back.
      if (message.reason !== 'node_stopped' && message.reason !== 'lost') this.finish({ kind: 'ended', reason: message.reason });
      return;
    }
    if (room === undefined) return;
    const notices = noticesOf(room, message);
    const next = reduce(room, message);
    this.put({ room: next });
    if (message.type === 'moved') this.lookAnew(message.state.slots);
    if (message.type === 'layers') void this.peer?.layers(message.layers.kind, message.layers.rids);
    for (const kind of this.mutes.heard(next)) {
      this.silence(kind);
      notices.push({ kind: 'muted_by_host', source: kind });
    }
    for (const notice of notices) this.tell(notice);
  }

  /** In another room of the meeting: nothing is in the slots, and what is drawn is asked for anew. */
  private lookAnew(slots: SlotState[]): void {
    this.looking.begin(slots);
    this.looking.refresh();
  }

  /** Back before the door: everything of the stay is over, and a fresh token asks for another. */
  private waitAgain(): void {
    this.sentBack = true;
    this.wasIn = false;
    this.ticket = undefined;
    this.attempts = 0;
    this.dropPeer();
    this.dropChannel();
    this.put({ phase: { at: 'waiting', sinceMs: this.state.room?.toldAtMs ?? 0, chairPresent: true, sentBack: true }, room: undefined, people: [], tiles: [], pictures: new Map(), sounds: [] });
    void this.connect();
  }

  private channelClosed(channel: Channel): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    if (!this.isOver) void this.connect();
  }

  private dropChannel(): void {
    const { channel } = this;
    this.channel = undefined;
    channel?.close(CLOSE_RENEW);
  }

  // What we send.

  private freshPeer(): Peer {
    this.dropPeer();
    const peer: Peer = this.ports.createPeer({
      audioSlots: AUDIO_SLOTS,
      videoSlots: this.looking.slots,
      tracks: this.ports.local.tracks,
      transportChanged: (transport) => {
        if (this.peer === peer) this.transportChanged(transport);
      },
    });
    this.peer = peer;
    this.transport = 'connecting';
    this.looking.begin([]);
    this.stats = new StatsReader();
    this.meter = new QualityMeter();
    return peer;
  }

  private dropPeer(): void {
    this.cancelDown();
    this.cancelStats();
    this.peer?.close();
    this.peer = undefined;
  }

  private transportChanged(transport: Transport): void {
    this.transport = transport;
    switch (transport) {
      case 'connecting':
        return;
      case 'up':
        return this.cancelDown();
      case 'down':
        return this.watchTransport(DOWN_MS_MAX);
      case 'failed':
        return this.renewMedia();
    }
  }

  private watchTransport(within_ms: number): void {
    this.cancelDown();
    this.cancelDown = this.ports.timers.after(within_ms, () => this.renewMedia());
  }

  /** The media transport is gone: a new one is offered on a fresh socket. */
  private renewMedia(): void {
    if (this.isOver) return;
    this.dropPeer();
    if (this.connecting) return;
    this.dropChannel();
    void this.connect();
  }

  private async localChanged(): Promise<void> {
    this.put({ local: this.ports.local.view });
    await this.sendTracks();
    for (const kind of SOURCE_KINDS) void this.tellMute(kind);
  }

  private async sendTracks(): Promise<void> {
    const { peer } = this;
    const { tracks, view } = this.ports.local;
    if (peer === undefined) return;
    await Promise.allSettled([...SOURCE_KINDS.map((kind) => peer.send(kind, tracks[kind] ?? null)), peer.spare(view.spare)]);
  }

  /** Tells the node of an own source whose state it does not know yet. */
  private async tellMute(kind: SourceKind): Promise<void> {
    const muted = !this.ports.local.sends(kind);
    if (this.state.phase.at !== 'in' || !this.mutes.mustTell(kind, muted)) return;
    this.mutes.asked(kind, muted);
    const refusal = await this.act({ type: 'mute', kind, muted });
    this.mutes.answered(kind);
    if (refusal !== undefined && refusal !== UNANSWERED && !muted) this.silence(kind);
  }

  private silence(kind: SourceKind): void {
    const { local } = this.ports;
    if (kind === 'microphone' || kind === 'camera') void local.turn(kind, false);
    else local.stopShare();
  }

  // What we see.

  private async requestSlots(slots: SlotRequest[]): Promise<void> {
    const refusal = await this.act({ type: 'view', slots });
    if (refusal !== undefined && refusal !== UNANSWERED) this.looking.refused([...(this.state.room?.slots.values() ?? [])]);
  }

  private async growSlots(videoSlots: number): Promise<void> {
    const { channel, peer } = this;
    if (this.growing || channel === undefined || peer === undefined) return;
    this.growing = true;
    peer.grow(videoSlots);
    try {
      const offer = await this.offerFrom(peer);
      if (offer === undefined) return;
      const reply = await channel.request({ type: 'offer', ...offer });
      if (reply.type === 'answer' && this.peer === peer && (await this.accept(reply.answer))) this.looking.refresh();
    } catch {
      // The line broke: the next peer is made with as many slots as are wanted then.
    } finally {
      this.growing = false;
    }
  }

  private watchStats(): void {
    this.cancelStats();
    const { peer } = this;
    if (peer === undefined) return;
    this.cancelStats = this.ports.timers.after(STATS_EVERY_MS, () => {
      void peer
        .stats()
        .then((report) => this.readStats(peer, report))
        .catch(() => {}); // a closed peer has none
    });
  }

  private readStats(peer: Peer, report: RTCStatsReport): void {
    if (this.peer !== peer) return;
    const stats: LineStats = this.stats.read(report.values() as unknown as Rows);
    const quality = this.state.phase.at === 'in' ? this.meter.read(stats) : 'lost';
    this.put({ line: { ...this.state.line, quality, stats } });
    this.watchStats();
  }

  // The value that is shown.

  private put(change: Partial<CallView>): void {
    const next = { ...this.state, ...change };
    this.state = next.room === undefined ? next : { ...next, ...drawn(next.room, next, change.room !== undefined, this.peer) };
    for (const listener of [...this.listeners]) listener(this.state);
  }

  private tell(notice: Notice): void {
    for (const listener of [...this.noticeListeners]) listener(notice);
  }

  private finish(over: Over): void {
    if (this.isOver) return;
    const { channel } = this;
    // First deaf, then told: whoever hears of the end may close the devices, which must not reach back in here.
    for (const stop of this.stops.splice(0)) stop();
    this.put({ phase: { at: 'over', over, wasIn: this.wasIn } });
    this.channel = undefined;
    channel?.close(CLOSE_NORMAL);
    this.dropPeer();
    this.ticket = undefined;
    this.hurry();
  }
}

/** What a page is likely to show first: the pictures of the others, at the size of a middle tile. */
function likely(room: Room): Want[] {
  return tiles(people(room)).flatMap(({ source, person, kind }) =>
    source === undefined || person.self ? [] : [{ source, width: 640, height: 360, priority: kind === 'share' ? 2 : 1 }],
  );
}
