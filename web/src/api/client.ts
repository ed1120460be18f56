/** The one way out to the control plane: CSRF, problem documents, expired sessions and lost lines are dealt with here. */
import { ApiError, readProblem } from './failure';

/** An answer that takes longer is as good as none: the person is told and may press again. */
const TIMEOUT_MS = 20_000;

type Query = Record<string, string | number | boolean | undefined | null>;
export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  query?: Query;
  body?: unknown;
  /** A creation repeated with the same key is done once. */
  idempotencyKey?: string;
  signal?: AbortSignal;
};

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

export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}

export async function call<T>(request: Call): Promise<T> {
  return attempt<T>(request, true);
}

async function attempt<T>(request: Call, mayRefresh: boolean): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (request.method !== 'GET') {
    const token = hooks?.csrfToken();
    if (token) headers['x-csrf-token'] = token;
  }
  if (request.idempotencyKey) headers['idempotency-key'] = request.idempotencyKey;
  const init: RequestInit = { method: request.method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (request.body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(request.body);
  }
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  init.signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;

  let response: Response;
  try {
    response = await fetch(address(request.path, request.query), init);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new ApiError({ kind: 'offline' });
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) {
    if (body === null) throw new ApiError({ kind: 'unreadable', status: response.status });
    return body as T;
  }
  const failure = readProblem(response.status, body);
  if (failure.kind === 'refused') {
    const { code } = failure.refusal;
    if (code === 'csrf.missing' && mayRefresh && hooks) {
      await hooks.refreshSession();
      return attempt<T>(request, false);
    }
    if (code === 'sign_in.required') hooks?.onSignedOut();
    if (code === 'password.change_required') hooks?.onPasswordChangeRequired();
  }
  throw new ApiError(failure);
}

function address(path: string, query: Query | undefined): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}
