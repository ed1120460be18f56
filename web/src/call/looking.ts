/** What we look at: the pictures on the screen, made into requests for slots, in few messages, with more slots as they are needed. */

import type { Peer } from '../media/peer';
import { VIDEO_SLOTS_MAX } from '../signal/limits';
import type { Timers } from '../signal/time';
import type { SlotRequest } from '../signal/wire/SlotRequest';
import type { SlotState } from '../signal/wire/SlotState';
import { plan, slotsFor, type Asked, type Want } from './slots';

/** Sizes change with every pixel that a window is drawn: one message for all of them. */
const REQUEST_EVERY_MS = 150;
/** After a refused request: the node's own pace is twenty messages a second. */
const AGAIN_MS = 1_000;

export class Looking {
  private asked: Asked = new Map();
  private wants: readonly Want[] = [];
  private shown = false;
  private resting = false;
  private again = false;

  constructor(
    private readonly timers: Timers,
    private readonly out: {
      /** The peer whose slots can be asked for now. */
      peer(): Peer | undefined;
      request(slots: SlotRequest[]): void;
      /** Negotiates this many slots; then `refresh` is called. */
      grow(videoSlots: number): void;
    },
  ) {}

  /** Slots to offer in a new peer connection. */
  get slots(): number {
    return slotsFor(this.wants.length);
  }

  /** A new peer connection shows nothing yet; one that was kept shows what the node says. */
  begin(slots: readonly SlotState[]): void {
    this.asked = new Map(slots.map(({ mid, source }) => [mid, { mid, source, width: 0, height: 0, priority: 0 }]));
  }

  /** The node took nothing of the last request: it is made again, a little later. */
  refused(slots: readonly SlotState[]): void {
    this.begin(slots);
    this.timers.after(AGAIN_MS, () => this.refresh());
  }

  /** A guess of what the page will show, so that the first picture does not wait for the first drawing. */
  guess(wants: readonly Want[]): void {
    if (!this.shown) this.wants = wants;
    this.refresh();
  }

  show(wants: readonly Want[]): void {
    this.shown = true;
    this.wants = wants;
    if (this.resting) {
      this.again = true;
      return;
    }
    this.refresh();
    this.resting = true;
    this.timers.after(REQUEST_EVERY_MS, () => {
      this.resting = false;
      if (!this.again) return;
      this.again = false;
      this.show(this.wants);
    });
  }

  refresh(): void {
    const peer = this.out.peer();
    if (peer === undefined) return;
    const next = plan(peer.videoSlots, this.asked, this.wants);
    this.asked = next.asked;
    if (next.requests.length > 0) this.out.request(next.requests);
    if (next.without > 0 && peer.videoSlots.length < VIDEO_SLOTS_MAX) this.out.grow(this.slots);
  }
}
