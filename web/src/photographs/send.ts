/** Sends one photograph with its progress, and again where the line breaks. `fetch` tells no progress of what it sends; this does. */
import { ApiError, asFailure, readProblem, type Failure } from '@/api/failure';
import type { PhotographRef } from '@/api/types';

/** Pauses before the second and the third attempt: a lift's length. What is tried longer is for the person to say. */
const PAUSES_MS = [1_000, 4_000] as const;
/** A picture of half a megabyte on the thinnest line that still is one. */
const TIMEOUT_MS = 60_000;

export type Ports = {
  /** One attempt; refused and broken are thrown as [`ApiError`]. */
  post(picture: Blob, key: string, told: (part: number) => void): Promise<PhotographRef>;
  wait(ms: number): Promise<void>;
};

/** Whether the same again may pass: the line broke, or the server had no place just then. */
export function passes(failure: Failure): boolean {
  return failure.kind === 'offline' || (failure.kind === 'refused' && failure.refusal.code === 'service.unavailable');
}

/** `told` hears which part is through, 0 to 1. The key is the same for each attempt, so that the server keeps the picture once. */
export async function send(ports: Ports, picture: Blob, key: string, told: (part: number) => void): Promise<PhotographRef> {
  for (const pause of PAUSES_MS) {
    try {
      return await ports.post(picture, key, told);
    } catch (error) {
      if (!passes(asFailure(error))) throw error;
      told(0);
      await ports.wait(pause);
    }
  }
  return ports.post(picture, key, told);
}

/** The ports of a browser. */
export function browserPorts(csrfToken: () => string | null, refreshSession: () => Promise<void>): Ports {
  const once = (picture: Blob, key: string, told: (part: number) => void) =>
    new Promise<PhotographRef>((done, failed) => {
      const request = new XMLHttpRequest();
      request.open('POST', '/api/v1/photographs');
      request.responseType = 'text';
      request.timeout = TIMEOUT_MS;
      request.setRequestHeader('content-type', picture.type === '' ? 'image/jpeg' : picture.type);
      request.setRequestHeader('idempotency-key', key);
      request.setRequestHeader('accept', 'application/json, application/problem+json');
      const token = csrfToken();
      if (token) request.setRequestHeader('x-csrf-token', token);
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) told(event.loaded / event.total);
      };
      request.onerror = request.ontimeout = request.onabort = () => failed(new ApiError({ kind: 'offline' }));
      request.onload = () => {
        const body = readJson(request.responseText);
        if (request.status === 201 && typeof body === 'object' && body !== null && 'id' in body) done(body as PhotographRef);
        else failed(new ApiError(readProblem(request.status, body)));
      };
      request.send(picture);
    });
  return {
    async post(picture, key, told) {
      try {
        return await once(picture, key, told);
      } catch (error) {
        const failure = asFailure(error);
        if (failure.kind !== 'refused' || failure.refusal.code !== 'csrf.missing') throw error;
        await refreshSession();
        return once(picture, key, told);
      }
    },
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
