/** Breakout rooms as a page draws them: where we stand, who stands where, who may go where; and people divided evenly by chance. */

import type { BreakoutNumber } from '../signal/wire/BreakoutNumber';
import type { BreakoutRoom } from '../signal/wire/BreakoutRoom';
import type { Participant } from '../signal/wire/Participant';
import type { SessionId } from '../signal/wire/SessionId';
import type { Person } from './people';
import { own, type Room } from './room';

/** The breakout room in which we are; nothing in the main room. */
export const standing = (room: Room): BreakoutNumber | undefined => own(room)?.breakout;

/** Whether somebody is in the room in which we are. */
export const isHere = (room: Room, participant: Participant): boolean => participant.breakout === standing(room);

export const breakoutOf = (room: Room, number: BreakoutNumber | undefined): BreakoutRoom | undefined => room.breakouts?.rooms.find((it) => it.number === number);

/** Whether we may go there by ourselves; without a number: to the main room. The node decides, and says no where we are wrong. */
export function mayGo(room: Room, to: BreakoutNumber | undefined): boolean {
  const { breakouts } = room;
  if (breakouts === undefined || standing(room) === to) return false;
  if (room.acts.has('chair')) return true;
  return to === undefined ? breakouts.may_return : breakouts.choose || (breakouts.may_return && breakouts.placed === to);
}

/** Whoever can be sent into a room: everyone but the recorder. */
export const movable = (people: readonly Person[]): Person[] => people.filter((it) => it.participant.kind !== 'recorder');

/** Seconds until the rooms close, by the node's clock; nothing where no end is set. `now`: by our own. */
export function secondsLeft(room: Room, now: number): number | undefined {
  const ends = room.breakouts?.ends_at_ms;
  return ends === undefined ? undefined : Math.max(0, Math.ceil((ends - now - room.aheadMs) / 1000));
}

/** Into so many groups that differ by one at most, by chance. `random`: at least 0, below 1. */
export function divide(sessions: readonly SessionId[], groups: number, random: () => number): SessionId[][] {
  const mixed = [...sessions];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as SessionId, mixed[at] as SessionId];
  }
  return Array.from({ length: groups }, (_, group) => mixed.filter((_, at) => at % groups === group));
}
