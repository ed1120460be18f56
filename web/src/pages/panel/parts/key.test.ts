import { describe, expect, it } from 'vitest';
import { base64url, DeviceKey, joinTarget } from './key';
import type { Kept } from './kept';

function memory(): Kept & { all: Map<string, unknown> } {
  const all = new Map<string, unknown>();
  return {
    all,
    get: async <T>(name: string) => all.get(name) as T | undefined,
    put: async (name, value) => void all.set(name, value),
    forget: async () => all.clear(),
  };
}

const read = (part: string | undefined): Record<string, unknown> => JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('the key of a device', () => {
  it('is made once, and its private half cannot be read', async () => {
    const kept = memory();
    await DeviceKey.open(kept, crypto.subtle);
    const first = kept.all.get('key') as CryptoKeyPair;
    await DeviceKey.open(kept, crypto.subtle);
    expect(kept.all.get('key')).toBe(first);
    await expect(crypto.subtle.exportKey('jwk', first.privateKey)).rejects.toThrow();
  });

  it('signs proofs that its public half in them verifies, each with a name of its own', async () => {
    const key = await DeviceKey.open(memory(), crypto.subtle);
    const said = { method: 'POST', target: 'https://sidang.example/api/v1/panel/credential', token: 't', now_ms: 1_800_000_000_999 };
    const [head, claims, signature] = (await key.prove(said)).split('.');
    const { typ, alg, jwk } = read(head);
    expect({ typ, alg }).toEqual({ typ: 'dpop+jwt', alg: 'ES256' });
    expect(Object.keys(jwk as object).sort()).toEqual(['crv', 'kty', 'x', 'y']);
    const ath = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('t')));
    expect(read(claims)).toMatchObject({ iat: 1_800_000_000, htm: said.method, htu: said.target, ath });
    const own = await crypto.subtle.importKey('jwk', jwk as JsonWebKey, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
    const signed = new TextEncoder().encode(`${head}.${claims}`);
    const holds = await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, own, Buffer.from(signature ?? '', 'base64url'), signed);
    expect(holds).toBe(true);
    const [, again] = (await key.prove({ ...said, token: undefined })).split('.');
    expect(read(again)['jti']).not.toBe(read(claims)['jti']);
    expect(read(again)).not.toHaveProperty('ath');
    expect(joinTarget('m')).toBe('urn:sidang:meeting:m');
  });
});
