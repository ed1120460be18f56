/** The meeting as the media node tells it: its messages reduced into one state, nothing computed again that the node has decided. */

import type { Push, Reply } from '../signal/channel';
import type { Act } from '../signal/wire/Act';
import type { Classification } from '../signal/wire/Classification';
import type { MeetingId } from '../signal/wire/MeetingId';
import type { Participant } from '../signal/wire/Participant';
import type { RecordingNotice } from '../signal/wire/RecordingNotice';
import type { Rule } from '../signal/wire/Rule';
import type { SessionId } from '../signal/wire/SessionId';
import type { SlotState } from '../signal/wire/SlotState';
import type { SourceKind } from '../signal/wire/SourceKind';
import type { UnixMs } from '../signal/wire/UnixMs';

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
  readonly closesAtMs: UnixMs;
  /** The node's clock when `closesAtMs` was told. */
  readonly toldAtMs: UnixMs;
}

export type Joined = Extract<Reply, { type: 'joined' }>;

export function enter({ session, acts, state }: Joined): Room {
  return {
    id: state.room,
    session,
    acts: new Set(acts),
    classification: state.classification,
    lacks: state.lacks,
    participants: new Map(state.participants.map((it) => [it.session, it])),
    slots: new Map(state.slots.map((it) => [it.mid, it])),
    speakers: state.speakers,
    layers: new Map(state.layers.map((it) => [it.kind, it.rids])),
    recording: state.recording,
    closesAtMs: state.closes_at_ms,
    toldAtMs: state.now_ms,
  };
}

export function reduce(room: Room, message: Push): Room {
  switch (message.type) {
    case 'participant_joined':
    case 'participant_changed':
      return { ...room, participants: new Map(room.participants).set(message.participant.session, message.participant) };
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
      return { ...room, classification: message.classification, lacks: message.lacks };
    case 'window':
      return { ...room, closesAtMs: message.closes_at_ms, toldAtMs: message.now_ms };
    case 'acts':
      return { ...room, acts: new Set(message.acts) };
    case 'ticket':
    case 'ended':
      return room;
  }
}

/** Our own row of the roster. */
export const own = (room: Room): Participant | undefined => room.participants.get(room.session);
