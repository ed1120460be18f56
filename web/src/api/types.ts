/** What the control plane says and takes, by the names of its documentation. */
import type { Classification } from '@/signal/wire/Classification';
import type { RecordedTrack } from '@/signal/wire/RecordedTrack';
import type { Rule } from '@/signal/wire/Rule';
import type { Seat } from '@/signal/wire/Seat';
import type { Role as MeetingRole } from '@/signal/wire/Role';
import type { Refusal } from '@/signal/wire/Refusal';

export type { Classification, MeetingRole, RecordedTrack, Refusal, Rule, Seat };

export type PersonRole = 'officer' | 'uc_administrator' | 'approver' | 'facilitator' | 'auditor' | 'system_administrator';

export type AgencyRef = { id: string; name: string; short_name: string };
export type Agency = AgencyRef & { is_central: boolean };
export type PersonRef = { id: string; name: string; position?: string | null; agency: AgencyRef };

export type Me = {
  id: string;
  name: string;
  email: string;
  language: 'ms' | 'en';
  agency: Agency;
  roles: PersonRole[];
  sites: string[];
  password_change_required: boolean;
};
export type SessionAnswer = { person: Me; csrf_token: string };

export type NewPerson = { name: string; email: string; position: string; agency: string; roles: PersonRole[]; sites: string[] };
export type PersonCreated = { person: PersonRef; temporary_password: string };

export type Equipment = { id: string; name: string; kind: string; critical: boolean };
export type SiteRef = { id: string; name: string; short_name: string };
export type Site = SiteRef & {
  city: string;
  seats: number;
  time_zone: string;
  opens_minute: number;
  closes_minute: number;
  equipment: Equipment[];
};

export type OccupancyState = 'held' | 'approved' | 'in_use' | 'blocked';
export type Occupancy = { site: string; starts_at_ms: number; ends_at_ms: number; state: OccupancyState; mine: boolean; title?: string | null };

export type DraftSite = { site: string; people: string[] };
export type ReservationDraft = {
  title: string;
  purpose: string;
  official: boolean;
  classification: Classification;
  sites: DraftSite[];
  starts_at_ms: number;
  ends_at_ms: number;
  chair: string;
  contact?: string;
  needs?: string;
};
export type Verdict = { lawful: boolean; refusals: Refusal[]; earliest_date: string; lawful_until_ms: number; days_before_use: number };

export type ReservationState = 'submitted' | 'approved' | 'refused' | 'withdrawn' | 'lapsed';
export type ReservationAct = 'decide' | 'withdraw' | 'join' | 'file_condition' | 'report_fault';
export type RefusalReason = 'purpose_unclear' | 'not_official' | 'room_needed' | 'documents_missing' | 'other';
export type ReservationSite = {
  site: SiteRef;
  people: { person: PersonRef; seat_no: number }[];
  condition?: { id: string; filed_at_ms: number; sound: boolean } | null;
};
export type Decision = { decision: 'approve' | 'refuse'; by: PersonRef; at_ms: number; reason_code?: RefusalReason | null; reason?: string | null };
export type HistoryRow = { at_ms: number; act: string; by?: string | null; rule?: Rule | null };
export type Reservation = {
  id: string;
  reference: string;
  title: string;
  purpose: string;
  classification: Classification;
  state: ReservationState;
  agency: AgencyRef;
  applicant: PersonRef;
  chair: PersonRef;
  contact?: string | null;
  needs?: string | null;
  sites: ReservationSite[];
  starts_at_ms: number;
  ends_at_ms: number;
  received_at_ms: number;
  lawful_until_ms: number;
  days_before_use: number;
  decision?: Decision | null;
  meeting?: string | null;
  history: HistoryRow[];
  may: ReservationAct[];
};
export type ReservationView = 'agency' | 'to_decide' | 'site' | 'mine';

export type ConditionPoint = 'camera' | 'microphone' | 'display' | 'sound' | 'furniture' | 'cleanliness';
export type PointFinding = { point: ConditionPoint; sound: boolean; note?: string | null };
export type Condition = {
  id: string;
  reservation: string;
  site: string;
  points: PointFinding[];
  note?: string | null;
  filed_by: PersonRef | string;
  filed_at_ms: number;
};
export type ConditionDue = { reservation: { id: string; reference: string; title: string }; site: string; ended_at_ms: number };
export type Conditions = { conditions: Condition[]; due: ConditionDue[] };

export type Severity = 's1' | 's2' | 's3' | 's4';
export type FaultState = 'open' | 'in_work' | 'mended';
export type NewFault = { site: string; equipment?: string; reservation?: string; severity: Severity; description: string };
export type Fault = {
  id: string;
  reference: string;
  site: string;
  equipment?: string | null;
  severity: Severity;
  description: string;
  state: FaultState;
  reported_by: PersonRef;
  reported_at_ms: number;
};

export type MeetingState = 'scheduled' | 'open' | 'ended';
export type MeetingAct = 'join' | 'record' | 'end' | 'view_recordings';
export type MeetingPerson = { person: PersonRef; role: MeetingRole; seat?: Seat | null };
export type Meeting = {
  id: string;
  title: string;
  classification: Classification;
  kind: 'online' | 'telepresence';
  reservation?: string | null;
  host: PersonRef;
  people: MeetingPerson[];
  opens_at_ms: number;
  starts_at_ms: number;
  ends_at_ms: number;
  closes_at_ms: number;
  state: MeetingState;
  present: number;
  lacks: Rule[];
  may: MeetingAct[];
};
export type NewMeeting = { title: string; classification: Classification; starts_at_ms: number; ends_at_ms: number; people: string[] };
export type Grant = { token: string; expires_at_ms: number; signal_url: string };

export type RecordingState = 'running' | 'kept' | 'sealed' | 'failed';
export type Recording = { id: string; started_at_ms: number; duration_ms?: number | null; by: string; state: RecordingState; tracks: RecordedTrack[] };
export type RecordingView = { token: string; media_url: string };

export type AuditRow = {
  id: string;
  at_ms: number;
  act: string;
  person?: PersonRef | null;
  on_behalf_of?: AgencyRef | null;
  object_kind: string;
  object_id: string;
  rule?: Rule | null;
  outcome: 'done' | 'refused';
  details: Record<string, unknown>;
};
export type AuditPage = { rows: AuditRow[]; next?: string | null };
export type AuditFilter = { before?: string; limit?: number; act?: string; rule?: string; person?: string };
