/** The words for what the server says of decisions. A value without a word does not compile. */
import type { ConsentState, DayFlag, Exemption, ReturnField, Rival } from '@/api/types';
import { locale } from '@/i18n/locale.svelte';
import { m } from '@/paraglide/messages';

const FIELDS: Record<ReturnField, () => string> = {
  title: () => m.decide_field_title(),
  purpose: () => m.decide_field_purpose(),
  classification: () => m.decide_field_classification(),
  sites: () => m.decide_field_sites(),
  time: () => m.decide_field_time(),
  people: () => m.decide_field_people(),
  chair: () => m.decide_field_chair(),
  contact: () => m.decide_field_contact(),
  needs: () => m.decide_field_needs(),
};
export const FIELD_LIST = Object.keys(FIELDS) as ReturnField[];
export const fieldName = (it: ReturnField): string => FIELDS[it]?.() ?? it;

const EXEMPTIONS: Record<Exemption, () => string> = {
  lead_time: () => m.exempt_lead_time(),
  opening_hours: () => m.exempt_opening_hours(),
  rest_day: () => m.exempt_rest_day(),
};
export const exemptionName = (it: Exemption): string => EXEMPTIONS[it]?.() ?? it;

const RIVALS: Record<Rival['kind'], () => string> = {
  waiting: () => m.decide_rival_waiting(),
  overlaps: () => m.decide_rival_overlaps(),
  same_day: () => m.decide_rival_same_day(),
};
export const rivalName = (it: Rival['kind']): string => RIVALS[it]?.() ?? it;

const CONSENTS: Record<ConsentState, () => string> = {
  not_needed: () => '',
  waiting: () => m.decide_consent_waiting(),
  given: () => m.decide_consent_given(),
  withheld: () => m.decide_consent_withheld(),
};
export const consentName = (it: ConsentState): string => CONSENTS[it]?.() ?? it;
export const consentTone = (it: ConsentState): 'success' | 'warning' | 'danger' => (it === 'given' ? 'success' : it === 'withheld' ? 'danger' : 'warning');

/** What kind of day it is at a site. */
export function dayName(flag: DayFlag, site: string): string {
  const name = (locale.current === 'ms' ? flag.name_ms : flag.name_en) ?? flag.name_ms ?? '';
  if (flag.kind === 'holiday') return m.decide_day_holiday({ site, name }) + (flag.provisional ? ` (${m.decide_day_provisional()})` : '');
  return flag.kind === 'rest_day' ? m.decide_day_rest({ site }) : m.decide_day_unknown({ site });
}
