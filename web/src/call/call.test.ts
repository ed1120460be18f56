/** A call as stories: what the node says, what the person does, what is seen, on a timeline of its own. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { LocalMedia } from '../media/local';
import type { Refusal } from '../signal/wire/Refusal';
import { createCall, type Call } from './call';
import type { Notice } from './notices';
import type { GrantAnswer } from './ports';
import { ScriptedPeer, scriptedLocal } from './testing/media';
import { person, roomState, ScriptedNode, type ScriptedSocket } from './testing/node';
import { VirtualTime } from './testing/virtual';
import { JoinTimeline } from './timeline';

let time: VirtualTime;
let node: ScriptedNode;
let peers: ScriptedPeer[];
let local: LocalMedia;
let grants: GrantAnswer[];
let asked: number;
let notices: Notice[];
let call: Call;
let online: () => void;

const GRANTED = (n: number): GrantAnswer => ({ grant: { token: `token ${n}`, signalUrl: 'wss://node/media/signal' } });

beforeEach(async () => {
  time = new VirtualTime();
  node = new ScriptedNode();
  peers = [];
  local = scriptedLocal();
  grants = [];
  asked = 0;
  notices = [];
  online = () => {};
  await local.turn('microphone', true);
  await local.turn('camera', true);
  call = createCall({
    meeting: 'meeting',
    fetchGrant: () => Promise.resolve(grants.shift() ?? GRANTED(++asked)),
    openSocket: node.openSocket,
    createPeer: (options) => {
      const peer = new ScriptedPeer(options);
      peers.push(peer);
      return peer;
    },
    local,
    timers: time,
    random: () => 0.5,
    timeline: new JoinTimeline(performance),
    onOnline: (back) => {
      online = back;
      return () => {};
    },
  });
  call.onNotice((notice) => notices.push(notice));
});

const phase = (): string => call.view.phase.at;
const peer = (): ScriptedPeer => peers.at(-1) as ScriptedPeer;
const three = () => [person('me', { joined_at_ms: 1 }), person('a', { joined_at_ms: 2 }), person('b', { joined_at_ms: 3 })];

async function answerJoin(socket: ScriptedSocket, options: { resumed?: boolean; answer?: string | null; ticket?: string } = {}): Promise<void> {
  const request = socket.last('join') ?? socket.last('resume');
  const { resumed = false, answer = 'v=0', ticket = 'ticket 1' } = options;
  socket.say({
    type: 'joined',
    id: request?.id ?? 0,
    session: 'me',
    resumed,
    ticket,
    ...(answer === null ? {} : { answer }),
    acts: ['publish_audio', 'publish_video', 'raise_hand'],
    state: roomState(three()),
  });
  await time.settle();
}

async function join(): Promise<void> {
  call.join();
  await time.settle();
  node.socket.open();
  await answerJoin(node.socket);
  peer().become('up');
}

async function refuse(socket: ScriptedSocket, refusal: Refusal): Promise<void> {
  const request = socket.last('join') ?? socket.last('resume');
  socket.say({ type: 'refused', id: request?.id ?? 0, refusal });
  await time.settle();
}

describe('before the door', () => {
  it('waits as long as it takes, is told of the chair, and comes in without another press', async () => {
    call.join();
    await time.settle();
    node.socket.open();
    const id = node.socket.last('join')?.id ?? 0;
    node.socket.say({ type: 'waiting', id, since_ms: 5, chair_present: false });
    await time.advance(60_000);
    expect(call.view.phase).toEqual({ at: 'waiting', sinceMs: 5, chairPresent: false, sentBack: false });
    node.socket.say({ type: 'waiting', id, since_ms: 5, chair_present: true });
    expect(call.view.phase).toMatchObject({ chairPresent: true });
    await answerJoin(node.socket);
    expect(phase()).toBe('in');
    expect(node.sockets).toHaveLength(1);
  });

  it('is where one stands again after being sent back, with a fresh grant', async () => {
    await join();
    const first = node.socket;
    first.say({ type: 'ended', reason: 'sent_back' });
    await time.advance(3_000);
    expect(phase()).toBe('waiting');
    expect(call.view.people).toEqual([]);
    node.socket.open();
    expect(node.socket.last('join')?.message).toMatchObject({ token: 'token 2' });
    // A token of the second in which it happened is void; the next is not.
    await refuse(node.socket, { code: 'grant.revoked', values: {} });
    await time.advance(5_000);
    node.socket.open();
    expect(node.socket.last('join')?.message).toMatchObject({ token: 'token 3' });
    node.socket.say({ type: 'waiting', id: node.socket.last('join')?.id ?? 0, since_ms: 9, chair_present: true });
    expect(call.view.phase).toMatchObject({ at: 'waiting', sentBack: true });
  });
});

describe('together', () => {
  it('keeps what may be read of the chat, and nothing of it in a meeting that is raised', async () => {
    await join();
    const line = { number: 1, from: { person: 'person-a', name: 'Name a', agency: 'JDN', guest: false }, text: 'hai', mentions: [], announcement: false, at_ms: 1 };
    node.socket.say({ type: 'chat', line });
    expect(call.view.room?.chat).toEqual([line]);
    expect(notices.at(-1)).toEqual({ kind: 'said', line });
    node.socket.say({ type: 'classification', classification: 'TERHAD', lacks: [] });
    expect(call.view.room?.chat).toEqual([]);
  });

  it('tells who has the floor, and that it is over', async () => {
    await join();
    node.socket.say({ type: 'floor', floor: { holder: 'me', seconds: 30, ends_at_ms: 30_000 }, now_ms: 0 });
    expect(notices.at(-1)).toEqual({ kind: 'floor_yours', seconds: 30 });
    node.socket.say({ type: 'floor', floor: { seconds: 30 }, now_ms: 30_000 });
    expect(notices.at(-1)).toEqual({ kind: 'floor_lost' });
    expect(call.view.room?.floor).toEqual({ seconds: 30 });
  });

  it('falls silent with a rule for all, and stays so until its owner presses', async () => {
    await join();
    node.socket.done('mute');
    const me = person('me', { sources: [{ source: 'me-mic', kind: 'microphone', muted: true }, { source: 'me-cam', kind: 'camera', muted: false }] });
    node.socket.say({ type: 'participants_changed', participants: [me] });
    await time.settle();
    expect(local.view.microphone.on).toBe(false);
    expect(notices).toContainEqual({ kind: 'muted_by_host', source: 'microphone' });
  });
});

describe('joining', () => {
  it('is one press: a grant, an offer, an answer, and the people are there', async () => {
    call.join();
    expect(phase()).toBe('joining');
    await time.settle();
    expect(node.socket.url).toBe('wss://node/media/signal');
    node.socket.open();
    expect(node.socket.last('join')?.message).toMatchObject({
      version: 1,
      room: 'meeting',
      token: 'token 1',
      offer: 'offer 1',
      publish: [{ kind: 'microphone', muted: false }, { kind: 'camera', muted: false }, { muted: true }, { muted: true }],
    });
    await answerJoin(node.socket);
    expect(phase()).toBe('in');
    expect(peer().answers).toEqual(['v=0']);
    expect(call.view.people.map((it) => [it.participant.session, it.self])).toEqual([
      ['me', true],
      ['a', false],
      ['b', false],
    ]);
    expect(call.view.sounds.map((it) => it.mid)).toEqual(['4', '5', '6']);
  });

  it('asks for the others’ pictures before the page has drawn anything', async () => {
    await join();
    expect(node.socket.last('view')?.message.slots.map((it) => [it.mid, it.source])).toEqual([
      ['7', 'a-cam'],
      ['8', 'b-cam'],
    ]);
  });

  it.each<[string, Refusal]>([
    ['outside the window', { code: 'meeting.window_closed', values: { opens_at_ms: 5 } }],
    ['not listed', { code: 'meeting.not_listed', rule: 'MEET-8', values: {} }],
  ])('ends with the refusal: %s', async (_, refusal) => {
    grants = [{ refusal }];
    call.join();
    await time.settle();
    expect(call.view.phase).toEqual({ at: 'over', over: { kind: 'refused', refusal }, wasIn: false });
    expect(node.sockets).toHaveLength(0);
    expect(peer().closed).toBe(true);
  });

  it('takes a fresh grant where the node calls the first one stale', async () => {
    call.join();
    await time.settle();
    node.socket.open();
    await refuse(node.socket, { code: 'grant.stale', values: {} });
    await time.advance(300);
    node.socket.open();
    expect(node.socket.last('join')?.message.token).toBe('token 2');
    await answerJoin(node.socket);
    expect(phase()).toBe('in');
  });

  it('does not ask for grants for ever', async () => {
    call.join();
    for (let i = 0; i < 8 && phase() === 'joining'; i += 1) {
      await time.settle();
      node.socket.open();
      await refuse(node.socket, { code: 'grant.signature', values: {} });
      await time.advance(6_000);
    }
    expect(call.view.phase).toMatchObject({ at: 'over', over: { kind: 'refused' } });
    expect(asked).toBe(4);
  });

  it('says that the service cannot be reached, after some attempts', async () => {
    grants = Array.from({ length: 9 }, () => ({ unreachable: true }) as const);
    call.join();
    await time.advance(20_000);
    expect(call.view.phase).toMatchObject({ at: 'over', over: { kind: 'unreachable' } });
  });

  it('lets go of everything when the person leaves while it is under way', async () => {
    call.join();
    await time.settle();
    call.leave();
    await time.advance(60_000);
    expect(phase()).toBe('over');
    expect(node.sockets).toHaveLength(1);
    expect(peer().closed).toBe(true);
  });
});

describe('a lost line', () => {
  it('is resumed at once by the ticket, and the media goes on', async () => {
    await join();
    const first = peer();
    node.socket.say({ type: 'ticket', ticket: 'ticket 2' });
    await time.advance(20_000);
    node.socket.drop();
    await time.settle();
    expect(phase()).toBe('reconnecting');
    expect(node.sockets).toHaveLength(2);
    node.socket.open();
    expect(node.socket.last('resume')?.message).toEqual({ type: 'resume', version: 1, ticket: 'ticket 2', publish: [] });
    await answerJoin(node.socket, { resumed: true, answer: null });
    expect(phase()).toBe('in');
    expect(peer()).toBe(first);
    expect(notices.map((it) => it.kind)).toEqual(['reconnecting', 'reconnected']);
  });

  it('offers anew where the node has lost the media', async () => {
    await join();
    await time.advance(20_000);
    node.socket.drop();
    await time.settle();
    node.socket.open();
    await refuse(node.socket, { code: 'resume.offer_required', values: {} });
    node.socket.open();
    expect(node.socket.last('resume')?.message).toMatchObject({ ticket: 'ticket 1', offer: 'offer 1' });
    expect(peers).toHaveLength(2);
    expect(peers[0]?.closed).toBe(true);
    await answerJoin(node.socket, { resumed: true });
    expect(phase()).toBe('in');
  });

  it('survives the node’s death beyond the ticket’s life, without a touch', async () => {
    await join();
    await time.advance(20_000);
    node.socket.drop();
    for (let i = 0; i < 60; i += 1) {
      await time.advance(5_000);
      if (node.socket.closedWith === undefined) node.socket.drop();
    }
    expect(phase()).toBe('reconnecting');
    grants = [{ unreachable: true }, { refusal: { code: 'service.unavailable', values: {} } }];
    node.socket.drop();
    await time.advance(6_300);
    node.socket.open();
    await refuse(node.socket, { code: 'resume.unknown', values: {} });
    await time.advance(11_000);
    node.socket.open();
    expect(node.socket.last('join')?.message.token).toBe('token 2');
    await answerJoin(node.socket, { ticket: 'ticket 9' });
    expect(phase()).toBe('in');
  });

  it('does not ring the node without a pause when every stay breaks at once', async () => {
    await join();
    for (let i = 0; i < 6; i += 1) {
      node.socket.drop();
      await time.settle();
      const sockets = node.sockets.length;
      await time.advance(10);
      expect(node.sockets.length).toBe(sockets);
      await time.advance(6_500);
      node.socket.open();
      await answerJoin(node.socket, { resumed: true, answer: null });
    }
    expect(node.sockets.length).toBeLessThanOrEqual(7);
  });

  it('comes back when the network does, without waiting out the pause', async () => {
    await join();
    await time.advance(20_000);
    node.socket.drop();
    await time.settle();
    for (let i = 0; i < 4; i += 1) {
      node.socket.drop();
      await time.advance(2_600);
    }
    node.socket.drop();
    await time.settle();
    const before = node.sockets.length;
    online();
    await time.settle();
    expect(node.sockets.length).toBe(before + 1);
  });

  it('ends where the meeting has ended meanwhile', async () => {
    await join();
    await time.advance(20_000);
    node.socket.drop();
    await time.settle();
    node.socket.open();
    await refuse(node.socket, { code: 'meeting.ended', values: {} });
    expect(call.view.phase).toMatchObject({ at: 'over', over: { kind: 'refused', refusal: { code: 'meeting.ended' } }, wasIn: true });
  });
});

describe('lost media', () => {
  it('is built anew on a fresh socket', async () => {
    await join();
    const socket = node.socket;
    peer().become('failed');
    await time.advance(400);
    expect(socket.closedWith).toBeDefined();
    node.socket.open();
    expect(node.socket.last('resume')?.message).toMatchObject({ ticket: 'ticket 1', offer: 'offer 1' });
    expect(peers).toHaveLength(2);
  });

  it('is given a moment to recover by itself', async () => {
    await join();
    peer().become('down');
    await time.advance(3_000);
    peer().become('up');
    await time.advance(5_000);
    expect(peers).toHaveLength(1);
    peer().become('down');
    await time.advance(4_600);
    expect(peers).toHaveLength(2);
  });

  it('is built anew where it never came up', async () => {
    call.join();
    await time.settle();
    node.socket.open();
    await answerJoin(node.socket);
    await time.advance(15_400);
    expect(peers.length).toBeGreaterThanOrEqual(2);
  });
});

describe('in the meeting', () => {
  it('sends the layers that somebody watches', async () => {
    await join();
    node.socket.say({ type: 'layers', layers: { source: 'me-cam', kind: 'camera', rids: ['q'] } });
    expect(peers.at(-1)?.watched.get('camera')).toEqual(['q']);
    expect(call.view.room?.layers.get('camera')).toEqual(['q']);
  });

  it('is drawn as the node tells it', async () => {
    await join();
    node.socket.say({ type: 'slots', slots: [{ mid: '7', source: 'a-cam', session: 'a' }] });
    node.socket.say({ type: 'speakers', sessions: ['b'] });
    node.socket.say({ type: 'participant_changed', participant: person('a', { joined_at_ms: 2, hand_raised_at_ms: 50 }) });
    node.socket.say({ type: 'recording', recording: { recording: 'r', by: 'b', by_name: 'Name b', since_ms: 1 } });
    node.socket.say({ type: 'participant_left', session: 'b', reason: 'left' });
    expect(call.view.pictures.get('a-cam')).toMatchObject({ mid: '7', paused: undefined });
    expect(call.view.people.map((it) => [it.participant.session, it.hand])).toEqual([
      ['me', undefined],
      ['a', 1],
    ]);
    expect(call.view.room?.recording?.by_name).toBe('Name b');
    expect(notices).toEqual([
      { kind: 'hand_raised', name: 'Name a' },
      { kind: 'recording_started', name: 'Name b' },
      { kind: 'left', name: 'Name b', reason: 'left' },
    ]);
  });

  it('tells the node of a press on mute, once, and sends nothing more', async () => {
    await join();
    await local.turn('microphone', false);
    await time.settle();
    expect(node.socket.sent.filter((it) => it.message.type === 'mute').map((it) => it.message)).toEqual([
      { type: 'mute', kind: 'microphone', muted: true },
    ]);
    expect(peer().sending.get('microphone')).toBeNull();
  });

  it('goes silent when the host says so, and tells the person', async () => {
    await join();
    const muted = person('me', { joined_at_ms: 1, sources: [{ source: 'me-mic', kind: 'microphone', muted: true }] });
    node.socket.say({ type: 'participant_changed', participant: muted });
    await time.settle();
    expect(local.view.microphone.on).toBe(false);
    expect(notices).toEqual([{ kind: 'muted_by_host', source: 'microphone' }]);
    expect(node.socket.sent.some((it) => it.message.type === 'mute' && !it.message.muted)).toBe(false);
  });

  it('gives the refusal of an act as it comes', async () => {
    await join();
    const outcome = call.startRecording();
    node.socket.say({
      type: 'refused',
      id: node.socket.last('start_recording')?.id ?? 0,
      refusal: { code: 'recording.forbidden', rule: 'CLASS-3', values: { classification: 'SULIT' } },
    });
    expect(await outcome).toMatchObject({ rule: 'CLASS-3' });
    const hand = call.raiseHand(true);
    node.socket.done('raise_hand');
    expect(await hand).toBeUndefined();
  });

  it('sends sizes together, not one by one', async () => {
    await join();
    const views = (): number => node.socket.sent.filter((it) => it.message.type === 'view').length;
    await time.advance(1_000);
    const before = views();
    for (let width = 400; width < 800; width += 20) call.show([{ source: 'a-cam', width, height: 300, priority: 1 }]);
    expect(views()).toBe(before + 1);
    await time.advance(200);
    expect(views()).toBe(before + 2);
    expect(node.socket.last('view')?.message.slots[0]?.width).toBe(784);
  });

  it('offers more slots when more is looked at than there are', async () => {
    await join();
    call.show(Array.from({ length: 12 }, (_, i) => ({ source: `s${i}`, width: 160, height: 90, priority: 0 })));
    await time.settle();
    const offer = node.socket.last('offer');
    expect(peer().videoSlots).toHaveLength(16);
    node.socket.say({ type: 'answer', id: offer?.id ?? 0, answer: 'v=0 more' });
    await time.settle();
    expect(peer().answers).toEqual(['v=0', 'v=0 more']);
    expect(node.socket.last('view')?.message.slots.length).toBeGreaterThanOrEqual(3);
  });

  it('ends when the host ends it, and asks for nothing more', async () => {
    await join();
    node.socket.say({ type: 'ended', reason: 'removed' });
    node.socket.drop(1000);
    await time.advance(60_000);
    expect(call.view.phase).toEqual({ at: 'over', over: { kind: 'ended', reason: 'removed' }, wasIn: true });
    expect(node.sockets).toHaveLength(1);
    expect(peer().closed).toBe(true);
  });

  it('comes back by itself when the node stops in order', async () => {
    await join();
    await time.advance(20_000);
    node.socket.say({ type: 'ended', reason: 'node_stopped' });
    node.socket.drop(1012);
    await time.settle();
    expect(phase()).toBe('reconnecting');
    expect(node.sockets).toHaveLength(2);
  });

  it('tells of its end once, also to someone who closes the devices at once', async () => {
    await join();
    let ends = 0;
    call.subscribe((view) => {
      if (view.phase.at !== 'over') return;
      ends += 1;
      if (ends < 10) local.close();
    });
    call.leave();
    await time.settle();
    expect(ends).toBe(1);
  });

  it('says goodbye when leaving', async () => {
    await join();
    call.leave();
    expect(node.socket.last('leave')).toBeDefined();
    expect(node.socket.closedWith).toBe(1000);
    expect(call.view.phase).toMatchObject({ at: 'over', over: { kind: 'ended', reason: 'left' } });
  });
});
