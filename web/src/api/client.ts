/** The one way out to the control plane: CSRF, problem documents, expired sessions and lost lines are dealt with here. */
import createClient from 'openapi-fetch';
import { ApiError, readProblem } from './failure';
import type { paths } from './schema';

/** An answer that takes longer is as good as none: the person is told and may press again. */
const TIMEOUT_MS = 20_000;

/** What the session module hears of. Set once, at start. */
export type Hooks = {
  csrfToken(): string | null;
  /** The server wants a sign-in. */
  onSignedOut(): void;
  /** The server wants the temporary password changed (ID-2). */
  onPasswordChangeRequired(): void;
  /** Fetches the session anew, and its token with it. */
  refreshSession(): Promise<void>;
};
let hooks: Hooks | null = null;
export function setHooks(next: Hooks): void {
  hooks = next;
}

/** For what is sent without `fetch`, which tells no progress of what it sends: the token, and a new one. */
export const credentials = {
  csrfToken: (): string | null => hooks?.csrfToken() ?? null,
  refreshSession: async (): Promise<void> => {
    await hooks?.refreshSession();
  },
};

export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? 'http://localhost',
  credentials: 'same-origin',
  cache: 'no-store',
  fetch: send,
});

async function send(request: Request): Promise<Response> {
  // A body is read once: the second attempt needs one of its own.
  const spare = request.clone();
  const response = await attempt(request);
  if (response.status !== 403 || !hooks) return response;
  const failure = readProblem(403, await response.clone().json().catch(() => null));
  if (failure.kind !== 'refused' || failure.refusal.code !== 'csrf.missing') return response;
  await hooks.refreshSession();
  return attempt(spare);
}

async function attempt(request: Request): Promise<Response> {
  if (request.method !== 'GET') {
    const token = hooks?.csrfToken();
    if (token) request.headers.set('x-csrf-token', token);
  }
  request.headers.set('accept', 'application/json, application/problem+json');
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError({ kind: 'offline' });
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer, or why there is none, thrown. */
export async function taken<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    // The client parses what it is given: what is no JSON is no answer of ours.
    if (error instanceof SyntaxError) throw new ApiError({ kind: 'unreadable', status: 0 });
    throw error;
  }
  const { data, error, response } = answer;
  if (response.ok) {
    if (data === undefined && response.status !== 204) throw new ApiError({ kind: 'unreadable', status: response.status });
    return data as T;
  }
  const failure = readProblem(response.status, error);
  if (failure.kind === 'refused') {
    if (failure.refusal.code === 'sign_in.required') hooks?.onSignedOut();
    if (failure.refusal.code === 'password.change_required') hooks?.onPasswordChangeRequired();
  }
  throw new ApiError(failure);
}
