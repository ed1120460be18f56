/** What happens in a meeting that a person should hear of, also without looking: each becomes a sentence for a screen reader. */

import type { Push } from '../signal/channel';
import { RULED_ACTS } from '../signal/together';
import type { Act } from '../signal/wire/Act';
import type { Breakouts } from '../signal/wire/Breakouts';
import type { ChatLine } from '../signal/wire/ChatLine';
import type { Floor } from '../signal/wire/Floor';
import type { Reaction } from '../signal/wire/Reaction';
import type { SessionId } from '../signal/wire/SessionId';
import type { Classification } from '../signal/wire/Classification';
import type { LeaveReason } from '../signal/wire/LeaveReason';
import type { Participant } from '../signal/wire/Participant';
import type { SourceKind } from '../signal/wire/SourceKind';
import { isHere } from './breakouts';
import { sourceOf } from './people';
import { own, type Room } from './room';

export type Notice =
  | { kind: 'joined'; name: string }
  | { kind: 'left'; name: string; reason: LeaveReason }
  | { kind: 'hand_raised'; name: string }
  | { kind: 'hand_lowered'; name: string }
  | { kind: 'share_started'; name: string }
  | { kind: 'share_stopped'; name: string }
  | { kind: 'recording_started'; name: string }
  | { kind: 'recording_stopped' }
  | { kind: 'classification_raised'; to: Classification }
  | { kind: 'muted_by_host'; source: SourceKind }
  | { kind: 'said'; line: ChatLine }
  /** A chair, to all rooms. */
  | { kind: 'announced'; line: ChatLine }
  /** We stand in this room now; without a name, in the main room. */
  | { kind: 'moved'; name: string | undefined }
  /** Into our room, and out of it. */
  | { kind: 'came'; name: string }
  | { kind: 'went'; name: string }
  | { kind: 'breakouts_open' }
  | { kind: 'breakouts_closed' }
  | { kind: 'breakouts_ending'; seconds: number }
  | { kind: 'help_called'; name: string; room: string }
  | { kind: 'reacted'; session: SessionId; name: string; reaction: Reaction }
  | { kind: 'poll_opened'; question: string }
  | { kind: 'poll_closed'; question: string }
  | { kind: 'waits'; name: string; agency: string }
  | { kind: 'floor_yours'; seconds: number | undefined }
  | { kind: 'floor_lost' }
  | { kind: 'floor_controlled' }
  | { kind: 'floor_open' }
  | { kind: 'acts_changed'; gained: Act[]; lost: Act[] }
  | { kind: 'door_locked' }
  | { kind: 'door_unlocked' }
  | { kind: 'spotlight_self' }
  | { kind: 'reconnecting' }
  | { kind: 'reconnected' };

/** More people than this at one stroke are no single events. */
const CROWD = 3;

/** The notices in a message, judged against what was known before it. */
export function noticesOf(before: Room, message: Push): Notice[] {
  switch (message.type) {
    case 'participant_joined':
      return message.participant.kind === 'recorder' || before.participants.has(message.participant.session)
        ? []
        : [{ kind: 'joined', name: message.participant.name }];
    case 'participant_left': {
      const gone = before.participants.get(message.session);
      return gone === undefined || gone.kind === 'recorder' ? [] : [{ kind: 'left', name: gone.name, reason: message.reason }];
    }
    case 'participant_changed': {
      const known = before.participants.get(message.participant.session);
      if (known === undefined || message.participant.session === before.session) return [];
      return changes(before, known, message.participant);
    }
    case 'recording':
      if (message.recording && before.recording === undefined) return [{ kind: 'recording_started', name: message.recording.by_name }];
      return message.recording === null && before.recording !== undefined ? [{ kind: 'recording_stopped' }] : [];
    case 'classification':
      return message.classification === before.classification ? [] : [{ kind: 'classification_raised', to: message.classification }];
    case 'participants_changed':
      // Who goes elsewhere is told of that, and not of those who go along.
      if (message.participants.some((it) => it.session === before.session && !isHere(before, it))) return [];
      // A whole meeting divided is told once, by what becomes of oneself.
      if (message.participants.length > CROWD) return message.participants.flatMap((it) => (isHere(before, it) ? noticesOf(before, { type: 'participant_changed', participant: it }) : [])).filter((it) => it.kind !== 'came');
      return message.participants.flatMap((it) => noticesOf(before, { type: 'participant_changed', participant: it }));
    case 'chat':
      return message.line.from.person === own(before)?.person ? [] : [{ kind: message.line.announcement ? 'announced' : 'said', line: message.line }];
    case 'reaction': {
      const who = before.participants.get(message.session);
      return who === undefined ? [] : [{ kind: 'reacted', session: message.session, name: who.name, reaction: message.reaction }];
    }
    case 'poll': {
      const { number, question, results } = message.poll;
      const known = before.polls.find((it) => it.number === number);
      if (known === undefined) return [{ kind: 'poll_opened', question }];
      return results !== undefined && known.results === undefined ? [{ kind: 'poll_closed', question }] : [];
    }
    case 'lobby':
      return message.waiting.filter((it) => !before.lobby.some((known) => known.session === it.session)).map(({ name, agency }) => ({ kind: 'waits', name, agency }));
    case 'breakouts':
      return breakoutNotices(before, message.breakouts);
    case 'breakouts_ending':
      return [{ kind: 'breakouts_ending', seconds: Math.max(0, Math.round((message.ends_at_ms - message.now_ms) / 1000)) }];
    case 'moved': {
      const { participants, breakouts } = message.state;
      const at = participants.find((it) => it.session === before.session)?.breakout;
      return [{ kind: 'moved', name: breakouts?.rooms.find((it) => it.number === at)?.name }];
    }
    case 'floor':
      return floorNotices(before, message.floor);
    case 'door':
      return message.door.locked === before.door.locked ? [] : [{ kind: message.door.locked ? 'door_locked' : 'door_unlocked' }];
    case 'spotlight':
      return message.sessions.includes(before.session) && !before.spotlight.includes(before.session) ? [{ kind: 'spotlight_self' }] : [];
    case 'acts': {
      const gained = RULED_ACTS.filter((it) => message.acts.includes(it) && !before.acts.has(it));
      const lost = RULED_ACTS.filter((it) => !message.acts.includes(it) && before.acts.has(it));
      // The floor speaks for itself.
      const told = { gained: before.floor ? gained.filter((it) => it !== 'publish_audio') : gained, lost: before.floor ? lost.filter((it) => it !== 'publish_audio') : lost };
      return told.gained.length + told.lost.length === 0 ? [] : [{ kind: 'acts_changed', ...told }];
    }
    case 'rules':
    case 'waiting':
    case 'slots':
    case 'layers':
    case 'window':
    case 'speakers':
    case 'ticket':
    case 'ended':
      return [];
  }
}

function breakoutNotices(before: Room, now: Breakouts | null): Notice[] {
  if (now === null) return before.breakouts === undefined ? [] : [{ kind: 'breakouts_closed' }];
  if (before.breakouts === undefined) return [{ kind: 'breakouts_open' }];
  return now.rooms.flatMap(({ number, name, help }): Notice[] =>
    help === undefined || before.breakouts?.rooms.find((it) => it.number === number)?.help?.at_ms === help.at_ms ? [] : [{ kind: 'help_called', name: help.name, room: name }],
  );
}

function floorNotices(before: Room, floor: Floor | null): Notice[] {
  const had = before.floor?.holder === before.session;
  const has = floor?.holder === before.session;
  if (has && !had) return [{ kind: 'floor_yours', seconds: floor.seconds }];
  if (floor === null) return before.floor === undefined ? [] : [{ kind: 'floor_open' }];
  if (before.floor === undefined) return [{ kind: 'floor_controlled' }];
  return had && !has ? [{ kind: 'floor_lost' }] : [];
}

function changes(before: Room, known: Participant, now: Participant): Notice[] {
  const { name } = now;
  if (known.breakout !== now.breakout) {
    if (isHere(before, now)) return [{ kind: 'came', name }];
    return isHere(before, known) ? [{ kind: 'went', name }] : [];
  }
  if (!isHere(before, now)) return [];
  const notices: Notice[] = [];
  const hand = now.hand_raised_at_ms !== undefined;
  if (hand !== (known.hand_raised_at_ms !== undefined)) notices.push({ kind: hand ? 'hand_raised' : 'hand_lowered', name });
  const share = shares(now);
  if (share !== shares(known)) notices.push({ kind: share ? 'share_started' : 'share_stopped', name });
  return notices;
}

const shares = (participant: Participant): boolean => sourceOf(participant, 'share_video')?.muted === false;
