/** What a person can do in a call: each verb is one message, and its outcome is done or the refusal. */

import type { Act } from '../signal/wire/Act';
import type { BreakoutNumber } from '../signal/wire/BreakoutNumber';
import type { BreakoutPlan } from '../signal/wire/BreakoutPlan';
import type { Classification } from '../signal/wire/Classification';
import type { ClientMessage } from '../signal/wire/ClientMessage';
import type { Debrief } from '../signal/wire/Debrief';
import type { LobbyPolicy } from '../signal/wire/LobbyPolicy';
import type { PersonId } from '../signal/wire/PersonId';
import type { Reaction } from '../signal/wire/Reaction';
import type { Refusal } from '../signal/wire/Refusal';
import type { RoleRules } from '../signal/wire/RoleRules';
import type { SessionId } from '../signal/wire/SessionId';
import type { SourceKind } from '../signal/wire/SourceKind';

/** An act's outcome: done, or the refusal. */
export type Outcome = Refusal | undefined;

export interface Question {
  question: string;
  choices: string[];
  anonymous: boolean;
}

export interface BreakoutOpening {
  rooms: BreakoutPlan[];
  /** Everyone chooses a room. */
  choose: boolean;
  /** Everyone may go back to the main room before the end. */
  mayReturn: boolean;
  seconds: number | undefined;
}

export abstract class Acts {
  protected abstract act(message: ClientMessage): Promise<Outcome>;

  // For everyone.

  raiseHand(raised: boolean): Promise<Outcome> {
    return this.act({ type: 'raise_hand', raised });
  }

  /** To everyone, or to one person alone. */
  say(text: string, to: SessionId | undefined, mentions: PersonId[]): Promise<Outcome> {
    return this.act({ type: 'say', text, ...(to === undefined ? {} : { to }), mentions });
  }

  react(reaction: Reaction): Promise<Outcome> {
    return this.act({ type: 'react', reaction });
  }

  vote(poll: number, choice: number): Promise<Outcome> {
    return this.act({ type: 'vote', poll, choice });
  }

  /** Into a breakout room, or, without one, back to the main room. */
  enterBreakout(breakout: BreakoutNumber | undefined): Promise<Outcome> {
    return this.act({ type: 'enter_breakout', ...(breakout === undefined ? {} : { breakout }) });
  }

  callForHelp(): Promise<Outcome> {
    return this.act({ type: 'call_for_help' });
  }

  yieldFloor(): Promise<Outcome> {
    return this.act({ type: 'yield_floor' });
  }

  // For those who chair.

  startRecording(): Promise<Outcome> {
    return this.act({ type: 'start_recording' });
  }

  stopRecording(): Promise<Outcome> {
    return this.act({ type: 'stop_recording' });
  }

  muteOther(session: SessionId, kind: SourceKind): Promise<Outcome> {
    return this.act({ type: 'mute_other', session, kind });
  }

  muteAll(kind: SourceKind): Promise<Outcome> {
    return this.act({ type: 'mute_all', kind });
  }

  lowerHand(session?: SessionId): Promise<Outcome> {
    return this.act({ type: 'lower_hand', ...(session === undefined ? {} : { session }) });
  }

  setRules(rules: RoleRules): Promise<Outcome> {
    return this.act({ type: 'set_rules', rules });
  }

  allow(session: SessionId, acts: Act[]): Promise<Outcome> {
    return this.act({ type: 'allow', session, acts });
  }

  setCoHost(session: SessionId, coHost: boolean): Promise<Outcome> {
    return this.act({ type: 'set_co_host', session, co_host: coHost });
  }

  spotlight(sessions: SessionId[]): Promise<Outcome> {
    return this.act({ type: 'spotlight', sessions });
  }

  controlFloor(on: boolean, seconds?: number): Promise<Outcome> {
    return this.act({ type: 'control_floor', on, ...(seconds === undefined ? {} : { seconds }) });
  }

  giveFloor(session?: SessionId): Promise<Outcome> {
    return this.act({ type: 'give_floor', ...(session === undefined ? {} : { session }) });
  }

  openBreakouts(opening: BreakoutOpening): Promise<Outcome> {
    const { rooms, choose, mayReturn, seconds } = opening;
    return this.act({ type: 'open_breakouts', rooms, choose, may_return: mayReturn, ...(seconds === undefined ? {} : { seconds }) });
  }

  moveTo(sessions: SessionId[], breakout: BreakoutNumber | undefined): Promise<Outcome> {
    return this.act({ type: 'move_to', sessions, ...(breakout === undefined ? {} : { breakout }) });
  }

  /** One line into all rooms. */
  announceToAll(text: string): Promise<Outcome> {
    return this.act({ type: 'announce', text });
  }

  /** Everyone comes back after so many seconds; 0: now. */
  closeBreakouts(after_s: number): Promise<Outcome> {
    return this.act({ type: 'close_breakouts', after_s });
  }

  openPoll(question: Question): Promise<Outcome> {
    return this.act({ type: 'open_poll', ...question });
  }

  closePoll(poll: number): Promise<Outcome> {
    return this.act({ type: 'close_poll', poll });
  }

  lock(locked: boolean): Promise<Outcome> {
    return this.act({ type: 'lock', locked });
  }

  setLobby(lobby: LobbyPolicy): Promise<Outcome> {
    return this.act({ type: 'set_lobby', lobby });
  }

  /** Of those who wait; without any named, all. */
  admit(sessions: SessionId[] = []): Promise<Outcome> {
    return this.act({ type: 'admit', sessions });
  }

  deny(session: SessionId): Promise<Outcome> {
    return this.act({ type: 'deny', session });
  }

  sendBack(session: SessionId): Promise<Outcome> {
    return this.act({ type: 'send_back', session });
  }

  remove(session: SessionId): Promise<Outcome> {
    return this.act({ type: 'remove', session });
  }

  raiseClassification(to: Classification): Promise<Outcome> {
    return this.act({ type: 'raise_classification', to });
  }

  debrief(keep: Debrief): Promise<Outcome> {
    return this.act({ type: 'debrief', keep });
  }

  endMeeting(): Promise<Outcome> {
    return this.act({ type: 'end_meeting' });
  }
}
