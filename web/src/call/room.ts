/** The meeting as the media node tells it: its messages reduced into one state, nothing computed again that the node has decided. */

import type { Push, Reply } from '../signal/channel';
import type { Act } from '../signal/wire/Act';
import type { Classification } from '../signal/wire/Classification';
import type { Breakouts } from '../signal/wire/Breakouts';
import type { ChatLine } from '../signal/wire/ChatLine';
import type { Door } from '../signal/wire/Door';
import type { Floor } from '../signal/wire/Floor';
import type { MeetingId } from '../signal/wire/MeetingId';
import type { Participant } from '../signal/wire/Participant';
import type { Poll } from '../signal/wire/Poll';
import type { RecordingNotice } from '../signal/wire/RecordingNotice';
import type { RoleRules } from '../signal/wire/RoleRules';
import type { RoomState } from '../signal/wire/RoomState';
import type { Rule } from '../signal/wire/Rule';
import type { SessionId } from '../signal/wire/SessionId';
import type { SlotState } from '../signal/wire/SlotState';
import type { SourceKind } from '../signal/wire/SourceKind';
import type { UnixMs } from '../signal/wire/UnixMs';
import type { Waiting } from '../signal/wire/Waiting';
import { CHAT_LINES_MAX } from '../signal/limits';

export interface Room {
  readonly id: MeetingId;
  /** Our own stay. */
  readonly session: SessionId;
  readonly acts: ReadonlySet<Act>;
  readonly classification: Classification;
  readonly lacks: readonly Rule[];
  readonly participants: ReadonlyMap<SessionId, Participant>;
  readonly slots: ReadonlyMap<string, SlotState>;
  /** The loudest first. */
  readonly speakers: readonly SessionId[];
  /** Of our own sources those of which not every layer is watched, by kind: the layers that are. */
  readonly layers: ReadonlyMap<SourceKind, readonly string[]>;
  readonly recording: RecordingNotice | undefined;
  /** What may be read of the chat, the eldest first. */
  readonly chat: readonly ChatLine[];
  /** The eldest first. */
  readonly polls: readonly Poll[];
  readonly rules: RoleRules;
  /** In front for everyone, in this order. */
  readonly spotlight: readonly SessionId[];
  /** Absent: everyone may speak. Its times are the node's. */
  readonly floor: Floor | undefined;
  /** Rooms of this meeting that are open. */
  readonly breakouts: Breakouts | undefined;
  readonly door: Door;
  /** Who waits before the door, for those who may let them in. */
  readonly lobby: readonly Waiting[];
  readonly closesAtMs: UnixMs;
  /** The node's clock when `closesAtMs` was told. */
  readonly toldAtMs: UnixMs;
  /** How far the node's clock is ahead of ours, as far as is known. */
  readonly aheadMs: number;
}

export type Joined = Extract<Reply, { type: 'joined' }>;

/** `nowMs`: by our own clock; as if it were the node's where none is given. */
export function enter({ session, acts, state }: Joined, nowMs: number = state.now_ms): Room {
  return { ...told(state), session, acts: new Set(acts), aheadMs: state.now_ms - nowMs };
}

function told(state: RoomState): Omit<Room, 'session' | 'acts' | 'aheadMs'> {
  return {
    id: state.room,
    classification: state.classification,
    lacks: state.lacks,
    participants: new Map(state.participants.map((it) => [it.session, it])),
    slots: new Map(state.slots.map((it) => [it.mid, it])),
    speakers: state.speakers,
    layers: new Map(state.layers.map((it) => [it.kind, it.rids])),
    recording: state.recording,
    chat: state.chat,
    polls: state.polls,
    rules: state.rules,
    spotlight: state.spotlight,
    floor: state.floor,
    breakouts: state.breakouts,
    door: state.door,
    lobby: state.lobby,
    closesAtMs: state.closes_at_ms,
    toldAtMs: state.now_ms,
  };
}

export function reduce(room: Room, message: Push): Room {
  switch (message.type) {
    case 'participant_joined':
    case 'participant_changed':
      return { ...room, participants: new Map(room.participants).set(message.participant.session, message.participant) };
    case 'participants_changed': {
      const participants = new Map(room.participants);
      for (const it of message.participants) participants.set(it.session, it);
      return { ...room, participants };
    }
    case 'participant_left': {
      const participants = new Map(room.participants);
      participants.delete(message.session);
      return { ...room, participants, speakers: room.speakers.filter((it) => it !== message.session) };
    }
    case 'slots': {
      const slots = new Map(room.slots);
      for (const slot of message.slots) slots.set(slot.mid, slot);
      return { ...room, slots };
    }
    case 'speakers':
      return { ...room, speakers: message.sessions };
    case 'layers':
      return { ...room, layers: new Map(room.layers).set(message.layers.kind, message.layers.rids) };
    case 'recording':
      return { ...room, recording: message.recording ?? undefined };
    case 'classification':
      // CLASS-5: a meeting that is raised keeps no chat, here either.
      return { ...room, classification: message.classification, lacks: message.lacks, chat: message.classification === 'TERBUKA' ? room.chat : [] };
    case 'chat':
      return { ...room, chat: [...room.chat, message.line].slice(-CHAT_LINES_MAX) };
    case 'poll':
      return { ...room, polls: [...room.polls.filter((it) => it.number !== message.poll.number), message.poll].sort((a, b) => a.number - b.number) };
    case 'rules':
      return { ...room, rules: message.rules };
    case 'spotlight':
      return { ...room, spotlight: message.sessions };
    case 'floor':
      return { ...room, floor: message.floor ?? undefined };
    case 'breakouts':
      return { ...room, breakouts: message.breakouts ?? undefined };
    case 'moved':
      return { ...room, ...told(message.state) };
    case 'door':
      return { ...room, door: message.door };
    case 'lobby':
      return { ...room, lobby: message.waiting };
    case 'window':
      return { ...room, closesAtMs: message.closes_at_ms, toldAtMs: message.now_ms };
    case 'acts':
      return { ...room, acts: new Set(message.acts) };
    case 'reaction':
    case 'breakouts_ending':
    case 'waiting':
    case 'ticket':
    case 'ended':
      return room;
  }
}

/** Our own row of the roster. */
export const own = (room: Room): Participant | undefined => room.participants.get(room.session);
