/** What the service says to a device and takes from it: every request signed, the credential renewed by itself, the clock mended by the server's. */
import createClient from 'openapi-fetch';
import { taken } from '@/api/client';
import { ApiError, asFailure, readProblem } from '@/api/failure';
import type { paths } from '@/api/schema';
import type { Enrolment, EnrolmentStanding, Schedule, ScheduledUse, Schemas, Severity } from '@/api/types';
import type { GrantAnswer } from '@/call';
import { socketAddress } from '@/pages/call/parts/grant';
import { DeviceKey, joinTarget } from './key';
import type { Kept } from './kept';


/** The server holds a question open for 15 seconds. */
const TIMEOUT_MS = 25_000;

type Credential = Pick<Schemas['CredentialAnswer'], 'credential' | 'expires_at_ms'>;

export class Service {
  private readonly client = createClient<paths>({
    baseUrl: globalThis.location?.origin ?? 'http://localhost',
    credentials: 'omit',
    cache: 'no-store',
    fetch: (request) => this.send(request),
  });
  /** The server's clock less ours. */
  private ahead_ms = 0;
  private renewing: Promise<void> | undefined;
  private credential: Credential | undefined;

  private constructor(
    private readonly kept: Kept,
    private key: DeviceKey,
  ) {}

  static async open(kept: Kept): Promise<Service> {
    const service = new Service(kept, await DeviceKey.open(kept, crypto.subtle));
    service.credential = await kept.get<Credential>('credential');
    return service;
  }

  get now_ms(): number {
    return Date.now() + this.ahead_ms;
  }

  /** The key is known no more (revoked, or never confirmed): everything is forgotten, and a fresh key made. */
  async beginAnew(): Promise<void> {
    await this.kept.forget();
    this.credential = undefined;
    this.key = await DeviceKey.open(this.kept, crypto.subtle);
  }

  ask(): Promise<Enrolment> {
    return this.timed(taken(this.client.POST('/api/v1/panel/enrolments')));
  }

  standing(id: string): Promise<EnrolmentStanding> {
    return taken(this.client.GET('/api/v1/panel/enrolments/{id}', { params: { path: { id } } }));
  }

  async schedule(after?: string): Promise<Schedule> {
    const read = await this.timed(taken(this.client.GET('/api/v1/panel/schedule', { params: { query: after === undefined ? {} : { after } } })));
    await this.kept.put('schedule', read);
    return read;
  }

  /** As it was when the service was last heard. */
  lastSchedule(): Promise<Schedule | undefined> {
    return this.kept.get<Schedule>('schedule');
  }

  checkIn(reservation: string): Promise<Schedule> {
    return this.timed(taken(this.client.POST('/api/v1/panel/reservations/{id}/check-in', { params: { path: { id: reservation } } })));
  }

  extend(reservation: string, minutes: number): Promise<Schedule> {
    return this.timed(taken(this.client.POST('/api/v1/panel/reservations/{id}/extension', { params: { path: { id: reservation } }, body: { minutes } })));
  }

  /** Answers the reference under which it can be asked for. */
  async reportFault(severity: Severity, description: string): Promise<string> {
    return (await taken(this.client.POST('/api/v1/panel/faults', { body: { severity, description } }))).reference;
  }

  /** A join token with the proof that goes with it, in the words of a call. */
  async grant({ reservation, meeting }: Pick<ScheduledUse, 'reservation' | 'meeting'>): Promise<GrantAnswer> {
    try {
      const given = await taken(this.client.POST('/api/v1/panel/reservations/{id}/grant', { params: { path: { id: reservation } } }));
      const proof = await this.key.prove({ method: 'JOIN', target: joinTarget(meeting), token: given.token, now_ms: this.now_ms });
      return { grant: { token: given.token, signalUrl: socketAddress(given.signal_url, window.location.href), proof } };
    } catch (error) {
      const failure = asFailure(error);
      return failure.kind === 'refused' ? { refusal: failure.refusal } : { unreachable: true };
    }
  }

  private async timed<T extends { now_ms: number }>(answer: Promise<T>): Promise<T> {
    const given = await answer;
    this.ahead_ms = given.now_ms - Date.now();
    return given;
  }

  private async send(request: Request): Promise<Response> {
    const spare = request.clone();
    const bare = new URL(request.url).pathname.includes('/panel/enrolments');
    if (!bare && (this.credential === undefined || this.now_ms >= this.credential.expires_at_ms)) await this.renew();
    const response = await this.attempt(request, bare);
    if (response.status !== 401) return response;
    const failure = readProblem(401, await response.clone().json().catch(() => null));
    if (failure.kind !== 'refused') return response;
    const { code, values } = failure.refusal;
    if (code === 'device.proof' && typeof values['now_ms'] === 'number') this.ahead_ms = values['now_ms'] - Date.now();
    else if (code === 'device.credential' && !bare) await this.renew();
    else return response;
    return this.attempt(spare, bare);
  }

  private async attempt(request: Request, bare: boolean): Promise<Response> {
    const url = new URL(request.url);
    const token = bare ? undefined : this.credential?.credential;
    request.headers.set('dpop', await this.key.prove({ method: request.method, target: `${url.origin}${url.pathname}`, token, now_ms: this.now_ms }));
    if (token !== undefined) request.headers.set('authorization', `DPoP ${token}`);
    request.headers.set('accept', 'application/json, application/problem+json');
    try {
      return await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new ApiError({ kind: 'offline' });
    }
  }

  /** One at a time: each voids the one before. */
  private renew(): Promise<void> {
    this.renewing ??= this.fetchCredential().finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async fetchCredential(): Promise<void> {
    const address = `${window.location.origin}/api/v1/panel/credential`;
    for (let tries = 0; ; tries += 1) {
      const response = await this.attempt(new Request(address, { method: 'POST', credentials: 'omit' }), true);
      const body: unknown = await response.json().catch(() => null);
      if (response.ok) {
        const given = body as Schemas['CredentialAnswer'];
        this.ahead_ms = given.now_ms - Date.now();
        this.credential = { credential: given.credential, expires_at_ms: given.expires_at_ms };
        await this.kept.put('credential', this.credential);
        return;
      }
      const failure = readProblem(response.status, body);
      const now_ms = failure.kind === 'refused' && failure.refusal.code === 'device.proof' ? failure.refusal.values['now_ms'] : undefined;
      if (typeof now_ms !== 'number' || tries > 0) throw new ApiError(failure);
      this.ahead_ms = now_ms - Date.now();
    }
  }
}
