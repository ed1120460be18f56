import { beforeEach, describe, expect, it } from 'vitest';
import { ScriptedNode } from '../call/testing/node';
import { VirtualTime } from '../call/testing/virtual';
import { Channel, CLOSE_MALFORMED, CLOSE_UNANSWERED, type Push } from './channel';

let time: VirtualTime;
let node: ScriptedNode;
let pushed: Push[];
let closed: number[];
let measured: number[];
let channel: Channel;

beforeEach(() => {
  time = new VirtualTime();
  node = new ScriptedNode();
  node.pongs = false;
  pushed = [];
  closed = [];
  measured = [];
  channel = new Channel('wss://node/media/signal', node.openSocket, time, {
    pushed: (message) => pushed.push(message),
    closed: (code) => closed.push(code),
    measured: (rtt_ms) => measured.push(rtt_ms),
  });
});

describe('Channel', () => {
  it('sends nothing before the socket is open, then in order', () => {
    void channel.request({ type: 'ping' });
    void channel.request({ type: 'leave' }).catch(() => {});
    expect(node.socket.sent).toEqual([]);
    node.socket.open();
    expect(node.socket.sent.map((it) => it.message.type)).toEqual(['ping', 'leave']);
    expect(node.socket.sent.map((it) => it.id)).toEqual([1, 2]);
  });

  it('gives each answer to its request, whatever the order', async () => {
    node.socket.open();
    const first = channel.request({ type: 'start_recording' });
    const second = channel.request({ type: 'raise_hand', raised: true });
    node.socket.say({ type: 'done', id: 2 });
    node.socket.say({ type: 'refused', id: 1, refusal: { code: 'recording.forbidden', values: {} } });
    expect(await second).toEqual({ type: 'done', id: 2 });
    expect(await first).toMatchObject({ type: 'refused', refusal: { code: 'recording.forbidden' } });
  });

  it('hands on what comes by itself, and drops answers that nobody asked for', () => {
    node.socket.open();
    node.socket.say({ type: 'done', id: 99 });
    node.socket.say({ type: 'speakers', sessions: ['a'] });
    expect(pushed).toEqual([{ type: 'speakers', sessions: ['a'] }]);
  });

  it('fails a request that is not answered in time', async () => {
    node.socket.open();
    const outcome = channel.request({ type: 'leave' }).catch((error: unknown) => error);
    await time.advance(8_000);
    expect(await outcome).toMatchObject({ why: 'timeout' });
  });

  it('fails what is pending when the socket closes, and says so once', async () => {
    node.socket.open();
    const outcome = channel.request({ type: 'leave' }).catch((error: unknown) => error);
    node.socket.drop(1012);
    node.socket.drop(1006);
    expect(await outcome).toMatchObject({ why: 'closed' });
    expect(closed).toEqual([1012]);
    await expect(channel.request({ type: 'leave' })).rejects.toMatchObject({ why: 'closed' });
  });

  it('bounds what is pending', async () => {
    node.socket.open();
    for (let i = 0; i < 64; i += 1) void channel.request({ type: 'leave' }).catch(() => {});
    await expect(channel.request({ type: 'leave' })).rejects.toMatchObject({ why: 'too_many' });
  });

  it('gives up a socket that does not open', async () => {
    await time.advance(8_000);
    expect(closed).toEqual([CLOSE_UNANSWERED]);
  });

  it('measures the path', async () => {
    node.socket.open();
    await time.advance(10_000);
    await time.advance(40);
    node.socket.say({ type: 'pong', id: node.socket.last('ping')?.id ?? 0 });
    await time.settle();
    expect(measured).toEqual([40]);
  });

  it('notices a dead path by the pong that does not come', async () => {
    node.socket.open();
    await time.advance(14_999);
    expect(closed).toEqual([]);
    await time.advance(1);
    expect(closed).toEqual([CLOSE_UNANSWERED]);
  });

  it('asks at once where the path may have changed, and gives up sooner', async () => {
    node.socket.open();
    await time.advance(1_000);
    channel.check();
    await time.advance(2_999);
    expect(closed).toEqual([]);
    await time.advance(1);
    expect(closed).toEqual([CLOSE_UNANSWERED]);
    channel.check();
  });

  it('goes on with its pings after such a question', async () => {
    node.pongs = true;
    const ends: number[] = [];
    const answered = new Channel('wss://node/media/signal', node.openSocket, time, { pushed: () => {}, closed: (code) => ends.push(code) });
    node.socket.open();
    answered.check();
    await time.advance(25_000);
    expect(ends).toEqual([]);
    expect(node.socket.sent.filter((it) => it.message.type === 'ping')).toHaveLength(3);
  });

  it('hangs up on what is not the protocol', () => {
    node.socket.open();
    node.socket.raw('{"type":');
    expect(closed).toEqual([CLOSE_MALFORMED]);
  });
});
