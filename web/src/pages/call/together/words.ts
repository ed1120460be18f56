/** The words of what people do together. */
import { m } from '@/paraglide/messages';
import type { Act } from '@/signal/wire/Act';
import type { Reaction } from '@/signal/wire/Reaction';

/** Of those acts that rules are about. */
export function actWord(act: Act): string {
  switch (act) {
    case 'publish_audio':
      return m.together_act_speak();
    case 'publish_video':
      return m.together_act_camera();
    case 'share_screen':
      return m.together_act_share();
    default:
      return m.together_act_chat();
  }
}

const SIGNS: Record<Reaction, () => string> = {
  thumbs_up: () => m.together_sign_thumbs_up(),
  clap: () => m.together_sign_clap(),
  heart: () => m.together_sign_heart(),
  laugh: () => m.together_sign_laugh(),
  surprise: () => m.together_sign_surprise(),
  thinking: () => m.together_sign_thinking(),
};

export const signWord = (reaction: Reaction): string => SIGNS[reaction]();

/** Minutes and seconds. */
export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
