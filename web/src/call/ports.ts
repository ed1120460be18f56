/** What a call needs of the world around it. Everything is handed in: a page hands in the browser's, a test its own. */

import type { LocalMedia } from '../media/local';
import type { Peer, PeerOptions } from '../media/peer';
import type { OpenSocket } from '../signal/channel';
import type { Timers } from '../signal/time';
import type { MeetingId } from '../signal/wire/MeetingId';
import type { Refusal } from '../signal/wire/Refusal';
import type { JoinTimeline } from './timeline';

/** A join token, and where it is used. It is held in memory for one message and nowhere else. */
export interface Grant {
  token: string;
  /** Of a room system: that it holds the key which the token names. */
  proof?: string;
  /** Absolute, `ws:` or `wss:`. */
  signalUrl: string;
}

export type GrantAnswer = { grant: Grant } | { refusal: Refusal } | { unreachable: true };

export interface Ports {
  meeting: MeetingId;
  /** Asks the control plane for a fresh grant. */
  fetchGrant(): Promise<GrantAnswer>;
  openSocket: OpenSocket;
  createPeer(options: PeerOptions): Peer;
  local: LocalMedia;
  timers: Timers;
  /** Uniform in [0, 1). */
  random(): number;
  timeline: JoinTimeline;
  /** Calls when the network came back or may be another; the answer stops it. */
  onOnline(back: () => void): () => void;
}
