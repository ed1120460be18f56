/** Decoders for what people do together: the chat, polls, the floor, the door, breakout rooms. */

import { BREAKOUTS_MAX, CHAT_LINES_MAX, CHAT_MENTIONS_MAX, LOBBY_MAX, POLL_CHOICES_MAX, POLLS_MAX, ROOM_PARTICIPANTS_MAX, SPOTLIGHT_MAX } from './limits';
import { flag, list, number, object, optional, text, word, words, type Decoder } from './shape';
import type { Act } from './wire/Act';
import type { BreakoutRoom } from './wire/BreakoutRoom';
import type { Breakouts } from './wire/Breakouts';
import type { ChatLine } from './wire/ChatLine';
import type { ChatPerson } from './wire/ChatPerson';
import type { Debrief } from './wire/Debrief';
import type { Door } from './wire/Door';
import type { Floor } from './wire/Floor';
import type { HelpCall } from './wire/HelpCall';
import type { Identified } from './wire/Identified';
import type { LobbyPolicy } from './wire/LobbyPolicy';
import type { Poll } from './wire/Poll';
import type { PollResult } from './wire/PollResult';
import type { Reaction } from './wire/Reaction';
import type { RoleRules } from './wire/RoleRules';
import type { Waiting } from './wire/Waiting';

export const REACTIONS: readonly Reaction[] = ['thumbs_up', 'clap', 'heart', 'laugh', 'surprise', 'thinking'];
const LOBBIES: readonly LobbyPolicy[] = ['off', 'for_guests', 'for_everyone'];
const DEBRIEFS: readonly Debrief[] = ['officers', 'chairs'];
const IDENTIFIED: readonly Identified[] = ['account', 'device', 'invitation'];
/** What rules for roles are about. */
export const RULED_ACTS: readonly Act[] = ['publish_audio', 'publish_video', 'share_screen', 'chat'];

const chatPerson = object<ChatPerson>({ person: text, name: text, agency: text, guest: flag });

export const chatLine = object<ChatLine>({
  number,
  from: chatPerson,
  to: optional(chatPerson),
  text,
  mentions: list(text, CHAT_MENTIONS_MAX),
  breakout: optional(number),
  announcement: flag,
  at_ms: number,
});
export const chatLines = list(chatLine, CHAT_LINES_MAX);

const pollResult = object<PollResult>({ votes: number, names: list(text, ROOM_PARTICIPANTS_MAX * 2) });

export const poll = object<Poll>({
  number,
  question: text,
  choices: list(text, POLL_CHOICES_MAX),
  anonymous: flag,
  by_name: text,
  opened_at_ms: number,
  votes: number,
  voted: flag,
  results: optional(list(pollResult, POLL_CHOICES_MAX)),
});
export const polls = list(poll, POLLS_MAX);

/** A sign unknown here is shown as a raised thumb. */
export const reaction = word(REACTIONS, 'thumbs_up');

const ruled: Decoder<Act[]> = words(RULED_ACTS, 64);
export const rules = object<RoleRules>({ members: ruled, guests: ruled });

export const floor = object<Floor>({ holder: optional(text), seconds: optional(number), ends_at_ms: optional(number) });

/** An unknown policy is the strictest. */
const lobbyPolicy = word(LOBBIES, 'for_everyone');
export const door = object<Door>({ locked: flag, lobby: lobbyPolicy, debrief: optional(word(DEBRIEFS, 'chairs')) });

const waiting = object<Waiting>({
  session: text,
  person: text,
  name: text,
  agency: text,
  identified: word(IDENTIFIED, 'invitation'),
  since_ms: number,
  sent_back: flag,
});
export const lobby = list(waiting, LOBBY_MAX);

const help = object<HelpCall>({ session: text, name: text, at_ms: number });
const breakoutRoom = object<BreakoutRoom>({ number, name: text, help: optional(help) });
export const breakouts = object<Breakouts>({
  rooms: list(breakoutRoom, BREAKOUTS_MAX),
  choose: flag,
  may_return: flag,
  ends_at_ms: optional(number),
  placed: optional(number),
});

export const spotlight = list(text, SPOTLIGHT_MAX);
