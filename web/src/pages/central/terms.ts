/** The values of a policy in the order in which they are shown and asked for, with their names and how each is written. */
import type { Terms } from '@/api/types';
import { clock } from '@/i18n/format';
import { m } from '@/paraglide/messages';
import { LEAD_MODES, REST_DAY_USES, SHIFTS, regionName } from './words';

export type NumberTerm = { [K in keyof Terms]: Terms[K] extends number ? K : never }[keyof Terms];

export const LABELS: Record<keyof Terms, () => string> = {
  lead_days: () => m.term_lead_days(),
  lead_mode: () => m.term_lead_mode(),
  region: () => m.term_region(),
  advance_days_max: () => m.term_advance_days_max(),
  slot_minutes_max: () => m.term_slot_minutes_max(),
  rest_day_use: () => m.term_rest_day_use(),
  hold_working_days: () => m.term_hold_working_days(),
  hold_until_minute: () => m.term_hold_until_minute(),
  remind_after_minutes: () => m.term_remind_after_minutes(),
  escalate_after_minutes: () => m.term_escalate_after_minutes(),
  same_day_shift: () => m.term_same_day_shift(),
  returned_keeps_receipt: () => m.term_returned_keeps_receipt(),
  occurrences_max: () => m.term_occurrences_max(),
  offer_minutes: () => m.term_offer_minutes(),
  no_show_warn_minutes: () => m.term_no_show_warn_minutes(),
  no_show_minutes: () => m.term_no_show_minutes(),
  extension_minutes_max: () => m.term_extension_minutes_max(),
  condition_overdue_hours: () => m.term_condition_overdue_hours(),
  wanted_uses_per_month: () => m.term_wanted_uses_per_month(),
};

export const GROUPS: readonly { label: () => string; terms: readonly (keyof Terms)[] }[] = [
  { label: () => m.central_terms_lead(), terms: ['lead_days', 'lead_mode', 'region'] },
  { label: () => m.central_terms_slot(), terms: ['advance_days_max', 'slot_minutes_max', 'rest_day_use', 'occurrences_max'] },
  {
    label: () => m.central_terms_hold(),
    terms: ['hold_working_days', 'hold_until_minute', 'remind_after_minutes', 'escalate_after_minutes', 'offer_minutes', 'same_day_shift', 'returned_keeps_receipt'],
  },
  {
    label: () => m.central_terms_use(),
    terms: ['no_show_warn_minutes', 'no_show_minutes', 'extension_minutes_max', 'condition_overdue_hours', 'wanted_uses_per_month'],
  },
];

/** A value as it is read. */
export function termText(terms: Terms, term: keyof Terms): string {
  switch (term) {
    case 'lead_mode':
      return LEAD_MODES[terms.lead_mode]();
    case 'rest_day_use':
      return REST_DAY_USES[terms.rest_day_use]();
    case 'same_day_shift':
      return SHIFTS[terms.same_day_shift]();
    case 'region':
      return regionName(terms.region);
    case 'returned_keeps_receipt':
      return terms.returned_keeps_receipt ? m.term_yes() : m.term_no();
    case 'hold_until_minute':
      return clock(terms.hold_until_minute);
    default:
      return String(terms[term]);
  }
}
