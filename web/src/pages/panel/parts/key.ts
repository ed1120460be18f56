/**
 * The device's key: made in this browser, never leaving it (`extractable: false`), and the proofs that it signs (RFC 9449). Whoever copies a
 * request or a credential off the line has neither.
 */
import type { Kept } from './kept';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

export interface Said {
  /** `htm`: the request's method, or `JOIN`. */
  method: string;
  /** `htu`: the request's address without query, or the meeting's name. */
  target: string;
  /** What the proof goes with: a credential, or a join token. */
  token?: string | undefined;
  now_ms: number;
}

export class DeviceKey {
  private constructor(
    private readonly pair: CryptoKeyPair,
    private readonly jwk: JsonWebKey,
    private readonly subtle: SubtleCrypto,
  ) {}

  /** The key that is kept, or a fresh one. */
  static async open(kept: Kept, subtle: SubtleCrypto): Promise<DeviceKey> {
    let pair = await kept.get<CryptoKeyPair>('key');
    if (pair === undefined) {
      pair = await subtle.generateKey(CURVE, false, ['sign', 'verify']);
      await kept.put('key', pair);
    }
    const { kty, crv, x, y } = await subtle.exportKey('jwk', pair.publicKey);
    return new DeviceKey(pair, { kty, crv, x, y } as JsonWebKey, subtle);
  }

  async prove({ method, target, token, now_ms }: Said): Promise<string> {
    const claims = {
      jti: crypto.randomUUID(),
      iat: Math.floor(now_ms / 1000),
      htm: method,
      htu: target,
      ...(token === undefined ? {} : { ath: base64url(await this.subtle.digest('SHA-256', bytes(token))) }),
    };
    const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk };
    const said = `${base64url(bytes(JSON.stringify(head)))}.${base64url(bytes(JSON.stringify(claims)))}`;
    // WebCrypto gives r and s side by side, as RFC 7518, section 3.4 has them.
    return `${said}.${base64url(await this.subtle.sign(SIGNATURE, this.pair.privateKey, bytes(said)))}`;
  }
}

/** What a proof beside a join token is for. */
export const joinTarget = (meeting: string): string => `urn:sidang:meeting:${meeting}`;

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export function base64url(of: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  const letters = Array.from(new Uint8Array(of), (it) => String.fromCharCode(it)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
