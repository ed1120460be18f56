/** The words for the values of sites, the calendar and the policy. A value without a word does not compile. */
import type { Affected, Bound, Holiday, PolicyVersion, Region, Terms, Wheelchair } from '@/api/types';
import { m } from '@/paraglide/messages';

type Words<K extends string> = Record<K, () => string>;

export const REGIONS: Words<Region> = {
  johor: () => m.region_johor(),
  kedah: () => m.region_kedah(),
  kelantan: () => m.region_kelantan(),
  melaka: () => m.region_melaka(),
  negeri_sembilan: () => m.region_negeri_sembilan(),
  pahang: () => m.region_pahang(),
  perak: () => m.region_perak(),
  perlis: () => m.region_perlis(),
  pulau_pinang: () => m.region_pulau_pinang(),
  sabah: () => m.region_sabah(),
  sarawak: () => m.region_sarawak(),
  selangor: () => m.region_selangor(),
  terengganu: () => m.region_terengganu(),
  wp_kuala_lumpur: () => m.region_wp_kuala_lumpur(),
  wp_labuan: () => m.region_wp_labuan(),
  wp_putrajaya: () => m.region_wp_putrajaya(),
};
export const ALL_REGIONS = Object.keys(REGIONS) as Region[];
export const regionName = (it: Region): string => REGIONS[it]?.() ?? it;
export const regionOptions = (): { value: Region; label: string }[] => ALL_REGIONS.map((value) => ({ value, label: regionName(value) }));

export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;
export const WEEK: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7];
const WEEKDAYS: Record<Weekday, () => string> = {
  1: () => m.central_weekday_1(),
  2: () => m.central_weekday_2(),
  3: () => m.central_weekday_3(),
  4: () => m.central_weekday_4(),
  5: () => m.central_weekday_5(),
  6: () => m.central_weekday_6(),
  7: () => m.central_weekday_7(),
};
export const weekdayName = (it: number): string => WEEKDAYS[it as Weekday]?.() ?? String(it);

export const WHEELCHAIR: Words<Wheelchair> = {
  yes: () => m.central_wheelchair_yes(),
  no: () => m.central_wheelchair_no(),
  unknown: () => m.central_wheelchair_unknown(),
};

export const BASIS: Words<Holiday['basis']> = {
  fixed: () => m.central_basis_fixed(),
  calculated: () => m.central_basis_calculated(),
  sighted: () => m.central_basis_sighted(),
};
export const STATUS: Words<Holiday['status']> = {
  provisional: () => m.central_status_provisional(),
  gazetted: () => m.central_status_gazetted(),
};
export const VERSION_STATE: Words<PolicyVersion['state']> = {
  in_force: () => m.central_version_in_force(),
  coming: () => m.central_version_coming(),
  past: () => m.central_version_past(),
  withdrawn: () => m.central_version_withdrawn(),
};
export const BOUNDS: Words<Bound> = {
  lead_time: () => m.central_bound_lead_time(),
  duration_max: () => m.central_bound_duration_max(),
  advance_max: () => m.central_bound_advance_max(),
  rest_day: () => m.central_bound_rest_day(),
};
const KINDS: Record<Affected['kind'], (it: Affected) => string> = {
  seats: (it) => m.central_kind_seats({ people: String(it.people) }),
  hours: () => m.central_kind_hours(),
  closed: () => m.central_kind_closed(),
  holiday: () => m.central_kind_holiday(),
  rest_day: () => m.central_kind_rest_day(),
};
export const kindText = (it: Affected): string => KINDS[it.kind]?.(it) ?? it.kind;

export const LEAD_MODES: Words<Terms['lead_mode']> = {
  calendar: () => m.term_lead_mode_calendar(),
  clear: () => m.term_lead_mode_clear(),
  working: () => m.term_lead_mode_working(),
};
export const REST_DAY_USES: Words<Terms['rest_day_use']> = {
  free: () => m.term_rest_day_use_free(),
  consent: () => m.term_rest_day_use_consent(),
  refused: () => m.term_rest_day_use_refused(),
};
export const SHIFTS: Words<Terms['same_day_shift']> = {
  approval: () => m.term_same_day_shift_approval(),
  lead_time: () => m.term_same_day_shift_lead_time(),
};

export const options = <K extends string>(words: Words<K>): { value: K; label: string }[] =>
  (Object.keys(words) as K[]).map((value) => ({ value, label: words[value]() }));

const LEAD_SHORT: Record<Terms['lead_mode'], (input: { days: string }) => string> = {
  calendar: (input) => m.term_lead_calendar_short(input),
  clear: (input) => m.term_lead_clear_short(input),
  working: (input) => m.term_lead_working_short(input),
};
/** `3 hari kalendar` */
export const leadText = (terms: Terms): string => LEAD_SHORT[terms.lead_mode]({ days: String(terms.lead_days) });
