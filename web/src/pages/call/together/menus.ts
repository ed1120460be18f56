/** What a chair may do about one person, as the entries of a menu. */
import Hand from '@lucide/svelte/icons/hand';
import MicOff from '@lucide/svelte/icons/mic-off';
import MicVocal from '@lucide/svelte/icons/mic-vocal';
import ShieldPlus from '@lucide/svelte/icons/shield-plus';
import Star from '@lucide/svelte/icons/star';
import Undo2 from '@lucide/svelte/icons/undo-2';
import UserX from '@lucide/svelte/icons/user-x';
import VideoOff from '@lucide/svelte/icons/video-off';
import type { Call, Outcome, Person, Room } from '@/call';
import { m } from '@/paraglide/messages';
import { RULED_ACTS } from '@/signal/together';
import { SPOTLIGHT_MAX } from '@/signal/limits';
import type { MenuItem } from '@/ui/Menu.svelte';

interface Deeds {
  call: Call;
  tried: (outcome: Promise<Outcome>) => void;
  /** Asked before it is done. */
  remove: (person: Person) => void;
}

/** Nothing about ourselves, and nothing about the recorder. */
export function personMenu(room: Room, person: Person, { call, tried, remove }: Deeds): MenuItem[] {
  const { participant: who } = person;
  if (who.kind === 'recorder') return [];
  const { session } = who;
  const chairs = room.acts.has('chair');
  const theyChair = who.role === 'host' || who.role === 'co_host';
  const inFront = room.spotlight.includes(session);
  const items: (MenuItem | false)[] = [
    chairs &&
      (inFront || room.spotlight.length < SPOTLIGHT_MAX) && {
        kind: 'act',
        label: inFront ? m.together_spotlight_stop() : m.together_spotlight(),
        icon: Star,
        run: () => tried(call.spotlight(inFront ? room.spotlight.filter((it) => it !== session) : [...room.spotlight, session])),
      },
    chairs && room.floor !== undefined && room.floor.holder !== session && { kind: 'act', label: m.together_floor_give(), icon: MicVocal, run: () => tried(call.giveFloor(session)) },
    chairs && person.hand !== undefined && { kind: 'act', label: m.together_lower_hand(), icon: Hand, run: () => tried(call.lowerHand(session)) },
  ];
  if (person.self) return items.filter((it) => it !== false);
  const ruled = chairs && !theyChair && RULED_ACTS.some((it) => !room.rules[who.role === 'guest' ? 'guests' : 'members'].includes(it));
  const allowed = who.allowed ?? [];
  return [
    ...items,
    room.acts.has('mute_others') && !person.muted && ({ kind: 'act', label: m.call_mute_other(), icon: MicOff, run: () => tried(call.muteOther(session, 'microphone')) } as const),
    room.acts.has('mute_others') &&
      who.sources.some((it) => it.kind === 'camera' && !it.muted) &&
      ({ kind: 'act', label: m.together_camera_off(), icon: VideoOff, run: () => tried(call.muteOther(session, 'camera')) } as const),
    ruled && allowed.length === 0 && ({ kind: 'act', label: m.together_allow_speak(), icon: MicVocal, run: () => tried(call.allow(session, ['publish_audio'])) } as const),
    ruled && allowed.length < RULED_ACTS.length && ({ kind: 'act', label: m.together_allow_more(), icon: MicVocal, run: () => tried(call.allow(session, [...RULED_ACTS])) } as const),
    chairs && allowed.length > 0 && ({ kind: 'act', label: m.together_disallow(), icon: MicOff, run: () => tried(call.allow(session, [])) } as const),
    chairs &&
      who.kind === 'person' &&
      (who.role === 'member' || who.role === 'co_host') &&
      ({ kind: 'act', label: who.role === 'member' ? m.together_co_host_make() : m.together_co_host_end(), icon: ShieldPlus, run: () => tried(call.setCoHost(session, who.role === 'member')) } as const),
    room.acts.has('admit_others') && !theyChair && ({ kind: 'act', label: m.together_send_back(), icon: Undo2, run: () => tried(call.sendBack(session)) } as const),
    room.acts.has('remove_others') && ({ kind: 'act', label: m.call_remove(), icon: UserX, danger: true, run: () => remove(person) } as const),
  ].filter((it) => it !== false);
}
