import { describe, expect, it } from 'vitest';
import type { PersonRef } from '@/api/types';
import { emptyDraft, lacksOf, parse, print, requestOf, stepOf, STEPS, type Draft } from './draft';

const person = (id: string): PersonRef => ({ id, name: id, position: '', agency: { id: 'a', name: 'Agensi', short_name: 'A' } });
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

describe('a kept draft', () => {
  it('comes back as it was', () => {
    expect(parse(print(whole()))).toEqual(whole());
  });
  it.each([[null], [''], ['{'], ['null'], ['{"version":0,"draft":{}}'], ['{"version":1,"draft":{"sites":[]}}'], [print({ ...whole(), sites: [{ site: 'x', people: [{} as PersonRef] }] })]])('is not read from %s', (text) => {
    expect(parse(text)).toBeNull();
  });
});

it('knows where a refusal is put right', () => {
  expect(stepOf('reservation.lead_time')).toBe('when');
  expect(stepOf('reservation.site_full')).toBe('who');
  expect(stepOf('classification.too_high')).toBe('purpose');
  expect(STEPS).toContain(stepOf('rate.limited'));
});
