/** The chat as it is read: who a line is for, what in it is a link or a name, and how many lines nobody has looked at yet. */

import type { ChatLine } from '../signal/wire/ChatLine';
import type { PersonId } from '../signal/wire/PersonId';
import type { Person } from './people';
import type { Room } from './room';
import { own } from './room';

export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string } | { kind: 'name'; text: string; me: boolean };

/** Only what begins with its scheme is a link, so that nobody is led somewhere by a word. */
const LINK = /https?:\/\/[^\s<>"'`]+/giu;
/** A full stop or a bracket at the end belongs to the sentence. */
const AFTER_LINK = /[.,;:!?)\]}]+$/u;

/** The text in pieces. Nothing of it is ever read as markup. */
export function pieces(line: ChatLine, names: ReadonlyMap<PersonId, string>, me: PersonId | undefined): Piece[] {
  const named = line.mentions.flatMap((person) => {
    const name = names.get(person);
    return name === undefined ? [] : [{ mark: `@${name}`, me: person === me }];
  });
  return links(line.text).flatMap((piece) => (piece.kind === 'text' ? mentions(piece.text, named) : [piece]));
}

function links(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = match[0].replace(AFTER_LINK, '');
    if (!URL.canParse(shown)) continue;
    if (match.index > at) found.push({ kind: 'text', text: text.slice(at, match.index) });
    found.push({ kind: 'link', text: shown, href: new URL(shown).href });
    at = match.index + shown.length;
  }
  if (at < text.length) found.push({ kind: 'text', text: text.slice(at) });
  return found;
}

function mentions(text: string, named: readonly { mark: string; me: boolean }[]): Piece[] {
  const found: Piece[] = [];
  let rest = text;
  while (rest !== '') {
    const first = named
      .map((it) => ({ ...it, at: rest.indexOf(it.mark) }))
      .filter((it) => it.at >= 0)
      .sort((a, b) => a.at - b.at || b.mark.length - a.mark.length)[0];
    if (first === undefined) {
      found.push({ kind: 'text', text: rest });
      break;
    }
    if (first.at > 0) found.push({ kind: 'text', text: rest.slice(0, first.at) });
    found.push({ kind: 'name', text: first.mark, me: first.me });
    rest = rest.slice(first.at + first.mark.length);
  }
  return found;
}

/** The people whose names stand behind an @ in what is being written. */
export const mentionedIn = (text: string, people: readonly Person[]): PersonId[] =>
  [...new Set(people.filter((it) => it.participant.name !== '' && text.includes(`@${it.participant.name}`)).map((it) => it.participant.person))];

/** The name that is being written behind the last @, if one is. */
export const writtenName = (text: string): string | undefined => /(?:^|\s)@([^@\n]{0,60})$/u.exec(text)?.[1];

/** Lines of others after the last one that was looked at. */
export function unread(room: Room, seen: number): ChatLine[] {
  const me = own(room)?.person;
  return room.chat.filter((it) => it.number > seen && it.from.person !== me);
}
