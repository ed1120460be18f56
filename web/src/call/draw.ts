/** From the meeting's state and the peer's streams to what a page draws. */

import type { Peer } from '../media/peer';
import { remember } from './arrange';
import { people, tiles } from './people';
import type { Room } from './room';
import type { CallView, Picture, Sound } from './view';

/** What follows from the room and the peer; people and tiles only where the room has changed. */
export function drawn(room: Room, view: CallView, roomChanged: boolean, peer: Peer | undefined): Partial<CallView> {
  const streams = { pictures: pictures(room, peer), sounds: sounds(peer) };
  if (!roomChanged) return streams;
  const everyone = people(room);
  return { ...streams, people: everyone, tiles: tiles(everyone), lastSpoke: remember(view.lastSpoke, room.speakers, new Set(room.participants.keys())) };
}

function pictures(room: Room, peer: Peer | undefined): Map<string, Picture> {
  const found = new Map<string, Picture>();
  for (const mid of peer?.videoSlots ?? []) {
    const slot = room.slots.get(mid);
    if (slot === undefined || slot.source === null) continue;
    found.set(slot.source, { mid, stream: peer?.stream(mid), paused: slot.paused });
  }
  return found;
}

const sounds = (peer: Peer | undefined): Sound[] =>
  (peer?.audioSlots ?? []).flatMap((mid) => {
    const stream = peer?.stream(mid);
    return stream === undefined ? [] : [{ mid, stream }];
  });
