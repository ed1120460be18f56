/** What the control plane says and takes, named for the pages. The shapes are those of the server's own document (`schema.d.ts`). */
import type { components, operations } from './schema';
import type { Refusal } from '@/signal/wire/Refusal';
import type { RecordedTrack } from '@/signal/wire/RecordedTrack';

type Schemas = components['schemas'];

export type { RecordedTrack, Refusal };
export type Classification = Schemas['Classification'];
export type Rule = Schemas['Rule'];
export type Seat = Schemas['Seat'];
export type MeetingRole = Schemas['Role'];
export type PersonRole = Schemas['PersonRole'];

export type AgencyRef = Schemas['AgencyShort'];
export type PersonRef = Schemas['PersonRef'];
export type Me = Schemas['Me'];
export type SessionAnswer = Schemas['Session'];
export type NewPerson = Schemas['NewPerson'];
export type PersonCreated = Schemas['CreatedPerson'];

export type HistoryAct = Schemas['HistoryAct'];
export type Equipment = Schemas['Equipment'];
export type Site = Schemas['Site'];
export type Region = Schemas['Region'];
export type Wheelchair = Site['rooms'][number]['wheelchair'];
export type RoomDraft = Schemas['RoomDraft'];
export type SiteDraft = Schemas['SiteDraft'];
export type SiteEdit = Schemas['SiteEdit'];
export type SiteDetail = Schemas['SiteDetail'];
export type FacilitatorOf = Schemas['FacilitatorOf'];
export type Affected = Schemas['Affected'];
export type Holiday = Schemas['Holiday'];
export type HolidayChange = Schemas['HolidayChange'];
export type HolidayChangeRequest = Schemas['ChangeRequest'];
export type Terms = Schemas['Terms'];
export type PolicyDraft = Schemas['PolicyDraft'];
export type PolicyVersion = Schemas['PolicyVersion'];
export type Finding = Schemas['Finding'];
export type Replay = Schemas['Replay'];
export type Bound = Replay['by_bound'][number]['bound'];
export type Availability = Schemas['Availability'];
export type DayFlag = Schemas['DayFlag'];
export type SlotSearch = Schemas['SearchRequest'];
export type SlotAnswer = Schemas['SearchAnswer'];
export type FoundSlot = Schemas['Found'];

export type ReservationDraft = Schemas['Draft'];
/** The refusals of a verdict are those of `wire`: their values are never absent. */
export type Verdict = Omit<Schemas['Verdict'], 'refusals'> & { refusals: Refusal[] };
export type Reservation = Schemas['Reservation'];
export type ReservationState = Reservation['state'];
export type Withdrawal = { reason?: string; scope?: Scope };
export type Following = Omit<Schemas['FollowingVerdict'], 'refusals'> & { refusals: Refusal[] };
export type Amendment = Omit<Schemas['AmendmentVerdict'], 'refusals' | 'occurrences'> & { refusals: Refusal[]; occurrences: Following[] };
/** Of a series: one date, or it and those after it. */
export type Scope = 'this' | 'this_and_following';
/** What is left out is not written yet. */
export type DraftContent = Partial<Schemas['DraftContent']>;
export type { Schemas };
export type SeriesAsked = Schemas['SeriesRequest'];
export type SavedDraft = Schemas['SavedDraft'];
export type Occurrence = Omit<Schemas['OccurrenceVerdict'], 'refusals'> & { refusals: Refusal[] };
export type SeriesVerdict = Omit<Schemas['SeriesVerdict'], 'occurrences'> & { occurrences: Occurrence[] };
export type ReservationView = operations['get_api_v1_reservations']['parameters']['query']['view'];
export type RefusalReason = Schemas['ReasonCode'];
export type Decision = Schemas['Answer'];
export type DecisionKind = Decision['decision'];
export type ReturnField = Schemas['Field'];
export type QueueRow = Schemas['QueueRow'];
export type QueueView = operations['get_api_v1_decisions']['parameters']['query']['view'];
export type ConsentState = QueueRow['consent'];
/** The hindrances are refusals of `wire`: their values are never absent. */
export type Dossier = Omit<Schemas['Dossier'], 'hindrances'> & { hindrances: Refusal[] };
export type Rival = Schemas['Rival'];
export type ConsentRow = Schemas['ConsentRow'];
export type Consent = Schemas['ConsentBody'];
export type Delegation = Schemas['DelegationRow'];
export type NewDelegation = Schemas['DelegationWish'];
export type Override = Schemas['Override'];
export type Exemption = Schemas['Exemption'];
export type NewOverride = Schemas['OverrideWish'];
export type OverrideAnswer = Schemas['OverrideAnswer'];
export type HistoryRow = Schemas['HistoryRow'];

export type ConditionPoint = Schemas['Point'];
export type PointFinding = Schemas['PointDraft'];
export type Condition = Schemas['Condition'];
export type ConditionSignature = Schemas['SignatureDraft'];
export type PhotographRef = Schemas['PhotographRef'];

export type EquipmentItem = Schemas['EquipmentItem'];
export type EquipmentDraft = Schemas['EquipmentDraft'];
export type EquipmentPage = Schemas['EquipmentPage'];
export type EquipmentKind = Schemas['EquipmentKind'];
export type Criticality = Schemas['Criticality'];
export type EquipmentState = EquipmentItem['state'];
export type EquipmentAct = EquipmentPage['history'][number]['act'];
export type NewEquipment = Schemas['NewEquipment'];
export type AmendedEquipment = Schemas['AmendedEquipment'];

export type ConditionDraft = Schemas['ConditionDraft'];
export type Severity = Schemas['Severity'];
export type FaultState = Schemas['FaultState'];
export type NewFault = Schemas['FaultDraft'];
export type Fault = Schemas['Fault'];
export type FaultEvent = Schemas['FaultEvent'];
export type FaultEventKind = Schemas['EventKind'];
export type FaultTargets = Schemas['FaultTargets'];
export type FaultAct = Schemas['FaultAct'];
export type FaultOutcome = Schemas['FaultOutcome'];
export type FaultWaitsFor = Schemas['WaitsFor'];
export type MetBooking = Schemas['MetBooking'];
export type DisplacedChoice = Schemas['Choice'];
export type Maintenance = Schemas['Maintenance'];
export type MaintenanceDraft = Schemas['MaintenanceDraft'];
export type MaintenanceAct = Schemas['MaintenanceAct'];
export type MaintenanceState = Schemas['MaintenanceState'];
export type WorkOutcome = Schemas['WorkOutcome'];

export type CodeEntered = Schemas['CodeEntered'];
export type DeviceKind = CodeEntered['kind'];

export type Schedule = Schemas['Schedule'];
export type ScheduledUse = Schemas['ScheduledUse'];
export type Block = Schemas['Block'];
export type Enrolment = Schemas['EnrolmentShown'];
export type EnrolmentStanding = Schemas['EnrolmentStanding'];

export type Meeting = Schemas['Meeting'];
export type MeetingState = Meeting['state'];
export type NewMeeting = Schemas['MeetingDraft'];
export type Grant = Schemas['GrantAnswer'];
export type PresenceState = Schemas['Presence']['state'];
export type PresenceSaid = NonNullable<Schemas['OwnPresence']['state']>;
export type Attendance = Schemas['Attendance'];
export type Stay = Schemas['Stay'];
export type Recording = Schemas['Recording'];
export type RecordingState = Schemas['RecordingState'];

export type Told = Schemas['Told'];
export type Notice = Schemas['Notice'];
export type NoticeKind = Notice['kind'];
export type Mail = Schemas['Mail'];
export type Mails = Schemas['Mails'];
export type MailState = Schemas['MailState'];
export type MailFailure = NonNullable<Mail['failure']>;
export type WholeMail = Schemas['WholeMail'];
export type Feed = Schemas['Feed'];
export type FeedKind = Schemas['FeedKind'];

export type AuditRow = Schemas['AuditRow'];
export type AuditPage = Schemas['Trail'];
export type AuditFilter = NonNullable<operations['get_api_v1_audit']['parameters']['query']>;

export type Report = Schemas['Report'];
export type ReportRow = Schemas['ReportRow'];
export type Figures = Schemas['Figures'];
export type ReportQuery = NonNullable<operations['get_api_v1_reports']['parameters']['query']>;
export type AgencyUse = Schemas['AgencyUse'];
