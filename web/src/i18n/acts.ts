/** The words for acts in a history or in the audit trail. The server may name acts that have none here: they are then shown as they are. */
import { m } from '@/paraglide/messages';

const ACTS: Record<string, () => string> = {
  'reservation.apply': () => m.act_reservation_submitted(),
  'reservation.approve': () => m.act_reservation_approved(),
  'reservation.refuse': () => m.act_reservation_refused(),
  'reservation.return': () => m.act_reservation_returned(),
  'reservation.resubmit': () => m.act_reservation_resubmitted(),
  'reservation.override_ask': () => m.act_override_asked(),
  'reservation.override_confirm': () => m.act_override_confirmed(),
  'reservation.override_decline': () => m.act_override_declined(),
  'reservation.override_use': () => m.act_override_used(),
  'reservation.consent_ask': () => m.act_consent_asked(),
  'reservation.consent_give': () => m.act_consent_given(),
  'reservation.consent_withhold': () => m.act_consent_withheld(),
  'override.ask': () => m.act_override_asked(),
  'override.confirm': () => m.act_override_confirmed(),
  'override.decline': () => m.act_override_declined(),
  'override.use': () => m.act_override_used(),
  'override.record': () => m.act_override_used(),
  'consent.ask': () => m.act_consent_asked(),
  'consent.answer': () => m.act_consent_answered(),
  'decision.remind': () => m.act_decision_reminded(),
  'delegation.make': () => m.act_delegation_made(),
  'delegation.end': () => m.act_delegation_ended(),
  'reservation.withdraw': () => m.act_reservation_withdrawn(),
  'reservation.lapse': () => m.act_reservation_lapsed(),
  'reservation.displace': () => m.act_reservation_displaced(),
  'reservation.resite': () => m.act_reservation_resited(),
  'reservation.go_online': () => m.act_reservation_online(),
  'reservation.restore': () => m.act_reservation_restored(),
  'meeting.create': () => m.act_meeting_created(),
  'meeting.end': () => m.act_meeting_ended(),
  'meeting.remove_person': () => m.act_meeting_remove_person(),
  'meeting.raise_classification': () => m.act_classification_raised(),
  'grant.mint': () => m.act_grant_minted(),
  'recording.start': () => m.act_recording_started(),
  'recording.stop': () => m.act_recording_stopped(),
  'recording.view': () => m.act_recording_viewed(),
  'condition.file': () => m.act_condition_filed(),
  'fault.report': () => m.act_fault_reported(),
  'reservation.flag': () => m.act_reservation_flagged(),
  'reservation.unflag': () => m.act_reservation_unflagged(),
  'site.create': () => m.act_site_created(),
  'site.amend': () => m.act_site_amended(),
  'holiday.add': () => m.act_holiday_added(),
  'holiday.amend': () => m.act_holiday_amended(),
  'holiday.remove': () => m.act_holiday_removed(),
  'holiday.year': () => m.act_holiday_year(),
  'holiday.weekend': () => m.act_holiday_weekend(),
  'policy.create': () => m.act_policy_created(),
  'policy.withdraw': () => m.act_policy_withdrawn(),
  'mail.read': () => m.act_mail_read(),
  'mail.resend': () => m.act_mail_resent(),
  'feed.create': () => m.act_feed_created(),
  'feed.revoke': () => m.act_feed_revoked(),
  'person.create': () => m.act_person_created(),
  'agency.want_use': () => m.act_agency_want_use(),
  'agency.create': () => m.act_agency_created(),
  'session.open': () => m.act_sign_in(),
  'session.close': () => m.act_sign_out(),
  'password.change': () => m.act_password_changed(),
};

/** The history of a reservation names its acts without saying what they are of. */
export function actName(act: string, of = ''): string {
  const key = Object.hasOwn(ACTS, act) ? act : `${of}.${act}`;
  return ACTS[key]?.() ?? act;
}

/** The acts that a person can look for. */
export const KNOWN_ACTS: readonly string[] = Object.keys(ACTS);
