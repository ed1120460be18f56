/** Why a call did not give what was asked: a refusal of the server, no line to it, or an answer that is not ours. */
import type { Refusal } from '@/signal/wire/Refusal';

export type Failure =
  | { kind: 'refused'; status: number; refusal: Refusal; request_id?: string }
  | { kind: 'offline' }
  | { kind: 'unreadable'; status: number };

export class ApiError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.kind === 'refused' ? failure.refusal.code : failure.kind);
    this.name = 'ApiError';
  }
}

/** What a thrown thing means to a person. Anything unknown is a fault of ours, not of the line. */
export function asFailure(error: unknown): Failure {
  return error instanceof ApiError ? error.failure : { kind: 'unreadable', status: 0 };
}

export function refusalOf(failure: Failure): Refusal | null {
  return failure.kind === 'refused' ? failure.refusal : null;
}

/** Reads `application/problem+json`. Decoded at the edge: what has no code is not a refusal. */
export function readProblem(status: number, body: unknown): Failure {
  if (typeof body !== 'object' || body === null || !('code' in body) || typeof body.code !== 'string') return { kind: 'unreadable', status };
  const values = 'values' in body && typeof body.values === 'object' && body.values !== null ? (body.values as Record<string, unknown>) : {};
  const refusal = { code: body.code, values } as Refusal;
  if ('rule' in body && typeof body.rule === 'string') refusal.rule = body.rule as NonNullable<Refusal['rule']>;
  const failure: Failure = { kind: 'refused', status, refusal };
  if ('request_id' in body && typeof body.request_id === 'string') failure.request_id = body.request_id;
  return failure;
}
