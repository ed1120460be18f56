import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as limits from './limits';

/** The other end's copy of the bounds. */
const rust = readFileSync(new URL('../../../wire/src/limits.rs', import.meta.url), 'utf8');

describe('bounds of the protocol', () => {
  it.each(Object.entries(limits))('%s stands on both ends', (name, value) => {
    const expression = new RegExp(`pub const ${name}: \\w+ = ([\\d_* ]+);`).exec(rust)?.[1];
    expect(expression, `${name} in wire/src/limits.rs`).toBeDefined();
    const factors = (expression ?? '').split('*').map((it) => Number(it.replaceAll('_', '').trim()));
    expect(factors.reduce((product, factor) => product * factor, 1)).toBe(value);
  });
});
