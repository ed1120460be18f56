/**
 * The protocol's edge: text off the socket becomes a `ServerMessage` whose shape is checked once, here, and trusted everywhere after.
 * A message of a kind that this client does not know is passed over, so that a newer server can say more.
 */

import { OFFER_MEDIA_LINES_MAX, ROOM_PARTICIPANTS_MAX, SIGNAL_MESSAGE_BYTES_MAX } from './limits';
import { asObject, flag, list, Malformed, nullable, number, object, optional, text, word, words, type Decoder } from './shape';
import * as together from './together';
import type { Act } from './wire/Act';
import type { Classification } from './wire/Classification';
import type { Code } from './wire/Code';
import type { LeaveReason } from './wire/LeaveReason';
import type { Participant } from './wire/Participant';
import type { ParticipantKind } from './wire/ParticipantKind';
import type { PauseReason } from './wire/PauseReason';
import type { RecordingNotice } from './wire/RecordingNotice';
import type { Refusal } from './wire/Refusal';
import type { Role } from './wire/Role';
import type { RoomState } from './wire/RoomState';
import type { RoomSystem } from './wire/RoomSystem';
import type { Rule } from './wire/Rule';
import type { Seat } from './wire/Seat';
import type { ServerMessage } from './wire/ServerMessage';
import type { SlotState } from './wire/SlotState';
import type { Source } from './wire/Source';
import type { SourceKind } from './wire/SourceKind';
import type { SourceLayers } from './wire/SourceLayers';

/** The rules are fewer than this: the documents hold 58. */
const RULES_MAX = 100;
/** Simulcast layers of one source: browsers make three. */
const RIDS_MAX = 8;
/** Acts that one person can have: the protocol knows 13. */
const ACTS_MAX = 64;

const ACTS: readonly Act[] = [
  'publish_audio',
  'publish_video',
  'share_screen',
  'raise_hand',
  'chat',
  'record',
  'mute_others',
  'remove_others',
  'lock_meeting',
  'admit_others',
  'raise_classification',
  'end_meeting',
  'chair',
];
const CLASSIFICATIONS: readonly Classification[] = ['TERBUKA', 'TERHAD', 'SULIT', 'RAHSIA', 'RAHSIA_BESAR'];
const LEAVE_REASONS: readonly LeaveReason[] = ['left', 'lost', 'removed', 'sent_back', 'meeting_ended', 'window_closed', 'revoked', 'replaced', 'node_stopped'];
const KINDS: readonly ParticipantKind[] = ['person', 'room_system', 'recorder'];
const PAUSES: readonly PauseReason[] = ['muted', 'bandwidth', 'waiting', 'disconnected'];
const ROLES: readonly Role[] = ['host', 'co_host', 'member', 'guest'];
const SOURCE_KINDS: readonly SourceKind[] = ['microphone', 'camera', 'share_video', 'share_audio'];

/** An unknown classification is the highest. */
const classification = word(CLASSIFICATIONS, 'RAHSIA_BESAR');
const leaveReason = word(LEAVE_REASONS, 'lost');
const rules = list(text as Decoder<Rule>, RULES_MAX);
const acts = words(ACTS, ACTS_MAX);

const sourceKind: Decoder<SourceKind> = (value) => {
  const known = SOURCE_KINDS.find((it) => it === value);
  if (known === undefined) throw new Malformed('kind of source');
  return known;
};

const source = object<Source>({ source: text, kind: sourceKind, muted: flag });
const seat = object<Seat>({ site: text, site_name: text, seat_no: number });

const roomSystem = object<RoomSystem>({ device: text, site: text, site_name: text, people_max: number });

const participant = object<Participant>({
  session: text,
  kind: word(KINDS, 'person'),
  person: text,
  name: text,
  agency: text,
  role: word(ROLES, 'guest'),
  seat: optional(seat),
  room_system: optional(roomSystem),
  hand_raised_at_ms: optional(number),
  allowed: optional(acts),
  breakout: optional(number),
  joined_at_ms: number,
  connected: flag,
  sources: list(source, SOURCE_KINDS.length),
});

const slot = object<SlotState>({
  mid: text,
  source: nullable(text),
  session: nullable(text),
  paused: optional(word(PAUSES, 'waiting')),
});
const slots = list(slot, OFFER_MEDIA_LINES_MAX);
const speakers = list(text, ROOM_PARTICIPANTS_MAX);
const sourceLayers = object<SourceLayers>({ source: text, kind: sourceKind, rids: list(text, RIDS_MAX) });
const recording = object<RecordingNotice>({ recording: text, by: text, by_name: text, since_ms: number });

const roomState = object<RoomState>({
  room: text,
  classification,
  lacks: rules,
  participants: list(participant, ROOM_PARTICIPANTS_MAX),
  slots,
  speakers,
  layers: list(sourceLayers, SOURCE_KINDS.length),
  recording: optional(recording),
  chat: together.chatLines,
  polls: together.polls,
  rules: together.rules,
  spotlight: together.spotlight,
  floor: optional(together.floor),
  breakouts: optional(together.breakouts),
  door: together.door,
  lobby: together.lobby,
  closes_at_ms: number,
  now_ms: number,
});

/** A refusal as it stands on the socket and, with `status` beside it, in a problem document. A code unknown here stays what it is: its sentence is the general one. */
export const refusal: Decoder<Refusal> = (value) => {
  const from = asObject(value);
  return {
    code: text(from['code']) as Code,
    ...(typeof from['rule'] === 'string' ? { rule: from['rule'] as Rule } : {}),
    values: from['values'] === undefined ? {} : asObject(from['values']),
  };
};

type OfType<Type extends ServerMessage['type']> = Omit<Extract<ServerMessage, { type: Type }>, 'type'>;

const bodies: { [Type in ServerMessage['type']]: Decoder<OfType<Type>> } = {
  joined: object<OfType<'joined'>>({
    id: number,
    session: text,
    resumed: flag,
    ticket: text,
    answer: optional(text),
    acts,
    state: roomState,
  }),
  waiting: object<OfType<'waiting'>>({ id: number, since_ms: number, chair_present: flag }),
  answer: object<OfType<'answer'>>({ id: number, answer: text }),
  done: object<OfType<'done'>>({ id: number }),
  refused: object<OfType<'refused'>>({ id: number, refusal }),
  ticket: object<OfType<'ticket'>>({ ticket: text }),
  participant_joined: object<OfType<'participant_joined'>>({ participant }),
  participant_changed: object<OfType<'participant_changed'>>({ participant }),
  participants_changed: object<OfType<'participants_changed'>>({ participants: list(participant, ROOM_PARTICIPANTS_MAX) }),
  chat: object<OfType<'chat'>>({ line: together.chatLine }),
  reaction: object<OfType<'reaction'>>({ session: text, reaction: together.reaction }),
  poll: object<OfType<'poll'>>({ poll: together.poll }),
  rules: object<OfType<'rules'>>({ rules: together.rules }),
  spotlight: object<OfType<'spotlight'>>({ sessions: together.spotlight }),
  floor: object<OfType<'floor'>>({ floor: nullable(together.floor), now_ms: number }),
  breakouts: object<OfType<'breakouts'>>({ breakouts: nullable(together.breakouts), now_ms: number }),
  breakouts_ending: object<OfType<'breakouts_ending'>>({ ends_at_ms: number, now_ms: number }),
  moved: object<OfType<'moved'>>({ state: roomState }),
  door: object<OfType<'door'>>({ door: together.door }),
  lobby: object<OfType<'lobby'>>({ waiting: together.lobby }),
  participant_left: object<OfType<'participant_left'>>({ session: text, reason: leaveReason }),
  slots: object<OfType<'slots'>>({ slots }),
  speakers: object<OfType<'speakers'>>({ sessions: speakers }),
  layers: object<OfType<'layers'>>({ layers: sourceLayers }),
  recording: object<OfType<'recording'>>({ recording: nullable(recording) }),
  classification: object<OfType<'classification'>>({ classification, lacks: rules }),
  window: object<OfType<'window'>>({ closes_at_ms: number, now_ms: number }),
  acts: object<OfType<'acts'>>({ acts }),
  ended: object<OfType<'ended'>>({ reason: leaveReason }),
  pong: object<OfType<'pong'>>({ id: number }),
};

/** The message, or nothing where it is of a kind unknown here. Throws `Malformed`. */
export function decode(data: unknown): ServerMessage | undefined {
  if (typeof data !== 'string' || data.length > SIGNAL_MESSAGE_BYTES_MAX * 2) throw new Malformed('text message');
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    throw new Malformed('JSON');
  }
  const type = text(asObject(parsed)['type']);
  if (!Object.hasOwn(bodies, type)) return undefined;
  const body = bodies[type as ServerMessage['type']](parsed);
  return { type, ...body } as ServerMessage;
}
