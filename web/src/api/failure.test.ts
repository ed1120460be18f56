import { describe, expect, it } from 'vitest';
import { ApiError, asFailure, readProblem } from './failure';

describe('readProblem', () => {
  it('keeps code, rule, values and the request', () => {
    const body = { type: 'about:blank', status: 422, code: 'reservation.lead_time', rule: 'TP-2', values: { earliest_date: '2026-12-01' }, request_id: 'r1' };
    expect(readProblem(422, body)).toEqual({
      kind: 'refused',
      status: 422,
      refusal: { code: 'reservation.lead_time', rule: 'TP-2', values: { earliest_date: '2026-12-01' } },
      request_id: 'r1',
    });
  });

  it.each([[null], ['<html>'], [{}], [{ code: 7 }]])('%j is not a refusal', (body) => {
    expect(readProblem(502, body)).toEqual({ kind: 'unreadable', status: 502 });
  });
});

describe('asFailure', () => {
  it('knows its own errors and blames no one for others', () => {
    expect(asFailure(new ApiError({ kind: 'offline' }))).toEqual({ kind: 'offline' });
    expect(asFailure(new TypeError('x'))).toEqual({ kind: 'unreadable', status: 0 });
  });
});
