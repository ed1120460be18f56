import { describe, expect, it } from 'vitest';
import { MuteBook } from './mutes';
import { enter, type Room } from './room';
import { person, roomState } from './testing/node';

const room = (muted: boolean): Room =>
  enter({
    type: 'joined',
    id: 1,
    session: 'me',
    resumed: false,
    ticket: '',
    acts: [],
    state: roomState([person('me', { sources: [{ source: 's', kind: 'microphone', muted }] })]),
  }, 0);

describe('MuteBook', () => {
  it('takes silence that nobody here asked for as the host’s', () => {
    const book = new MuteBook();
    expect(book.entered(room(false))).toEqual([]);
    expect(book.heard(room(true))).toEqual(['microphone']);
    expect(book.heard(room(true))).toEqual([]);
    expect(book.mustTell('microphone', false)).toBe(true);
  });

  it('does not take our own press for the host’s, however the answers cross', () => {
    const book = new MuteBook();
    book.entered(room(false));
    book.asked('microphone', true);
    book.asked('microphone', false);
    expect(book.heard(room(true))).toEqual([]); // the echo of the first press, while the second is under way
    book.answered('microphone');
    book.answered('microphone');
    expect(book.heard(room(false))).toEqual([]);
    expect(book.heard(room(true))).toEqual(['microphone']);
  });

  it('finds what the host muted while the line was down', () => {
    const book = new MuteBook();
    book.entered(room(false));
    expect(book.entered(room(true))).toEqual(['microphone']);
  });
});
