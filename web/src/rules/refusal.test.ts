import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Code } from '@/signal/wire/Code';

type Module = typeof import('./refusal');
let refusal: Module;
let choose: (next: 'ms' | 'en') => void;

beforeAll(async () => {
  vi.stubGlobal('document', { documentElement: { lang: '', dataset: {} } });
  refusal = await import('./refusal');
  choose = (await import('@/i18n/locale.svelte')).locale.choose;
});

describe('every code', () => {
  it.each(['ms', 'en'] as const)('has a sentence in %s that stands without any value', (language) => {
    choose(language);
    expect(refusal.ALL_CODES.length).toBeGreaterThan(60);
    for (const code of refusal.ALL_CODES) {
      const { what, next } = refusal.sentenceOf({ code, values: {} });
      for (const sentence of next === undefined ? [what] : [what, next]) {
        expect(sentence, code).toMatch(/[.!?]$/);
        expect(sentence, code).not.toMatch(/undefined|NaN|null|\{|\}/);
      }
    }
  });

  it('differs between the languages', () => {
    for (const code of refusal.ALL_CODES) {
      choose('ms');
      const ms = refusal.sentenceOf({ code, values: {} }).what;
      choose('en');
      expect(refusal.sentenceOf({ code, values: {} }).what, code).not.toBe(ms);
    }
  });
});

describe('sentences', () => {
  it.each([
    ['ms', { code: 'reservation.lead_time', rule: 'TP-2', values: { earliest_date: '2026-12-01', days: 3 } }, 'sekurang-kurangnya 3 hari', 'Selasa, 1 Disember 2026'],
    ['en', { code: 'reservation.site_full', rule: 'TP-3', values: { site: 's1', people: 7, people_max: 6 } }, 'Cyberjaya: 7 people', 'another site'],
    ['ms', { code: 'classification.too_high', rule: 'CLASS-2', values: { classification: 'RAHSIA_BESAR', highest_allowed: 'SULIT' } }, 'RAHSIA BESAR', 'SULIT'],
    ['en', { code: 'rate.limited', values: { retry_after_s: 30 } }, 'Too many', '30 seconds'],
    ['ms', { code: 'password.weak', rule: 'ID-2', values: { missing: ['digit', 'symbol'], length_min: 12 } }, 'angka dan simbol', '12 aksara'],
  ] as const)('%s %o', (language, given, what, next) => {
    choose(language);
    const names = { site: (id: string) => (id === 's1' ? 'Cyberjaya' : undefined) };
    const sentence = refusal.sentenceOf(given as unknown as Parameters<Module['sentenceOf']>[0], names);
    expect(sentence.what).toContain(what);
    expect(sentence.next).toContain(next);
  });

  it('never shows a bare id', () => {
    choose('ms');
    const site = '01980000-0000-7000-8000-000000000001';
    expect(refusal.sentenceOf({ code: 'reservation.slot_taken', values: { site } }).what).not.toContain(site);
  });

  it('names a code it does not know', () => {
    expect(refusal.sentenceOf({ code: 'from.the_future' as Code, values: {} }).what).toContain('from.the_future');
  });
});

describe('alternativesOf', () => {
  it('takes only slots, and few', () => {
    const slot = { starts_at_ms: 1, ends_at_ms: 2 };
    expect(refusal.alternativesOf({})).toEqual([]);
    expect(refusal.alternativesOf({ alternatives: [slot, null, { starts_at_ms: 'x' }] })).toEqual([slot]);
    expect(refusal.alternativesOf({ alternatives: Array.from({ length: 40 }, () => slot) })).toHaveLength(6);
  });
});
