/** The sentences of a refusal: what is refused and what would work. A code without a sentence does not compile. */
import { clock, dayStart, listOf, longDate, longDateTime } from '@/i18n/format';
import { locale } from '@/i18n/locale.svelte';
import { classificationName, reservationStateName } from '@/i18n/names';
import { m } from '@/paraglide/messages';
import type { Code } from '@/signal/wire/Code';
import type { Refusal } from '@/signal/wire/Refusal';
import type { Classification, ReservationState } from '@/api/types';

export type Sentence = { what: string; next?: string };
/** Names for the ids that values carry, where the page knows them. */
export type Names = { site?: (id: string) => string | undefined; person?: (id: string) => string | undefined };
type Values = Record<string, unknown>;

const text = (values: Values, key: string): string | undefined => {
  const value = values[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
const number = (values: Values, key: string): number | undefined => {
  const value = values[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/i;

function siteOf(values: Values, names: Names): string {
  const value = text(values, 'site_name') ?? text(values, 'site');
  if (value === undefined) return m.refusal_some_site();
  return names.site?.(value) ?? (UUID.test(value) ? m.refusal_some_site() : value);
}
function personOf(values: Values, names: Names): string {
  const value = text(values, 'person_name') ?? text(values, 'person');
  if (value === undefined) return m.refusal_some_person();
  return names.person?.(value) ?? (UUID.test(value) ? m.refusal_some_person() : value);
}
const classificationOf = (values: Values, key: string, otherwise: Classification): string =>
  classificationName((text(values, key) as Classification | undefined) ?? otherwise);

const timeOf = (values: Values, key: string): string => longDateTime(number(values, key) ?? 0, locale.current);

function afterAWhile(values: Values): string {
  const seconds = number(values, 'retry_after_s');
  return seconds === undefined ? m.refusal_rate_limited_soon() : m.refusal_rate_limited_next({ seconds: String(seconds) });
}

const MISSING: Record<string, () => string> = {
  length: () => m.refusal_password_length(),
  digit: () => m.refusal_password_digit(),
  capital: () => m.refusal_password_capital(),
  symbol: () => m.refusal_password_symbol(),
};

const UNFIT: Record<string, () => string> = {
  self: () => m.refusal_delegate_unfit_self(),
  inactive: () => m.refusal_delegate_unfit_inactive(),
  role: () => m.refusal_delegate_unfit_role(),
  overlap: () => m.refusal_delegate_unfit_overlap(),
  too_many: () => m.refusal_delegate_unfit_too_many(),
};

const GUEST_NAME: Record<string, (max: string) => string> = {
  length: (max) => m.refusal_guest_name_length({ max }),
  hidden: () => m.refusal_guest_name_hidden(),
  scripts: () => m.refusal_guest_name_scripts(),
  resembles: () => m.refusal_guest_name_resembles(),
};

const grantAgain = (what: string): Sentence => ({ what, next: m.refusal_grant_next() });

const SENTENCES: Record<Code, (values: Values, names: Names) => Sentence> = {
  'request.malformed': (v) => {
    const field = text(v, 'field');
    if (field === undefined) return { what: m.refusal_request_malformed_plain() };
    const expected = text(v, 'expected');
    const what = m.refusal_request_malformed({ field });
    return expected === undefined ? { what } : { what, next: m.refusal_request_malformed_next({ expected }) };
  },
  'request.too_large': () => ({ what: m.refusal_request_too_large(), next: m.refusal_request_too_large_next() }),
  'request.timeout': () => ({ what: m.refusal_request_timeout(), next: m.refusal_request_timeout_next() }),
  'route.unknown': () => ({ what: m.refusal_route_unknown(), next: m.refusal_route_unknown_next() }),
  'method.not_allowed': () => ({ what: m.refusal_method_not_allowed(), next: m.refusal_method_not_allowed_next() }),
  'rate.limited': (v) => ({ what: m.refusal_rate_limited(), next: afterAWhile(v) }),
  'service.unavailable': () => ({ what: m.refusal_unavailable(), next: m.refusal_unavailable_next() }),
  'service.internal': () => ({ what: m.refusal_internal(), next: m.refusal_internal_next() }),
  not_found: () => ({ what: m.refusal_not_found(), next: m.refusal_not_found_next() }),
  conflict: () => ({ what: m.refusal_conflict(), next: m.refusal_conflict_next() }),
  'change.unconfirmed': (v) => ({
    what: m.refusal_change_unconfirmed({ count: String(Array.isArray(v['affected']) ? v['affected'].length : 1) }),
    next: m.refusal_change_unconfirmed_next(),
  }),
  'idempotency.mismatch': () => ({ what: m.refusal_idempotency_mismatch(), next: m.refusal_idempotency_mismatch_next() }),

  'sign_in.required': () => ({ what: m.refusal_sign_in_required(), next: m.refusal_sign_in_required_next() }),
  'sign_in.failed': () => ({ what: m.refusal_sign_in_failed(), next: m.refusal_sign_in_failed_next() }),
  'csrf.missing': () => ({ what: m.refusal_csrf_missing(), next: m.refusal_csrf_missing_next() }),
  'origin.foreign': () => ({ what: m.refusal_origin_foreign(), next: m.refusal_origin_foreign_next() }),
  'role.missing': () => ({ what: m.refusal_role_missing(), next: m.refusal_role_missing_next() }),
  'password.weak': (v) => {
    const missing = Array.isArray(v['missing']) ? v['missing'].map((it) => MISSING[String(it)]?.() ?? String(it)) : [];
    return { what: m.refusal_password_weak({ missing: listOf(missing, locale.current) }), next: m.refusal_password_weak_next({ min: String(number(v, 'length_min') ?? 12) }) };
  },
  'password.change_required': () => ({ what: m.refusal_password_change_required(), next: m.refusal_password_change_required_next() }),
  'feed.too_many': (v) => ({ what: m.refusal_feed_too_many({ count: String(number(v, 'feeds_max') ?? 20) }), next: m.refusal_feed_too_many_next() }),
  'person.exists': () => ({ what: m.refusal_person_exists(), next: m.refusal_person_exists_next() }),

  'reservation.lead_time': (v) => {
    const what = m.refusal_lead_time({ days: String(number(v, 'days') ?? 3) });
    const earliest_ms = dayStart(text(v, 'earliest_date') ?? '');
    const until_ms = number(v, 'lawful_until_ms');
    const next: string[] = [];
    if (until_ms !== undefined) next.push(m.refusal_lead_time_until({ until: longDateTime(until_ms, locale.current) }));
    if (earliest_ms !== null) next.push(m.refusal_lead_time_next({ date: longDate(earliest_ms, locale.current) }));
    return next.length > 0 ? { what, next: next.join(' ') } : { what };
  },
  'reservation.site_full': (v, names) => ({
    what: m.refusal_site_full({ site: siteOf(v, names), people: String(number(v, 'people') ?? '>'), max: String(number(v, 'people_max') ?? 6) }),
    next: m.refusal_site_full_next(),
  }),
  'reservation.sites_too_few': (v) => ({ what: m.refusal_sites_too_few({ min: String(number(v, 'sites_min') ?? 2) }), next: m.refusal_sites_too_few_next() }),
  'reservation.purpose_missing': () => ({ what: m.refusal_purpose_missing(), next: m.refusal_purpose_missing_next() }),
  'reservation.slot_invalid': (v, names) => {
    if (v['closed'] === true) return { what: m.refusal_slot_closed({ site: siteOf(v, names) }), next: m.refusal_slot_closed_next() };
    if (v['bound'] === 'rest_day') return { what: m.refusal_slot_rest_day({ site: siteOf(v, names) }), next: m.refusal_slot_closed_next() };
    const opens = number(v, 'opens_minute');
    const closes = number(v, 'closes_minute');
    const next = opens !== undefined && closes !== undefined ? m.refusal_slot_invalid_hours({ opens: clock(opens), closes: clock(closes) }) : m.refusal_slot_invalid_next();
    return { what: m.refusal_slot_invalid(), next };
  },
  'reservation.slot_taken': (v, names) => ({
    what: m.refusal_slot_taken({ site: siteOf(v, names) }),
    next: alternativesOf(v).length > 0 ? m.refusal_slot_taken_next() : m.refusal_slot_taken_none(),
  }),
  'reservation.person_twice': (v, names) => ({ what: m.refusal_person_twice({ person: personOf(v, names) }), next: m.refusal_person_twice_next() }),
  'reservation.seat_taken': () => ({ what: m.refusal_seat_taken(), next: m.refusal_seat_taken_next() }),
  'reservation.state': (v) => ({
    what: m.refusal_reservation_state({ state: reservationStateName((text(v, 'state') as ReservationState | undefined) ?? 'lapsed').toLowerCase() }),
    next: m.refusal_reservation_state_next(),
  }),
  'reservation.started': () => ({ what: m.refusal_reservation_started(), next: m.refusal_reservation_started_next() }),
  'reservation.offer_over': () => ({ what: m.refusal_offer_over(), next: m.refusal_offer_over_next() }),
  'series.partial': (v) => ({
    what: m.refusal_series_partial({ lawful: String(number(v, 'lawful') ?? 0), of: String(number(v, 'of') ?? 12) }),
    next: m.refusal_series_partial_next(),
  }),
  'draft.too_many': (v) => ({ what: m.refusal_drafts_too_many({ max: String(number(v, 'drafts_max') ?? 20) }), next: m.refusal_drafts_too_many_next() }),
  'reservation.own_agency': (v) => ({ what: m.refusal_own_agency(), next: v['delegate_of_another_agency'] === true ? m.refusal_own_agency_delegate() : m.refusal_own_agency_next() }),
  'fault.state': () => ({ what: m.refusal_fault_state(), next: m.refusal_fault_state_next() }),
  'maintenance.state': () => ({ what: m.refusal_maintenance_state(), next: m.refusal_maintenance_state_next() }),
  'maintenance.notice': (v) => ({ what: m.refusal_maintenance_notice(), next: m.refusal_maintenance_notice_next({ date: longDate(number(v, 'earliest_ms') ?? 0, locale.current) }) }),
  'decision.reason_missing': () => ({ what: m.refusal_reason_missing(), next: m.refusal_reason_missing_next() }),
  'block.ended': () => ({ what: m.refusal_block_ended(), next: m.refusal_block_ended_next() }),
  'displacement.settled': () => ({ what: m.refusal_displacement_settled(), next: m.refusal_displacement_settled_next() }),
  'site.exists': (v) => ({ what: m.refusal_site_exists({ name: text(v, 'short_name') ?? '' }), next: m.refusal_site_exists_next() }),
  'holiday.exists': () => ({ what: m.refusal_holiday_exists(), next: m.refusal_holiday_exists_next() }),
  'policy.infeasible': () => ({ what: m.refusal_policy_infeasible(), next: m.refusal_policy_infeasible_next() }),
  'policy.in_force': () => ({ what: m.refusal_policy_in_force(), next: m.refusal_policy_in_force_next() }),
  'decision.fields_missing': () => ({ what: m.refusal_fields_missing(), next: m.refusal_fields_missing_next() }),
  'decision.consent_missing': () => ({ what: m.refusal_consent_missing(), next: m.refusal_consent_missing_next() }),
  'delegation.unfit': (v) => ({ what: m.refusal_delegate_unfit(), next: UNFIT[text(v, 'why') ?? '']?.() ?? m.refusal_delegate_unfit_next() }),
  'override.second_person': () => ({ what: m.refusal_second_person(), next: m.refusal_second_person_next() }),
  'override.state': () => ({ what: m.refusal_override_state(), next: m.refusal_override_state_next() }),
  'condition.filed': () => ({ what: m.refusal_condition_filed(), next: m.refusal_condition_filed_next() }),
  'condition.too_early': () => ({ what: m.refusal_condition_too_early(), next: m.refusal_condition_too_early_next() }),
  'condition.signed': () => ({ what: m.refusal_condition_signed(), next: m.refusal_condition_signed_next() }),
  'photograph.unusable': (v) => ({
    what: text(v, 'reason') === 'pixels' ? m.refusal_photograph_pixels() : text(v, 'reason') === 'damaged' ? m.refusal_photograph_damaged() : m.refusal_photograph_format(),
    next: m.refusal_photograph_next(),
  }),
  'photograph.quota': (v) => ({ what: m.refusal_photograph_quota({ max: String(number(v, 'photographs_max') ?? 60) }), next: m.refusal_photograph_quota_next() }),

  'classification.too_high': (v) => ({
    what: m.refusal_classification_too_high({ classification: classificationOf(v, 'classification', 'RAHSIA') }),
    next: m.refusal_classification_too_high_next({ highest: classificationOf(v, 'highest_allowed', 'SULIT') }),
  }),
  'classification.lowered': () => ({ what: m.refusal_classification_lowered(), next: m.refusal_classification_lowered_next() }),
  'classification.security_functions_missing': () => ({ what: m.refusal_security_functions_missing(), next: m.refusal_security_functions_missing_next() }),
  'recording.forbidden': (v) => ({
    what: m.refusal_recording_forbidden({ classification: classificationOf(v, 'classification', 'SULIT') }),
    next: m.refusal_recording_forbidden_next(),
  }),
  'recording.running': () => ({ what: m.refusal_recording_running() }),
  'recording.not_running': () => ({ what: m.refusal_recording_not_running() }),
  'recording.failed': () => ({ what: m.refusal_recording_failed(), next: m.refusal_recording_failed_next() }),
  'meeting.not_listed': () => ({ what: m.refusal_not_listed(), next: m.refusal_not_listed_next() }),
  'meeting.window_closed': (v) => {
    const opens_ms = number(v, 'opens_at_ms');
    const closes_ms = number(v, 'closes_at_ms');
    const what = m.refusal_window_closed();
    if (opens_ms === undefined || closes_ms === undefined) return { what };
    return { what, next: m.refusal_window_closed_next({ opens: longDateTime(opens_ms, locale.current), closes: longDateTime(closes_ms, locale.current) }) };
  },
  'meeting.ended': () => ({ what: m.refusal_meeting_ended(), next: m.refusal_meeting_ended_next() }),

  'grant.malformed': () => grantAgain(m.refusal_grant_invalid()),
  'grant.signature': () => grantAgain(m.refusal_grant_invalid()),
  'grant.expired': () => grantAgain(m.refusal_grant_expired()),
  'grant.not_yet': () => grantAgain(m.refusal_grant_not_yet()),
  'grant.audience': () => grantAgain(m.refusal_grant_invalid()),
  'grant.room': () => grantAgain(m.refusal_grant_room()),
  'grant.used': () => grantAgain(m.refusal_grant_used()),
  'grant.stale': () => grantAgain(m.refusal_grant_expired()),
  'grant.revoked': () => grantAgain(m.refusal_grant_revoked()),
  'grant.proof': () => ({ what: m.panel_no_grant_proof(), next: m.panel_no_grant_proof_next() }),
  'room_system.present': (v, names) => ({ what: m.panel_no_room_present({ site: siteOf(v, names) }), next: m.panel_no_room_present_next() }),
  'act.forbidden': () => ({ what: m.refusal_act_forbidden(), next: m.refusal_act_forbidden_next() }),

  'device.unknown': () => ({ what: m.panel_no_device_unknown(), next: m.panel_no_device_unknown_next() }),
  'device.proof': () => ({ what: m.panel_no_device_proof(), next: m.panel_no_device_proof_next() }),
  'device.credential': () => ({ what: m.panel_no_device_credential(), next: m.panel_no_device_credential_next() }),
  'device.forbidden': () => ({ what: m.panel_no_device_forbidden(), next: m.panel_no_device_forbidden_next() }),
  'device.code': (v) => ({ what: m.panel_no_device_code(), next: m.panel_no_device_code_next({ tries: String(number(v, 'tries_left') ?? 0) }) }),
  'device.enrolment_state': () => ({ what: m.panel_no_device_state(), next: m.panel_no_device_state_next() }),
  'device.second_person': () => ({ what: m.panel_no_device_second(), next: m.panel_no_device_second_next() }),
  'device.full': (v) => ({ what: m.panel_no_device_full({ max: String(number(v, 'devices_max') ?? 8) }), next: m.panel_no_device_full_next() }),
  'check_in.time': (v) => ({
    what: m.panel_no_check_in_time(),
    next: m.panel_no_check_in_time_next({ from: timeOf(v, 'from_ms'), until: timeOf(v, 'until_ms') }),
  }),
  'check_in.settled': () => ({ what: m.panel_no_check_in_settled(), next: m.panel_no_check_in_settled_next() }),
  'check_in.no_show': () => ({ what: m.panel_no_no_show(), next: m.panel_no_no_show_next() }),
  'extension.taken': (v, names) => ({
    what: m.panel_no_extension_taken({ site: siteOf(v, names) }),
    next: m.panel_no_extension_taken_next({ until: timeOf(v, 'free_until_ms') }),
  }),
  'extension.too_long': (v) => ({ what: m.panel_no_extension_long(), next: m.panel_no_extension_long_next({ max: String(number(v, 'minutes_max') ?? 60) }) }),
  'extension.time': () => ({ what: m.panel_no_extension_time(), next: m.panel_no_extension_time_next() }),

  'signal.version': () => ({ what: m.refusal_signal(), next: m.refusal_signal_next() }),
  'signal.malformed': () => ({ what: m.refusal_signal(), next: m.refusal_signal_next() }),
  'signal.too_large': () => ({ what: m.refusal_signal(), next: m.refusal_signal_next() }),
  'signal.out_of_order': () => ({ what: m.refusal_signal(), next: m.refusal_signal_next() }),
  'resume.unknown': () => ({ what: m.refusal_resume_unknown(), next: m.refusal_resume_next() }),
  'resume.offer_required': () => ({ what: m.refusal_resume_unknown(), next: m.refusal_resume_next() }),
  'offer.unacceptable': () => ({ what: m.refusal_offer_unacceptable(), next: m.refusal_offer_unacceptable_next() }),
  'meeting.locked': () => ({ what: m.refusal_meeting_locked(), next: m.refusal_meeting_locked_next() }),
  'lobby.denied': (v) => ({ what: m.refusal_lobby_denied(), next: m.refusal_lobby_denied_next({ seconds: String(number(v, 'retry_after_s') ?? 60) }) }),
  'lobby.full': () => ({ what: m.refusal_lobby_full(), next: m.refusal_lobby_full_next() }),
  'meeting.guests_forbidden': (v) => ({ what: m.refusal_guests_forbidden({ classification: classificationOf(v, 'classification', 'TERHAD') }), next: m.refusal_guests_forbidden_next() }),
  'chat.text': (v) => ({ what: m.refusal_chat_text(), next: m.refusal_chat_text_next({ max: String(number(v, 'bytes_max') ?? 2000) }) }),
  'poll.unusable': (v) => ({ what: m.refusal_poll_unusable(), next: m.refusal_poll_unusable_next({ max: String(number(v, 'choices_max') ?? 10) }) }),
  'poll.open': () => ({ what: m.refusal_poll_open(), next: m.refusal_poll_open_next() }),
  'poll.closed': () => ({ what: m.refusal_poll_closed() }),
  'poll.voted': () => ({ what: m.refusal_poll_voted(), next: m.refusal_poll_voted_next() }),
  'floor.open': () => ({ what: m.refusal_floor_open(), next: m.refusal_floor_open_next() }),
  'co_host.unfit': () => ({ what: m.refusal_co_host_unfit(), next: m.refusal_co_host_unfit_next() }),
  'breakout.unusable': (v) => ({ what: m.refusal_breakout_unusable(), next: m.refusal_breakout_unusable_next({ rooms: String(number(v, 'rooms_max') ?? 20) }) }),
  'breakout.open': () => ({ what: m.refusal_breakouts_open(), next: m.refusal_breakouts_open_next() }),
  'breakout.closed': () => ({ what: m.refusal_breakouts_closed(), next: m.refusal_breakouts_closed_next() }),
  'breakout.assigned': () => ({ what: m.refusal_breakout_assigned(), next: m.refusal_breakout_assigned_next() }),
  'breakout.elsewhere': () => ({ what: m.refusal_breakout_elsewhere(), next: m.refusal_breakout_elsewhere_next() }),
  'guest.name': (v) => ({ what: m.refusal_guest_name(), next: (GUEST_NAME[text(v, 'why') ?? ''] ?? (() => m.refusal_guest_name_empty()))(String(number(v, 'chars_max') ?? 80)) }),
  'guest.too_many': (v) => ({ what: m.refusal_guests_too_many({ max: String(number(v, 'guests_max') ?? 50) }), next: m.refusal_guests_too_many_next() }),
  'guest.exists': () => ({ what: m.refusal_guest_exists(), next: m.refusal_guest_exists_next() }),
  'invitation.unknown': () => ({ what: m.refusal_invitation_unknown(), next: m.refusal_invitation_unknown_next() }),
  'room.full': () => ({ what: m.refusal_room_full(), next: m.refusal_room_full_next() }),
  'node.draining': () => ({ what: m.refusal_node_draining(), next: m.refusal_node_draining_next() }),
  'participant.unknown': () => ({ what: m.refusal_participant_unknown() }),
};

/** A newer server may know codes that this client does not: it then says the code. */
export function sentenceOf(refusal: Refusal, names: Names = {}): Sentence {
  const make = Object.hasOwn(SENTENCES, refusal.code) ? SENTENCES[refusal.code] : undefined;
  return make ? make(refusal.values, names) : { what: m.refusal_unknown({ code: refusal.code }) };
}

export type Slot = { starts_at_ms: number; ends_at_ms: number };
/** More would be a list to search, not a help. */
const ALTERNATIVES_MAX = 6;

/** The nearest lawful times that a refusal carries. */
export function alternativesOf(values: Values): Slot[] {
  const list = values['alternatives'];
  if (!Array.isArray(list)) return [];
  return list
    .filter((it): it is Slot => typeof it === 'object' && it !== null && typeof it.starts_at_ms === 'number' && typeof it.ends_at_ms === 'number')
    .slice(0, ALTERNATIVES_MAX);
}

export const ALL_CODES = Object.keys(SENTENCES) as Code[];
