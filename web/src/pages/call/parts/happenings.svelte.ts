/** What happens in a meeting by itself: seen for a while, and heard by whoever wishes to. */
import type { Call, Notice } from '@/call';
import { m } from '@/paraglide/messages';
import type { Reaction } from '@/signal/wire/Reaction';
import { announce } from '@/ui/announce.svelte';
import { topicOf, type Announcements } from '../stage/announcements.svelte';
import type { Sign } from '../together/Reactions.svelte';
import { isUrgent, noticeText } from './words';

/** What happened stays in sight this long. */
const NOTE_MS = 6_000;
const NOTES_MAX = 3;
const SIGN_MS = 4_000;
const SIGNS_MAX = 6;

export interface Note {
  id: number;
  text: string;
}

interface Surroundings {
  call: Call;
  announcements: Announcements;
  /** The chat is open: what is said there is seen already. */
  reading(): boolean;
}

export class Happenings {
  notes = $state.raw<Note[]>([]);
  signs = $state.raw<Sign[]>([]);
  private next = 0;

  constructor(private readonly around: Surroundings) {}

  /** Seen for a while and heard. */
  say(text: string): void {
    announce(text);
    this.note(text);
  }

  heard(notice: Notice): void {
    const { call, announcements, reading } = this.around;
    if (notice.kind === 'reacted') {
      this.sign(notice.name, notice.reaction);
      // Ten thumbs are not ten sentences: the first of a burst is said.
      if (this.signs.length <= 1 && announcements.tells('chat')) announce(noticeText(notice));
      return;
    }
    const me = call.view.people.find((it) => it.self)?.participant.person;
    const named = notice.kind === 'said' && me !== undefined && notice.line.mentions.includes(me);
    const text = notice.kind === 'said' && named && !notice.line.to ? m.together_said_mention({ name: notice.line.from.name, text: notice.line.text }) : noticeText(notice);
    if (announcements.tells(topicOf(notice.kind))) announce(text, isUrgent(notice) ? 'assertive' : 'polite');
    if (notice.kind === 'said' && reading()) return;
    // Recording and reconnecting have banners of their own.
    if (notice.kind !== 'recording_started' && notice.kind !== 'reconnecting') this.note(text);
  }

  private note(text: string): void {
    const id = this.next++;
    this.notes = [...this.notes, { id, text }].slice(-NOTES_MAX);
    setTimeout(() => (this.notes = this.notes.filter((it) => it.id !== id)), NOTE_MS);
  }

  private sign(name: string, reaction: Reaction): void {
    const id = this.next++;
    this.signs = [...this.signs, { id, name, reaction }].slice(-SIGNS_MAX);
    setTimeout(() => (this.signs = this.signs.filter((it) => it.id !== id)), SIGN_MS);
  }
}
