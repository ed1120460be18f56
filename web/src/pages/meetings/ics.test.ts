import { describe, expect, it } from 'vitest';
import type { Meeting } from '@/api/types';
import { folded, icsOf } from './ics';

const meeting = { id: '0198', title: 'Bajet; semakan, 1', classification: 'SULIT', starts_at_ms: Date.parse('2026-12-01T01:00:00Z'), ends_at_ms: Date.parse('2026-12-01T02:30:00Z') } as unknown as Meeting;

describe('icsOf', () => {
  const text = icsOf(meeting, 'https://sidang.example/m/0198', Date.parse('2026-11-22T04:00:00Z'));
  it('says when, in UTC', () => {
    expect(text).toContain('DTSTART:20261201T010000Z\r\n');
    expect(text).toContain('DTEND:20261201T023000Z\r\n');
  });
  it('escapes text and names the classification', () => {
    expect(text).toContain('SUMMARY:[SULIT] Bajet\\; semakan\\, 1\r\n');
    expect(text).toContain('CLASS:CONFIDENTIAL\r\n');
  });
  it('ends each line as the RFC wants', () => {
    expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });
});

it('folds by octets and never inside a letter', () => {
  const lines = folded(`SUMMARY:${'é'.repeat(100)}`).split('\r\n');
  for (const line of lines) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
  expect(lines.map((it, index) => (index === 0 ? it : it.slice(1))).join('')).toBe(`SUMMARY:${'é'.repeat(100)}`);
});
