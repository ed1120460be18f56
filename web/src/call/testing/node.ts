/** A media node whose every word a test writes: the sockets that the client opens, what it sent on each, and what is answered. */

import type { Socket } from '../../signal/channel';
import type { ClientEnvelope } from '../../signal/wire/ClientEnvelope';
import type { ClientMessage } from '../../signal/wire/ClientMessage';
import type { Participant } from '../../signal/wire/Participant';
import type { RoomState } from '../../signal/wire/RoomState';
import type { ServerMessage } from '../../signal/wire/ServerMessage';

type Listener = (event: never) => void;

export class ScriptedSocket implements Socket {
  readonly sent: ClientEnvelope[] = [];
  closedWith: number | undefined;
  private readonly listeners = new Map<string, Listener[]>();

  constructor(
    readonly url: string,
    private readonly pongs: boolean,
  ) {}

  addEventListener(type: string, run: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), run]);
  }

  send(data: string): void {
    const envelope = JSON.parse(data) as ClientEnvelope;
    this.sent.push(envelope);
    if (envelope.message.type === 'ping' && this.pongs) this.say({ type: 'pong', id: envelope.id });
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }

  open(): void {
    this.emit('open', {});
  }

  say(message: ServerMessage): void {
    this.emit('message', { data: JSON.stringify(message) });
  }

  raw(data: unknown): void {
    this.emit('message', { data });
  }

  drop(code = 1006): void {
    this.emit('close', { code });
  }

  /** The newest message of a type, with its number. */
  last<T extends ClientMessage['type']>(type: T): { id: number; message: Extract<ClientMessage, { type: T }> } | undefined {
    const found = this.sent.findLast((it) => it.message.type === type);
    return found as { id: number; message: Extract<ClientMessage, { type: T }> } | undefined;
  }

  /** Answers every request of a type that has no answer yet. */
  done(type: ClientMessage['type']): void {
    for (const { id, message } of this.sent) if (message.type === type) this.say({ type: 'done', id });
  }

  private emit(type: string, event: object): void {
    for (const run of this.listeners.get(type) ?? []) run(event as never);
  }
}

export class ScriptedNode {
  readonly sockets: ScriptedSocket[] = [];
  /** Whether pings are answered. */
  pongs = true;
  readonly openSocket = (url: string): ScriptedSocket => {
    const socket = new ScriptedSocket(url, this.pongs);
    this.sockets.push(socket);
    return socket;
  };

  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }
}

export const person = (session: string, change: Partial<Participant> = {}): Participant => ({
  session,
  kind: 'person',
  person: `person-${session}`,
  name: `Name ${session}`,
  agency: 'JDN',
  role: 'member',
  joined_at_ms: 1_000,
  connected: true,
  sources: [
    { source: `${session}-mic`, kind: 'microphone', muted: false },
    { source: `${session}-cam`, kind: 'camera', muted: false },
  ],
  ...change,
});

export const roomState = (participants: Participant[], change: Partial<RoomState> = {}): RoomState => ({
  room: 'meeting',
  classification: 'TERBUKA',
  lacks: [],
  participants,
  slots: [],
  layers: [],
  speakers: [],
  chat: [],
  polls: [],
  rules: { members: ['publish_audio', 'publish_video', 'share_screen', 'chat'], guests: ['publish_audio', 'publish_video', 'share_screen', 'chat'] },
  spotlight: [],
  door: { locked: false, lobby: 'off' },
  lobby: [],
  closes_at_ms: 3_600_000,
  now_ms: 0,
  ...change,
});
