/** The ports of a call in a browser. */

import type { LocalMedia } from '../media/local';
import { browserPeers, createPeer } from '../media/peer';
import { browserTimers } from '../signal/time';
import type { MeetingId } from '../signal/wire/MeetingId';
import { browserNetwork, watchNetwork } from './network';
import type { GrantAnswer, Ports } from './ports';
import { JoinTimeline } from './timeline';

export interface BrowserOptions {
  meeting: MeetingId;
  local: LocalMedia;
  fetchGrant(): Promise<GrantAnswer>;
}

export function browserPorts({ meeting, local, fetchGrant }: BrowserOptions): Ports {
  return {
    meeting,
    local,
    fetchGrant,
    openSocket: (url) => new WebSocket(url),
    createPeer: (options) => createPeer(browserPeers, options),
    timers: browserTimers,
    random: Math.random,
    timeline: new JoinTimeline(performance),
    onOnline: (back) => watchNetwork(browserNetwork(), back),
  };
}
