/** The words for the values that the server sends. A value without a word does not compile. */
import type {
  Classification,
  ConditionPoint,
  FaultState,
  MeetingRole,
  MeetingState,
  PersonRole,
  RecordingState,
  RefusalReason,
  ReservationState,
  Severity,
} from '@/api/types';
import { m } from '@/paraglide/messages';

type Words<K extends string> = Record<K, () => string>;
/** The word, or the value itself where a newer server sends one that is not known here. */
function word<K extends string>(words: Words<K>, value: K): string {
  return Object.hasOwn(words, value) ? words[value]() : value;
}

const ROLES: Words<PersonRole> = {
  officer: () => m.role_officer(),
  uc_administrator: () => m.role_uc_administrator(),
  approver: () => m.role_approver(),
  facilitator: () => m.role_facilitator(),
  auditor: () => m.role_auditor(),
  system_administrator: () => m.role_system_administrator(),
};
export const roleName = (it: PersonRole): string => word(ROLES, it);

const CLASSIFICATIONS: Words<Classification> = {
  TERBUKA: () => m.class_terbuka(),
  TERHAD: () => m.class_terhad(),
  SULIT: () => m.class_sulit(),
  RAHSIA: () => m.class_rahsia(),
  RAHSIA_BESAR: () => m.class_rahsia_besar(),
};
export const classificationName = (it: Classification): string => word(CLASSIFICATIONS, it);

const PERMITS: Words<Classification> = {
  TERBUKA: () => m.class_terbuka_permits(),
  TERHAD: () => m.class_terhad_permits(),
  SULIT: () => m.class_sulit_permits(),
  RAHSIA: () => m.class_rahsia_permits(),
  RAHSIA_BESAR: () => m.class_rahsia_permits(),
};
export const classificationPermits = (it: Classification): string => word(PERMITS, it);

const RESERVATION_STATES: Words<ReservationState> = {
  submitted: () => m.state_submitted(),
  approved: () => m.state_approved(),
  refused: () => m.state_refused(),
  withdrawn: () => m.state_withdrawn(),
  lapsed: () => m.state_lapsed(),
  returned: () => m.state_returned(),
  displaced: () => m.state_displaced(),
  waiting: () => m.state_waiting(),
  offered: () => m.state_offered(),
};
export const reservationStateName = (it: ReservationState): string => word(RESERVATION_STATES, it);

const MEETING_STATES: Words<MeetingState> = {
  scheduled: () => m.meeting_scheduled(),
  open: () => m.meeting_open(),
  ended: () => m.meeting_ended(),
};
export const meetingStateName = (it: MeetingState): string => word(MEETING_STATES, it);

const MEETING_ROLES: Words<MeetingRole> = {
  host: () => m.meeting_role_host(),
  co_host: () => m.meeting_role_co_host(),
  member: () => m.meeting_role_member(),
  guest: () => m.meeting_role_guest(),
};
export const meetingRoleName = (it: MeetingRole): string => word(MEETING_ROLES, it);

const SEVERITIES: Words<Severity> = { s1: () => m.severity_s1(), s2: () => m.severity_s2(), s3: () => m.severity_s3(), s4: () => m.severity_s4() };
export const severityName = (it: Severity): string => word(SEVERITIES, it);

const FAULT_STATES: Words<FaultState> = { open: () => m.fault_open(), assigned: () => m.fault_assigned(), in_work: () => m.fault_in_work(), waiting: () => m.fault_waiting(), mended: () => m.fault_mended(), closed: () => m.fault_closed() };
export const faultStateName = (it: FaultState): string => word(FAULT_STATES, it);

const POINTS: Words<ConditionPoint> = {
  camera: () => m.point_camera(),
  microphone: () => m.point_microphone(),
  display: () => m.point_display(),
  sound: () => m.point_sound(),
  furniture: () => m.point_furniture(),
  cleanliness: () => m.point_cleanliness(),
};
export const pointName = (it: ConditionPoint): string => word(POINTS, it);

const REASONS: Words<RefusalReason> = {
  purpose_unclear: () => m.reason_purpose_unclear(),
  not_official: () => m.reason_not_official(),
  room_needed: () => m.reason_room_needed(),
  documents_missing: () => m.reason_documents_missing(),
  consent_withheld: () => m.reason_consent_withheld(),
  not_put_right: () => m.reason_not_put_right(),
  other: () => m.reason_other(),
};
export const reasonName = (it: RefusalReason): string => word(REASONS, it);

const RECORDINGS: Words<RecordingState> = {
  running: () => m.recording_running(),
  kept: () => m.recording_kept(),
  sealed: () => m.recording_sealed(),
  failed: () => m.recording_failed(),
};
export const recordingStateName = (it: RecordingState): string => word(RECORDINGS, it);
