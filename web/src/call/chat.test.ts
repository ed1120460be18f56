import { describe, expect, it } from 'vitest';
import type { ChatLine } from '../signal/wire/ChatLine';
import { mentionedIn, pieces, unread, writtenName } from './chat';
import { people } from './people';
import { enter, type Room } from './room';
import { person, roomState } from './testing/node';

const line = (text: string, change: Partial<ChatLine> = {}): ChatLine => ({
  number: 1,
  from: { person: 'person-a', name: 'Name a', agency: 'JDN', guest: false },
  text,
  mentions: [],
  announcement: false,
  at_ms: 0,
  ...change,
});
const names = new Map([
  ['person-a', 'Aminah'],
  ['person-b', 'Aminah binti Yusof'],
]);
const drawn = (text: string, mentions: string[] = []) => pieces(line(text, { mentions }), names, 'person-b').map((it) => (it.kind === 'text' ? it.text : `<${it.kind} ${it.text}>`));

const room = (chat: ChatLine[]): Room =>
  enter({ type: 'joined', id: 1, session: 'me', resumed: false, ticket: 't', acts: [], state: roomState([person('me'), person('a')], { chat }) }, 0);

describe('a line of the chat', () => {
  it.each([
    ['lihat https://jdn.gov.my/a?b=1.', ['lihat ', '<link https://jdn.gov.my/a?b=1>', '.']],
    ['(http://a.my/x)', ['(', '<link http://a.my/x>', ')']],
    ['javascript:alert(1) www.a.my', ['javascript:alert(1) www.a.my']],
    ['https://', ['https://']],
    ['<b>tebal</b>', ['<b>tebal</b>']],
  ])('has its links and nothing else as links: %s', (text, expected) => {
    expect(drawn(text)).toEqual(expected);
  });

  it('marks those who are named, the longer name first', () => {
    expect(drawn('@Aminah binti Yusof dan @Aminah', ['person-a', 'person-b'])).toEqual(['<name @Aminah binti Yusof>', ' dan ', '<name @Aminah>']);
    expect(drawn('@Aminah', [])).toEqual(['@Aminah']);
  });
});

describe('writing', () => {
  it('finds who is named', () => {
    const everyone = people(room([]));
    expect(mentionedIn('hai @Name a!', everyone)).toEqual(['person-a']);
    expect(mentionedIn('hai Name a', everyone)).toEqual([]);
    expect([writtenName('hai @Na'), writtenName('@'), writtenName('a@b'), writtenName('tiada')]).toEqual(['Na', '', undefined, undefined]);
  });
});

describe('unread', () => {
  it('counts what others said after the last that was seen', () => {
    const state = room([line('a'), line('b', { number: 2, from: { person: 'person-me', name: 'Name me', agency: 'JDN', guest: false } }), line('c', { number: 3 })]);
    expect([0, 1, 3].map((seen) => unread(state, seen).length)).toEqual([2, 1, 0]);
  });
});
