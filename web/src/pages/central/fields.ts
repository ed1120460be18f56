/** What a refusal says beside which field of a form. Pure: a refusal in, sentences out. */
import type { Failure } from '@/api/failure';
import { dayStart, mediumDate } from '@/i18n/format';
import { locale } from '@/i18n/locale.svelte';
import { m } from '@/paraglide/messages';
import type { Refusal } from '@/signal/wire/Refusal';

export type FieldErrors = Readonly<Record<string, string>>;

const date = (value: unknown): string => {
  const at_ms = dayStart(typeof value === 'string' ? value : '');
  return at_ms === null ? '' : mediumDate(at_ms, locale.current);
};

const EXPECTED: Record<string, (values: Record<string, unknown>) => string> = {
  text: () => m.central_expected_text(),
  shorter_text: (v) => m.central_expected_shorter_text({ max: String(v['length_max'] ?? '') }),
  plain_text: () => m.central_expected_plain_text(),
  capitals_and_digits: () => m.central_expected_capitals_and_digits(),
  known_zone: () => m.central_expected_known_zone(),
  seats: () => m.central_expected_seats(),
  open_on_one_day_a_week_at_least: () => m.central_expected_one_day(),
  opens_before_it_closes: () => m.central_expected_opens_before(),
  quarter_hours: () => m.central_expected_quarters(),
  both_languages: () => m.central_expected_both_languages(),
  another_name: () => m.central_expected_another_name(),
  one_region_at_least: () => m.central_expected_regions(),
  two_days_of_the_week: () => m.central_expected_two_days(),
  a_day_of_this_millennium: () => m.central_expected_date(),
  tomorrow_or_later: (v) => m.central_expected_tomorrow({ from: date(v['earliest_date']), to: date(v['latest_date']) }),
  a_day_without_a_version: () => m.central_expected_day_taken(),
};

function one(refusal: Refusal): [string, string] | null {
  if (refusal.code === 'site.exists') return ['short_name', m.central_expected_taken()];
  if (refusal.code === 'holiday.exists') return ['name_ms', m.central_expected_taken()];
  const field = refusal.values['field'];
  if (refusal.code !== 'request.malformed' || typeof field !== 'string') return null;
  return [field, EXPECTED[String(refusal.values['expected'])]?.(refusal.values) ?? m.central_expected_other()];
}

/** Every field that is wrong, in the order of the form; nothing where the failure is not about fields. */
export function fieldErrors(failure: Failure | null): FieldErrors {
  if (failure?.kind !== 'refused') return {};
  const also = failure.refusal.values['also'];
  const all = [failure.refusal, ...(Array.isArray(also) ? (also as Refusal[]) : [])];
  return Object.fromEntries(all.map(one).filter((it) => it !== null));
}
