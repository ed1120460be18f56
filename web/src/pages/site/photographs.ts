/** One photograph on its way to the server, which encodes it anew without what a camera writes beside the picture. */
import { client, newIdempotencyKey, taken } from '@/api/client';
import type { components } from '@/api/schema';

export function sendPhotograph(file: File): Promise<components['schemas']['PhotographRef']> {
  const call = client.POST('/api/v1/photographs', {
    params: { header: { 'idempotency-key': newIdempotencyKey() } },
    headers: { 'content-type': file.type },
    body: file as unknown as string,
    bodySerializer: (body) => body as unknown as BodyInit as string,
  });
  return taken(call);
}
