/** Small decoders from which the protocol's decoder is composed: each takes what came off the wire and gives a typed value, or throws `Malformed`. */

export class Malformed extends Error {
  constructor(readonly expected: string) {
    super(`expected ${expected}`);
  }
}

export type Decoder<T> = (value: unknown) => T;

export const text: Decoder<string> = (value) => {
  if (typeof value !== 'string') throw new Malformed('string');
  return value;
};

export const number: Decoder<number> = (value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed('number');
  return value;
};

export const flag: Decoder<boolean> = (value) => {
  if (typeof value !== 'boolean') throw new Malformed('boolean');
  return value;
};

/** A list of at most `max` entries. */
export const list =
  <T>(entry: Decoder<T>, max: number): Decoder<T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > max) throw new Malformed(`list of at most ${max}`);
    return value.map(entry);
  };

export const nullable =
  <T>(inner: Decoder<T>): Decoder<T | null> =>
  (value) =>
    value === null || value === undefined ? null : inner(value);

/** One of the words known here; `unknown` decides what a word of a newer server means. */
export const word =
  <T extends string>(known: readonly T[], unknown: T): Decoder<T> =>
  (value) => {
    const given = text(value);
    return known.find((it) => it === given) ?? unknown;
  };

/** Those of the words that are known here: what is not understood is not allowed. */
export const words =
  <T extends string>(known: readonly T[], max: number): Decoder<T[]> =>
  (value) => {
    const given = list(text, max)(value);
    return known.filter((it) => given.includes(it));
  };

type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];
type Shape<T> = { [K in Exclude<keyof T, OptionalKeys<T>>]-?: Decoder<T[K]> } & {
  [K in OptionalKeys<T>]-?: { optional: Decoder<Exclude<T[K], undefined>> };
};

export const optional = <T>(inner: Decoder<T>): { optional: Decoder<T> } => ({ optional: inner });

/** An object with these fields; fields not named are dropped. */
export const object =
  <T extends object>(shape: Shape<T>): Decoder<T> =>
  (value) => {
    const from = asObject(value);
    const entries = Object.entries(shape as Record<string, Decoder<unknown> | { optional: Decoder<unknown> }>);
    const decoded = entries.flatMap(([key, decoder]) => {
      const field = from[key];
      if (typeof decoder === 'function') return [[key, decoder(field)]];
      return field === undefined || field === null ? [] : [[key, decoder.optional(field)]];
    });
    return Object.fromEntries(decoded) as T;
  };

export const asObject: Decoder<Record<string, unknown>> = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('object');
  return value as Record<string, unknown>;
};
