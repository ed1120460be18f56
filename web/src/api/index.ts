/** Every operation of the control plane that the client uses, one line each. */
import { call, newIdempotencyKey } from './client';
import type * as t from './types';

export { newIdempotencyKey };
const id = encodeURIComponent;

export const api = {
  session: {
    get: () => call<t.SessionAnswer>({ method: 'GET', path: '/session' }),
    create: (email: string, password: string) => call<t.SessionAnswer>({ method: 'POST', path: '/session', body: { email, password } }),
    end: () => call<void>({ method: 'DELETE', path: '/session' }),
    changePassword: (current_password: string, new_password: string) =>
      call<void>({ method: 'PUT', path: '/me/password', body: { current_password, new_password } }),
  },
  people: {
    find: (q: string, limit = 10, signal?: AbortSignal) =>
      call<{ people: t.PersonRef[] }>({ method: 'GET', path: '/people', query: { q, limit }, ...(signal ? { signal } : {}) }),
    create: (person: t.NewPerson) => call<t.PersonCreated>({ method: 'POST', path: '/people', body: person }),
  },
  agencies: () => call<{ agencies: t.Agency[] }>({ method: 'GET', path: '/agencies' }),
  sites: () => call<{ sites: t.Site[] }>({ method: 'GET', path: '/sites' }),
  availability: (from_ms: number, to_ms: number) =>
    call<{ occupancies: t.Occupancy[] }>({ method: 'GET', path: '/availability', query: { from_ms, to_ms } }),
  reservations: {
    judge: (draft: t.ReservationDraft, signal?: AbortSignal) =>
      call<t.Verdict>({ method: 'POST', path: '/reservations/verdict', body: draft, ...(signal ? { signal } : {}) }),
    create: (draft: t.ReservationDraft, idempotencyKey: string) =>
      call<t.Reservation>({ method: 'POST', path: '/reservations', body: draft, idempotencyKey }),
    list: (view: t.ReservationView) => call<{ reservations: t.Reservation[] }>({ method: 'GET', path: '/reservations', query: { view } }),
    get: (it: string) => call<t.Reservation>({ method: 'GET', path: `/reservations/${id(it)}` }),
    decide: (it: string, body: { decision: 'approve' | 'refuse'; reason_code?: t.RefusalReason; reason?: string }) =>
      call<t.Reservation>({ method: 'POST', path: `/reservations/${id(it)}/decision`, body }),
    withdraw: (it: string, reason?: string) =>
      call<t.Reservation>({ method: 'POST', path: `/reservations/${id(it)}/withdrawal`, body: reason ? { reason } : {} }),
    fileCondition: (it: string, site: string, body: { points: t.PointFinding[]; note?: string }) =>
      call<t.Condition>({ method: 'POST', path: `/reservations/${id(it)}/sites/${id(site)}/condition`, body }),
  },
  conditions: (site?: string) => call<t.Conditions>({ method: 'GET', path: '/conditions', query: { site } }),
  faults: {
    list: (site?: string) => call<{ faults: t.Fault[] }>({ method: 'GET', path: '/faults', query: { site } }),
    create: (body: t.NewFault) => call<t.Fault>({ method: 'POST', path: '/faults', body }),
  },
  meetings: {
    create: (body: t.NewMeeting, idempotencyKey: string) => call<t.Meeting>({ method: 'POST', path: '/meetings', body, idempotencyKey }),
    list: (from_ms: number, to_ms: number) => call<{ meetings: t.Meeting[] }>({ method: 'GET', path: '/meetings', query: { from_ms, to_ms } }),
    get: (it: string) => call<t.Meeting>({ method: 'GET', path: `/meetings/${id(it)}` }),
    grant: (it: string) => call<t.Grant>({ method: 'POST', path: `/meetings/${id(it)}/grant` }),
    recordings: (it: string) => call<{ recordings: t.Recording[] }>({ method: 'GET', path: `/meetings/${id(it)}/recordings` }),
  },
  viewRecording: (it: string) => call<t.RecordingView>({ method: 'POST', path: `/recordings/${id(it)}/view` }),
  audit: (filter: t.AuditFilter) => call<t.AuditPage>({ method: 'GET', path: '/audit', query: filter }),
};
