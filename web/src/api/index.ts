/** Every operation of the control plane that the client uses, typed by the server's own document. */
import { client, newIdempotencyKey, taken } from './client';
import type * as t from './types';

export { newIdempotencyKey };

const at = (id: string) => ({ path: { id } });
const once = (key: string) => ({ header: { 'idempotency-key': key } });
const until = (signal?: AbortSignal) => (signal ? { signal } : {});

export const api = {
  session: {
    get: () => taken(client.GET('/api/v1/session')),
    create: (email: string, password: string) => taken(client.POST('/api/v1/session', { body: { email, password } })),
    end: () => taken(client.DELETE('/api/v1/session')),
    changePassword: (current_password: string, new_password: string) => taken(client.PUT('/api/v1/me/password', { body: { current_password, new_password } })),
  },
  people: {
    find: (q: string, limit = 10, signal?: AbortSignal) => taken(client.GET('/api/v1/people', { params: { query: { q, limit } }, ...until(signal) })),
    create: (body: t.NewPerson) => taken(client.POST('/api/v1/people', { body })),
  },
  presence: (people: readonly string[]) => taken(client.GET('/api/v1/presence', { params: { query: { people: people.join(',') } } })),
  sayPresence: (state: t.PresenceSaid | null, minutes = 60) => taken(client.PUT('/api/v1/me/presence', { body: { state, minutes } })),
  agencies: () => taken(client.GET('/api/v1/agencies')),
  devices: {
    list: () => taken(client.GET('/api/v1/devices')),
    enter: (body: t.CodeEntered) => taken(client.POST('/api/v1/devices/enrolments', { body })),
    settle: (id: string, confirm: boolean) => taken(client.POST('/api/v1/devices/enrolments/{id}/confirmation', { params: at(id), body: { confirm } })),
    revoke: (id: string) => taken(client.POST('/api/v1/devices/{id}/revocation', { params: at(id) })),
  },
  sites: () => taken(client.GET('/api/v1/sites')),
  site: (id: string) => taken(client.GET('/api/v1/sites/{id}', { params: at(id) })),
  createSite: (body: t.SiteDraft, key: string) => taken(client.POST('/api/v1/sites', { body, params: once(key) })),
  amendSite: (id: string, body: t.SiteEdit) => taken(client.PUT('/api/v1/sites/{id}', { body, params: at(id) })),
  facilitators: () => taken(client.GET('/api/v1/facilitators')),
  affected: () => taken(client.GET('/api/v1/affected')),
  holidays: (year: number) => taken(client.GET('/api/v1/holidays', { params: { query: { year } } })),
  previewHoliday: (body: t.HolidayChange) => taken(client.POST('/api/v1/holidays/preview', { body })),
  changeHolidays: (body: t.HolidayChangeRequest, key: string) => taken(client.POST('/api/v1/holidays/changes', { body, params: once(key) })),
  policies: () => taken(client.GET('/api/v1/policies')),
  createPolicy: (body: t.PolicyDraft, key: string) => taken(client.POST('/api/v1/policies', { body, params: once(key) })),
  lintPolicy: (body: t.PolicyDraft) => taken(client.POST('/api/v1/policies/lint', { body })),
  replayPolicy: (body: t.Terms) => taken(client.POST('/api/v1/policies/replay', { body })),
  withdrawPolicy: (version: number) => taken(client.POST('/api/v1/policies/{version}/withdrawal', { params: { path: { version } } })),
  availability: (from_ms: number, to_ms: number) => taken(client.GET('/api/v1/availability', { params: { query: { from_ms, to_ms } } })),
  search: (body: t.SlotSearch, signal?: AbortSignal) => taken(client.POST('/api/v1/availability/search', { body, ...until(signal) })),
  reservations: {
    judge: (body: t.ReservationDraft, signal?: AbortSignal) => taken(client.POST('/api/v1/reservations/verdict', { body, ...until(signal) })) as Promise<t.Verdict>,
    checkIn: (id: string, site: string) => taken(client.POST('/api/v1/reservations/{id}/sites/{site}/check-in', { params: { path: { id, site } } })),
    /** Within minutes: the wrong session was pressed. */
    undoCheckIn: (id: string, site: string) => taken(client.DELETE('/api/v1/reservations/{id}/sites/{site}/check-in', { params: { path: { id, site } } })),
    extension: (id: string) => taken(client.GET('/api/v1/reservations/{id}/extension', { params: at(id) })),
    extend: (id: string, minutes: number) => taken(client.POST('/api/v1/reservations/{id}/extension', { params: at(id), body: { minutes } })),
    /** `draft` goes away with the commit; `wait`: into the waiting list where others have the rooms. */
    create: (body: t.ReservationDraft, key: string, more: { draft?: string; wait?: boolean } = {}) => taken(client.POST('/api/v1/reservations', { body, params: { ...once(key), query: more } })),
    list: (view: t.ReservationView) => taken(client.GET('/api/v1/reservations', { params: { query: { view } } })),
    get: (id: string) => taken(client.GET('/api/v1/reservations/{id}', { params: at(id) })),
    decide: (id: string, body: t.Decision) => taken(client.POST('/api/v1/reservations/{id}/decision', { body, params: at(id) })),
    withdraw: (id: string, body: t.Withdrawal) => taken(client.POST('/api/v1/reservations/{id}/withdrawal', { body: body as t.Schemas['Withdrawal'], params: at(id) })),
    judgeAmendment: (id: string, body: { draft: t.ReservationDraft; scope?: t.Scope }, signal?: AbortSignal) => taken(client.POST('/api/v1/reservations/{id}/amendment/verdict', { body: body as t.Schemas['AmendmentQuestion'], params: at(id), ...until(signal) })) as Promise<t.Amendment>,
    amend: (id: string, body: { version: number; draft: t.ReservationDraft; scope?: t.Scope }) => taken(client.PUT('/api/v1/reservations/{id}', { body: body as t.Schemas['AmendmentRequest'], params: at(id) })),
    copy: (id: string, key: string) => taken(client.POST('/api/v1/reservations/{id}/copy', { params: { ...at(id), ...once(key) } })),
    answerOffer: (id: string, accept: boolean) => taken(client.POST('/api/v1/reservations/{id}/offer', { body: { accept }, params: at(id) })),
  },
  condition: {
    file: (id: string, site: string, body: t.ConditionDraft, key: string) =>
      taken(client.POST('/api/v1/reservations/{id}/sites/{site}/condition', { body, params: { path: { id, site }, ...once(key) } })),
    get: (id: string) => taken(client.GET('/api/v1/conditions/{id}', { params: at(id) })),
    sign: (id: string, body: t.ConditionSignature) => taken(client.POST('/api/v1/conditions/{id}/signature', { body, params: at(id) })),
  },
  equipment: {
    list: (site: string) => taken(client.GET('/api/v1/equipment', { params: { query: { site } } })),
    get: (id: string) => taken(client.GET('/api/v1/equipment/{id}', { params: at(id) })),
    add: (body: t.NewEquipment, key: string) => taken(client.POST('/api/v1/equipment', { body, params: once(key) })),
    amend: (id: string, body: t.AmendedEquipment) => taken(client.PUT('/api/v1/equipment/{id}', { body, params: at(id) })),
    retire: (id: string) => taken(client.POST('/api/v1/equipment/{id}/retirement', { params: at(id) })),
    restore: (id: string) => taken(client.DELETE('/api/v1/equipment/{id}/retirement', { params: at(id) })),
    tested: (id: string) => taken(client.POST('/api/v1/equipment/{id}/self-test', { params: at(id) })),
  },
  decisions: {
    queue: (view: t.QueueView, filter: { site?: string; agency?: string } = {}) => taken(client.GET('/api/v1/decisions', { params: { query: { view, ...filter } } })),
    dossier: (id: string) => taken(client.GET('/api/v1/reservations/{id}/dossier', { params: at(id) })) as Promise<t.Dossier>,
    consents: () => taken(client.GET('/api/v1/consents')),
    consent: (id: string, site: string, body: t.Consent) => taken(client.POST('/api/v1/reservations/{id}/sites/{site}/consent', { body, params: { path: { id, site } } })),
  },
  delegations: {
    list: () => taken(client.GET('/api/v1/delegations')),
    create: (body: t.NewDelegation, key: string) => taken(client.POST('/api/v1/delegations', { body, params: once(key) })),
    end: (id: string) => taken(client.POST('/api/v1/delegations/{id}/end', { params: at(id) })),
  },
  overrides: {
    open: () => taken(client.GET('/api/v1/overrides', { params: { query: { view: 'open' } } })),
    month: (month: string) => taken(client.GET('/api/v1/overrides', { params: { query: { view: 'month', month } } })),
    create: (body: t.NewOverride, key: string) => taken(client.POST('/api/v1/overrides', { body, params: once(key) })),
    decide: (id: string, body: t.OverrideAnswer) => taken(client.POST('/api/v1/overrides/{id}/decision', { body, params: at(id) })),
  },
  drafts: {
    list: () => taken(client.GET('/api/v1/drafts')),
    get: (id: string) => taken(client.GET('/api/v1/drafts/{id}', { params: at(id) })),
    create: (content: t.DraftContent, key: string) => taken(client.POST('/api/v1/drafts', { keepalive: true, body: { content: content as t.Schemas['DraftContent'] }, params: once(key) })),
    update: (id: string, version: number, content: t.DraftContent) => taken(client.PUT('/api/v1/drafts/{id}', { keepalive: true, body: { version, content: content as t.Schemas['DraftContent'] }, params: at(id) })),
    remove: (id: string) => taken(client.DELETE('/api/v1/drafts/{id}', { params: at(id) })),
  },
  series: {
    judge: (draft: t.ReservationDraft, occurrences: t.SeriesAsked['occurrences'], signal?: AbortSignal) => taken(client.POST('/api/v1/series/verdict', { body: { draft, occurrences }, ...until(signal) })) as Promise<t.SeriesVerdict>,
    create: (body: t.SeriesAsked, key: string) => taken(client.POST('/api/v1/series', { body, params: once(key) })),
    get: (id: string) => taken(client.GET('/api/v1/series/{id}', { params: at(id) })),
  },
  conditions: (site?: string) => taken(client.GET('/api/v1/conditions', { params: { query: site ? { site } : {} } })),
  faults: {
    list: (site?: string) => taken(client.GET('/api/v1/faults', { params: { query: site ? { site } : {} } })),
    get: (id: string) => taken(client.GET('/api/v1/faults/{id}', { params: at(id) })),
    create: (body: t.NewFault, key: string) => taken(client.POST('/api/v1/faults', { body, params: once(key) })),
    act: (id: string, body: t.FaultAct, key: string) => taken(client.POST('/api/v1/faults/{id}/acts', { body, params: { ...at(id), ...once(key) } })),
    targets: () => taken(client.GET('/api/v1/faults/targets')),
    setTargets: (body: t.FaultTargets) => taken(client.PUT('/api/v1/faults/targets', { body })),
    /** What is known to be broken, so that nothing is reported twice. */
    open: (site: string, equipment?: string) => taken(client.GET('/api/v1/faults/open', { params: { query: { site, ...(equipment ? { equipment } : {}) } } })),
  },
  blocks: {
    get: (id: string) => taken(client.GET('/api/v1/blocks/{id}', { params: at(id) })),
    choose: (id: string, reservation: string, body: t.DisplacedChoice) =>
      taken(client.POST('/api/v1/blocks/{id}/affected/{reservation}', { body, params: { path: { id, reservation } } })),
  },
  maintenance: {
    list: (from_ms: number, to_ms: number, site?: string) => taken(client.GET('/api/v1/maintenance', { params: { query: { from_ms, to_ms, ...(site ? { site } : {}) } } })),
    get: (id: string) => taken(client.GET('/api/v1/maintenance/{id}', { params: at(id) })),
    preview: (body: t.MaintenanceDraft) => taken(client.POST('/api/v1/maintenance/preview', { body })),
    create: (body: t.MaintenanceDraft, key: string) => taken(client.POST('/api/v1/maintenance', { body, params: once(key) })),
    act: (id: string, body: t.MaintenanceAct) => taken(client.POST('/api/v1/maintenance/{id}/acts', { body, params: at(id) })),
  },
  meetings: {
    create: (body: t.NewMeeting, key: string) => taken(client.POST('/api/v1/meetings', { body, params: once(key) })),
    list: (from_ms: number, to_ms: number) => taken(client.GET('/api/v1/meetings', { params: { query: { from_ms, to_ms } } })),
    get: (id: string) => taken(client.GET('/api/v1/meetings/{id}', { params: at(id) })),
    grant: (id: string) => taken(client.POST('/api/v1/meetings/{id}/grant', { params: at(id) })),
    recordings: (id: string) => taken(client.GET('/api/v1/meetings/{id}/recordings', { params: at(id) })),
    attendance: (id: string) => taken(client.GET('/api/v1/meetings/{id}/attendance', { params: at(id) })),
    readmit: (id: string, person: string) => taken(client.POST('/api/v1/meetings/{id}/readmission', { params: at(id), body: { person } })),
  },
  reports: {
    read: (query: t.ReportQuery) => taken(client.GET('/api/v1/reports', { params: { query } })),
    use: () => taken(client.GET('/api/v1/reports/use')),
    want: (agency: string, uses_each_month: number) => taken(client.PUT('/api/v1/reports/use/{agency}', { params: { path: { agency } }, body: { uses_each_month } })),
  },
  viewRecording: (id: string) => taken(client.POST('/api/v1/recordings/{id}/view', { params: at(id) })),
  notices: {
    list: (before?: string) => taken(client.GET('/api/v1/notices', { params: { query: before ? { before } : {} } })),
    read: (body: { notices: string[]; up_to?: string }) => taken(client.POST('/api/v1/notices/read', { body })),
  },
  mail: {
    list: (query: { state?: t.MailState; before?: string }) => taken(client.GET('/api/v1/mail', { params: { query } })),
    get: (id: string) => taken(client.GET('/api/v1/mail/{id}', { params: at(id) })),
    resend: (id: string) => taken(client.POST('/api/v1/mail/{id}/resend', { params: at(id) })),
  },
  feeds: {
    list: () => taken(client.GET('/api/v1/calendar/feeds')),
    create: (body: { kind: t.FeedKind; site?: string }, key: string) => taken(client.POST('/api/v1/calendar/feeds', { body, params: once(key) })),
    revoke: (id: string) => taken(client.DELETE('/api/v1/calendar/feeds/{id}', { params: at(id) })),
  },
  audit: (query: t.AuditFilter) => taken(client.GET('/api/v1/audit', { params: { query } })),
};
