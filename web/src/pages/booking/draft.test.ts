import { describe, expect, it } from 'vitest';
import type { PersonRef, Reservation } from '@/api/types';
import { contentOf, datesFrom, draftFrom, draftOf, emptyDraft, isSeries, lacksOf, occurrencesOf, requestOf, stepNamed, stepOf, STEPS, takeSites, takeTimes, type Draft } from './draft';

const person = (id: string): PersonRef => ({ id, name: id, position: '', agency: { id: 'a', name: 'Agensi', short_name: 'A' } });
const PEOPLE = ['p1', 'p2', 'p3'].map(person);
const whole = (): Draft => ({
  ...emptyDraft('2026-12-01'),
  sites: [{ site: 'cbj', people: [person('p1')] }, { site: 'swk', people: [person('p2')] }],
  chair: 'p1',
  title: ' Semakan bajet ',
  purpose: 'Bajet 2027',
  official: true,
});

describe('lacksOf', () => {
  it.each([
    ['sites', {}, []],
    ['sites', { sites: [{ site: 'cbj', people: [] }] }, ['sites']],
    ['when', { date: '' }, ['date']],
    ['when', { starts_minute: 600, ends_minute: 600 }, ['order']],
    ['who', { chair: 'p9' }, ['chair']],
    ['who', { chair: 'p3', online: [person('p3')] }, []],
    ['who', { sites: [{ site: 'cbj', people: [person('p1')] }, { site: 'swk', people: [] }] }, ['people']],
    ['purpose', { title: '  ', purpose: '', official: false }, ['title', 'purpose', 'official']],
    ['check', { purpose: '' }, ['purpose']],
    ['check', {}, []],
  ] as const)('%s %o', (step, change, lacks) => {
    expect(lacksOf({ ...whole(), ...(change as Partial<Draft>) }, step)).toEqual(lacks);
  });
});

describe('requestOf', () => {
  it('counts the day in Malaysian time and leaves out what is empty', () => {
    const request = requestOf(whole(), 'me');
    expect(request).toMatchObject({ title: 'Semakan bajet', chair: 'p1', starts_at_ms: Date.parse('2026-12-01T01:00:00Z'), ends_at_ms: Date.parse('2026-12-01T03:00:00Z') });
    expect(request).not.toHaveProperty('contact');
    expect(request?.sites).toEqual([{ site: 'cbj', people: ['p1'] }, { site: 'swk', people: ['p2'] }]);
  });
  it('judges with the applicant in the chair while none is chosen', () => {
    expect(requestOf({ ...whole(), chair: '' }, 'me')?.chair).toBe('me');
    expect(requestOf({ ...whole(), date: '' }, 'me')).toBeNull();
  });
});

describe('a series', () => {
  it('is its dates in order, each once', () => {
    const draft = { ...whole(), dates: ['2026-12-15', '2026-12-08', '2026-12-01', 'x'] };
    expect(occurrencesOf(draft).map((it) => it.starts_at_ms)).toEqual(['01', '08', '15'].map((day) => Date.parse(`2026-12-${day}T01:00:00Z`)));
    expect(isSeries(draft)).toBe(true);
    expect(isSeries({ ...draft, dates: ['2026-12-01'] })).toBe(false);
  });
  it.each([
    ['2026-12-01', 'week', 4, ['2026-12-08', '2026-12-15', '2026-12-22']],
    ['2026-12-24', 'fortnight', 3, ['2027-01-07', '2027-01-21']],
    ['2026-11-30', 'month', 3, ['2026-12-30', '2027-01-30']],
    // No month is given a day that it does not have.
    ['2027-01-31', 'month', 4, ['2027-03-31', '2027-05-31', '2027-07-31']],
    ['', 'week', 4, []],
  ] as const)('from %s every %s, %i dates', (date, every, count, dates) => {
    expect(datesFrom(date, every, count)).toEqual(dates);
  });
  it('never has more than twelve', () => {
    expect(datesFrom('2026-12-01', 'week', 99)).toHaveLength(11);
  });
});

describe('what the server keeps', () => {
  it('comes back as it was', () => {
    const draft: Draft = { ...whole(), title: 'Semakan bajet', online: [person('p3')], contact: 'c', needs: 'n', dates: ['2026-12-08'] };
    expect(draftOf(contentOf(draft, 'who'), PEOPLE, '2026-11-01')).toEqual(draft);
    expect(stepNamed(contentOf(draft, 'who').step)).toBe('who');
  });
  it('is read however little there is of it, and without people who are gone', () => {
    expect(draftOf({}, [], '2026-11-01')).toEqual(emptyDraft('2026-11-01'));
    expect(draftOf(contentOf(whole(), 'check'), [person('p2')], '2026-11-01').sites.map((it) => it.people.length)).toEqual([0, 1]);
    expect(stepNamed('elsewhere')).toBe('sites');
  });
  it('keeps no time that is none', () => {
    expect(contentOf({ ...whole(), ends_minute: 540 }, 'when')).not.toHaveProperty('starts_at_ms');
  });
});

it('reads a reservation back into the form', () => {
  const reservation = {
    title: 'T', purpose: 'P', classification: 'TERHAD', chair: person('p2'), online: [person('p3')],
    sites: [{ site: { id: 'cbj' }, people: [{ person: person('p1'), seat_no: 1 }] }],
    starts_at_ms: Date.parse('2026-12-01T00:30:00Z'), ends_at_ms: Date.parse('2026-12-01T02:15:00Z'),
  } as unknown as Reservation;
  expect(draftFrom(reservation)).toMatchObject({ date: '2026-12-01', starts_minute: 510, ends_minute: 615, chair: 'p2', official: true, sites: [{ site: 'cbj', people: [{ id: 'p1' }] }] });
});

it('takes what an alternative offers', () => {
  const draft = whole();
  takeSites(draft, ['cbj', 'sbh']);
  takeTimes(draft, { starts_at_ms: Date.parse('2026-12-02T02:00:00Z'), ends_at_ms: Date.parse('2026-12-02T17:00:00Z') });
  expect(draft.sites).toEqual([{ site: 'cbj', people: [person('p1')] }, { site: 'sbh', people: [] }]);
  expect([draft.date, draft.starts_minute, draft.ends_minute]).toEqual(['2026-12-02', 600, 1440]);
});

it('knows where a refusal is put right', () => {
  expect(stepOf('reservation.lead_time')).toBe('when');
  expect(stepOf('reservation.site_full')).toBe('who');
  expect(stepOf('classification.too_high')).toBe('purpose');
  expect(STEPS).toContain(stepOf('rate.limited'));
});
