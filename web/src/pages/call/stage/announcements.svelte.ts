/** What a screen reader is told of by itself: each kind on or off, kept on this device. What must be known is told always. */
import type { Notice } from '@/call';

/** Kinds that can be turned off. */
export const TOPICS = ['people', 'hands', 'chat', 'shares', 'speaking'] as const;
export type Topic = (typeof TOPICS)[number];

/** Who speaks changes all the time: nobody is told unless they ask for it. */
const OFF_AT_FIRST: readonly Topic[] = ['speaking'];
const STORED = 'sidang.announcements';

/** The topic of a notice; none: it is told whatever was chosen. */
export function topicOf(kind: Notice['kind'] | 'chat' | 'speaking'): Topic | undefined {
  switch (kind) {
    case 'joined':
    case 'left':
    case 'came':
    case 'went':
      return 'people';
    case 'hand_raised':
    case 'hand_lowered':
      return 'hands';
    case 'share_started':
    case 'share_stopped':
      return 'shares';
    case 'chat':
    case 'said':
    case 'reacted':
      return 'chat';
    case 'speaking':
      return 'speaking';
    default:
      return undefined;
  }
}

type Memory = Pick<Storage, 'getItem' | 'setItem'>;

export class Announcements {
  private off = $state.raw<readonly Topic[]>(OFF_AT_FIRST);

  constructor(private readonly memory: Memory | undefined) {
    try {
      const kept = memory?.getItem(STORED);
      if (kept !== null && kept !== undefined) this.off = TOPICS.filter((it) => kept.split(' ').includes(it));
    } catch {
      // storage may be forbidden
    }
  }

  tells(topic: Topic | undefined): boolean {
    return topic === undefined || !this.off.includes(topic);
  }

  turn(topic: Topic, on: boolean): void {
    const others = this.off.filter((it) => it !== topic);
    this.off = on ? others : [...others, topic];
    try {
      this.memory?.setItem(STORED, this.off.join(' '));
    } catch {
      // lasts as long as the page
    }
  }
}
