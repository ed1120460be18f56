/** Who is in the meeting and what of them is shown: the roster, read into the order and the tiles that a page draws. */

import type { Participant } from '../signal/wire/Participant';
import type { SessionId } from '../signal/wire/SessionId';
import type { Source } from '../signal/wire/Source';
import type { SourceId } from '../signal/wire/SourceId';
import type { SourceKind } from '../signal/wire/SourceKind';
import { isHere } from './breakouts';
import type { Room } from './room';

export interface Person {
  participant: Participant;
  self: boolean;
  /** In the room of the meeting in which we are. */
  here: boolean;
  muted: boolean;
  speaking: boolean;
  /** Place in the queue of raised hands, from 1. */
  hand: number | undefined;
}

/** A rectangle of the meeting: a person, or the screen that a person shares. */
export interface Tile {
  /** The same for as long as it is the same thing. */
  key: string;
  kind: 'person' | 'share';
  person: Person;
  /** What is sent for it; nothing where the camera is off. */
  source: SourceId | undefined;
}

export const sourceOf = (participant: Participant, kind: SourceKind): Source | undefined => participant.sources.find((it) => it.kind === kind);

/** The source that flows, if it does. */
const flowing = (participant: Participant, kind: SourceKind): SourceId | undefined => {
  const source = sourceOf(participant, kind);
  return source !== undefined && !source.muted ? source.source : undefined;
};

/** Everyone, in the order of joining: rows and tiles stay where they are while people speak. */
export function people(room: Room): Person[] {
  const hands = raisedHands(room);
  return [...room.participants.values()]
    .sort((a, b) => a.joined_at_ms - b.joined_at_ms || (a.session < b.session ? -1 : 1))
    .map((participant) => ({
      participant,
      self: participant.session === room.session,
      here: isHere(room, participant),
      muted: flowing(participant, 'microphone') === undefined,
      speaking: room.speakers.includes(participant.session),
      hand: place(hands, participant.session),
    }));
}

/** The queue of raised hands in our room (MEET-5), the first to ask first. */
export function raisedHands(room: Room): SessionId[] {
  return [...room.participants.values()]
    .flatMap((it) => (it.hand_raised_at_ms === undefined || !isHere(room, it) ? [] : [{ session: it.session, at: it.hand_raised_at_ms }]))
    .sort((a, b) => a.at - b.at)
    .map((it) => it.session);
}

const place = (hands: readonly SessionId[], session: SessionId): number | undefined => {
  const index = hands.indexOf(session);
  return index < 0 ? undefined : index + 1;
};

/** All tiles of our room: shared screens first, then the people. A recorder has a row in the roster and no picture. */
export function tiles(everyone: readonly Person[]): Tile[] {
  const present = everyone.filter((it) => it.here && it.participant.kind !== 'recorder');
  const shares = present.flatMap((person): Tile[] => {
    const source = flowing(person.participant, 'share_video');
    return source === undefined ? [] : [{ key: `${person.participant.session}:share`, kind: 'share', person, source }];
  });
  const faces = present.map((person): Tile => ({
    key: `${person.participant.session}:person`,
    kind: 'person',
    person,
    source: flowing(person.participant, 'camera'),
  }));
  return [...shares, ...faces];
}
