/** What happens in a meeting that a person should hear of, also without looking: each becomes a sentence for a screen reader. */

import type { Push } from '../signal/channel';
import type { Classification } from '../signal/wire/Classification';
import type { LeaveReason } from '../signal/wire/LeaveReason';
import type { Participant } from '../signal/wire/Participant';
import type { SourceKind } from '../signal/wire/SourceKind';
import { sourceOf } from './people';
import type { Room } from './room';

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
  | { kind: 'reconnecting' }
  | { kind: 'reconnected' };

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
      return changes(known, message.participant);
    }
    case 'recording':
      if (message.recording && before.recording === undefined) return [{ kind: 'recording_started', name: message.recording.by_name }];
      return message.recording === null && before.recording !== undefined ? [{ kind: 'recording_stopped' }] : [];
    case 'classification':
      return message.classification === before.classification ? [] : [{ kind: 'classification_raised', to: message.classification }];
    case 'slots':
    case 'layers':
    case 'window':
    case 'speakers':
    case 'acts':
    case 'ticket':
    case 'ended':
      return [];
  }
}

function changes(known: Participant, now: Participant): Notice[] {
  const { name } = now;
  const notices: Notice[] = [];
  const hand = now.hand_raised_at_ms !== undefined;
  if (hand !== (known.hand_raised_at_ms !== undefined)) notices.push({ kind: hand ? 'hand_raised' : 'hand_lowered', name });
  const share = shares(now);
  if (share !== shares(known)) notices.push({ kind: share ? 'share_started' : 'share_stopped', name });
  return notices;
}

const shares = (participant: Participant): boolean => sourceOf(participant, 'share_video')?.muted === false;
