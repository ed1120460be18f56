/** The words for acts in a history or in the audit trail. The server may name acts that have none here: they are then shown as they are. */
import { m } from '@/paraglide/messages';

const ACTS: Record<string, () => string> = {
  'reservation.submitted': () => m.act_reservation_submitted(),
  'reservation.submit': () => m.act_reservation_submitted(),
  'reservation.approved': () => m.act_reservation_approved(),
  'reservation.approve': () => m.act_reservation_approved(),
  'reservation.refused': () => m.act_reservation_refused(),
  'reservation.refuse': () => m.act_reservation_refused(),
  'reservation.withdrawn': () => m.act_reservation_withdrawn(),
  'reservation.withdraw': () => m.act_reservation_withdrawn(),
  'reservation.lapsed': () => m.act_reservation_lapsed(),
  'meeting.created': () => m.act_meeting_created(),
  'meeting.create': () => m.act_meeting_created(),
  'meeting.opened': () => m.act_meeting_opened(),
  'meeting.ended': () => m.act_meeting_ended(),
  'grant.minted': () => m.act_grant_minted(),
  'grant.mint': () => m.act_grant_minted(),
  'session.joined': () => m.act_session_joined(),
  'session.left': () => m.act_session_left(),
  'recording.started': () => m.act_recording_started(),
  'recording.stopped': () => m.act_recording_stopped(),
  'recording.refused': () => m.act_recording_refused(),
  'recording.sealed': () => m.act_recording_sealed(),
  'recording.viewed': () => m.act_recording_viewed(),
  'condition.filed': () => m.act_condition_filed(),
  'condition.file': () => m.act_condition_filed(),
  'fault.reported': () => m.act_fault_reported(),
  'fault.report': () => m.act_fault_reported(),
  'person.created': () => m.act_person_created(),
  'person.create': () => m.act_person_created(),
  'session.created': () => m.act_sign_in(),
  'sign_in': () => m.act_sign_in(),
  'sign_in.failed': () => m.act_sign_in_failed(),
  'sign_out': () => m.act_sign_out(),
  'password.changed': () => m.act_password_changed(),
  'password.change': () => m.act_password_changed(),
  'classification.raised': () => m.act_classification_raised(),
};

export function actName(act: string): string {
  return Object.hasOwn(ACTS, act) ? (ACTS[act]?.() ?? act) : act;
}
