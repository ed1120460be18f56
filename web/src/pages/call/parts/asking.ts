import type { Person } from '@/call';
import type { Debrief } from '@/signal/wire/Debrief';

/** What the meeting asks or shows in a dialog, one at a time. */
export type Asking =
  | { about: 'share' }
  | { about: 'record' }
  | { about: 'end' }
  | { about: 'debrief'; keep: Debrief }
  | { about: 'chairing' }
  | { about: 'remove'; person: Person }
  | { about: 'keys' }
  | { about: 'devices' }
  | { about: 'line' };

/** What stands beside the people. */
export type Side = 'people' | 'chat' | 'polls' | 'rooms';

/** What the controls of a meeting do; the keys do the same. */
export interface Controls {
  turn(kind: 'microphone' | 'camera'): void;
  share(): void;
  record(): void;
  hand(): void;
  side(to: Side): void;
  ask(about: Asking): void;
  full(): void;
  pip(): Promise<void>;
}
