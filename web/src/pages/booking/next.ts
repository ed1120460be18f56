/** What a booking's state asks of the applicant, as a sentence. */
import type { Reservation } from '@/api/types';
import { duration, mediumDateTime } from '@/i18n/format';
import { locale } from '@/i18n/locale.svelte';
import { present } from '@/i18n/now.svelte';
import { m } from '@/paraglide/messages';
import type { Wants } from './list';

export function wantsText(it: Reservation, wants: Wants): string {
  switch (wants) {
    case 'offer': {
      const until = it.offer?.expires_at_ms ?? it.starts_at_ms;
      return m.next_offer({ left: duration(until - present.now_ms, locale.current), until: mediumDateTime(until, locale.current) });
    }
    case 'returned':
      return it.returned ? m.next_returned_until({ until: mediumDateTime(it.returned.deadline_ms, locale.current) }) : m.next_returned();
    case 'displaced':
      return m.next_displaced();
    case 'hold_lost':
      return m.next_hold_lost();
  }
}
