/** What a notice says. A kind without a sentence does not compile; what is classified has a reference and a time, and no more. */
import type { Notice, NoticeKind } from '@/api/types';
import { dayStart, listOf, longDateTime, mediumDate, mediumDateTime, time, timeRange, shortDate } from '@/i18n/format';
import type { Locale } from '@/i18n/locale.svelte';
import { faultStateName, reasonName } from '@/i18n/names';
import { m } from '@/paraglide/messages';

/** What sentences may name. A sentence names only what its kind has. */
type Facts = { what: string; site: string; until: string; since: string; agency: string; fault: string; state: string; confirmed: boolean; lender: string; from: string; to: string; accepted: string; occurrences: string; cause: string; outcome: string; overdue: boolean };
type About = Extract<Notice, { about: unknown }>['about'];
type Event = Extract<Notice, { event: unknown }>['event'];

const SENTENCES: Record<NoticeKind, (facts: Facts) => string> = {
  application_received: (it) => m.notice_application_received(it),
  application_returned: (it) => m.notice_application_returned(it),
  approved: (it) => m.notice_approved(it),
  refused: (it) => m.notice_refused(it),
  hold_expiring: (it) => m.notice_hold_expiring(it),
  lapsed: (it) => m.notice_lapsed(it),
  withdrawn: (it) => m.notice_withdrawn(it),
  displaced: (it) => m.notice_displaced(it),
  room_settled: settled,
  flagged: (it) => m.notice_flagged(it),
  waiting_list_offer: (it) => m.notice_waiting_list_offer(it),
  decision_reminder: (it) => m.notice_decision_reminder(it),
  decision_escalated: (it) => m.notice_decision_escalated(it),
  check_in_warning: (it) => m.notice_check_in_warning(it),
  no_show: (it) => m.notice_no_show(it),
  condition_overdue: (it) => m.notice_condition_overdue(it),
  fault_reported: (it) => m.notice_fault_reported(it),
  fault_assigned: (it) => m.notice_fault_assigned(it),
  fault_changed: (it) => m.notice_fault_changed(it),
  fault_due: (it) => (it.overdue ? m.notice_fault_overdue(it) : m.notice_fault_due(it)),
  fault_affects: (it) => m.notice_fault_affects(it),
  maintenance_planned: (it) => m.notice_maintenance_planned(it),
  override_asked: (it) => m.notice_override_asked(it),
  override_decided: (it) => (it.confirmed ? m.notice_override_confirmed(it) : m.notice_override_declined(it)),
  consent_asked: (it) => m.notice_consent_asked(it),
  consent_withheld: (it) => m.notice_consent_withheld(it),
  slot_lost: (it) => m.notice_slot_lost(it),
  delegation_made: (it) => m.notice_delegation_made(it),
  series_result: (it) => m.notice_series_result(it),
  invited: (it) => m.notice_invited(it),
  invitation_changed: (it) => m.notice_invitation_changed(it),
  invitation_cancelled: (it) => m.notice_invitation_cancelled(it),
};

function settled(it: Facts): string {
  if (it.outcome === 'resited') return m.notice_resited(it);
  return it.outcome === 'online' ? m.notice_joins_online(it) : m.notice_room_restored(it);
}

/** How it looks beside the sentence. */
export const TONES: Record<NoticeKind, 'neutral' | 'success' | 'warning' | 'danger'> = {
  application_received: 'neutral',
  application_returned: 'warning',
  approved: 'success',
  refused: 'danger',
  hold_expiring: 'warning',
  lapsed: 'danger',
  withdrawn: 'neutral',
  displaced: 'danger',
  room_settled: 'success',
  flagged: 'warning',
  waiting_list_offer: 'success',
  decision_reminder: 'warning',
  decision_escalated: 'warning',
  check_in_warning: 'warning',
  no_show: 'warning',
  condition_overdue: 'warning',
  fault_reported: 'warning',
  fault_assigned: 'neutral',
  fault_changed: 'neutral',
  fault_due: 'warning',
  fault_affects: 'warning',
  maintenance_planned: 'neutral',
  override_asked: 'warning',
  override_decided: 'neutral',
  consent_asked: 'warning',
  consent_withheld: 'danger',
  slot_lost: 'danger',
  delegation_made: 'neutral',
  series_result: 'neutral',
  invited: 'neutral',
  invitation_changed: 'warning',
  invitation_cancelled: 'danger',
};

const named = (it: { reference?: string | null; title?: string | null }): string =>
  [it.reference, it.title && `“${it.title}”`].filter(Boolean).join(' ') || m.notice_a_meeting();
const when = (from_ms: number, to_ms: number, locale: Locale): string => `${shortDate(from_ms, locale)}, ${timeRange(from_ms, to_ms, locale)}`;

/** A civil day, or the text itself where it is none. */
function dateName(iso: string, locale: Locale): string {
  const at = dayStart(iso);
  return at === null ? iso : mediumDate(at, locale);
}

function causeName(it: 'fault' | 'maintenance' | 'closure'): string {
  if (it === 'fault') return m.notice_cause_fault();
  return it === 'maintenance' ? m.notice_cause_maintenance() : m.notice_cause_closure();
}

function until(notice: Notice, locale: Locale): string {
  if ('expires_at_ms' in notice) return mediumDateTime(notice.expires_at_ms, locale);
  if ('until_ms' in notice) return mediumDateTime(notice.until_ms, locale);
  if ('due_at_ms' in notice) return mediumDateTime(notice.due_at_ms, locale);
  if ('release_at_ms' in notice) return time(notice.release_at_ms);
  return '';
}

function factsOf(notice: Notice, locale: Locale): Facts {
  const about: About | undefined = 'about' in notice ? notice.about : undefined;
  const event: Event | undefined = 'event' in notice ? notice.event : undefined;
  const fault = 'fault' in notice ? notice.fault : undefined;
  const site = 'site' in notice ? notice.site : undefined;
  return {
    what: named(about ?? event ?? {}),
    site: site?.name ?? fault?.site.name ?? '',
    until: until(notice, locale),
    since: 'received_at_ms' in notice ? longDateTime(notice.received_at_ms, locale) : '',
    agency: 'agency' in notice ? notice.agency : 'exception' in notice ? notice.exception.agency : '',
    fault: fault ? [fault.reference, fault.equipment].filter(Boolean).join(', ') : '',
    state: 'state' in notice ? faultStateName(notice.state).toLowerCase() : '',
    confirmed: 'confirmed' in notice && notice.confirmed,
    lender: 'lender' in notice ? notice.lender : '',
    from: 'from' in notice ? dateName(notice.from, locale) : '',
    to: 'to' in notice ? dateName(notice.to, locale) : '',
    accepted: 'accepted' in notice ? String(notice.accepted) : '',
    occurrences: 'occurrences' in notice ? String(notice.occurrences) : '',
    cause: 'cause' in notice ? causeName(notice.cause) : '',
    outcome: 'outcome' in notice ? notice.outcome : '',
    overdue: 'overdue' in notice && notice.overdue,
  };
}

/** The sentence, and beneath it when and where, and why. */
export function said(notice: Notice, locale: Locale): { sentence: string; facts: string[] } {
  const known = Object.hasOwn(SENTENCES, notice.kind);
  const spans = 'about' in notice ? notice.about : 'event' in notice ? notice.event : 'exception' in notice ? notice.exception : 'starts_at_ms' in notice ? notice : undefined;
  const sites = 'about' in notice ? notice.about.sites : 'event' in notice ? (notice.event.sites ?? []).map((it) => it.name) : [];
  const code = 'reason_code' in notice && notice.reason_code ? reasonName(notice.reason_code) : '';
  const reason = 'reason' in notice ? [code, notice.reason].filter(Boolean).join('. ') : '';
  return {
    sentence: known ? SENTENCES[notice.kind](factsOf(notice, locale)) : m.notice_unknown(),
    facts: [spans && when(spans.starts_at_ms, spans.ends_at_ms, locale), sites && listOf(sites, locale), reason && m.notice_reason({ reason })].filter((it): it is string => !!it),
  };
}
