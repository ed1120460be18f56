import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../src');
const IMPORT = /(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|import\s+'([^']+)'/g;

/** Every module that one imports, and what these import. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, from, later, bare] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const name = from ?? later ?? bare ?? '';
    if (!name.startsWith('.')) {
      seen.add(name);
      continue;
    }
    const path = resolve(dirname(file), name);
    const found = [`${path}.ts`, `${path}/index.ts`, path].find((it) => existsSync(it) && /\.\w+$/.test(it));
    if (found === undefined) throw new Error(`${name} in ${file}`);
    reached(found, seen);
  }
  return seen;
}

it('the call stands on media and signal alone: no component framework, no page, no package', () => {
  const modules = [...reached(resolve(import.meta.dirname, '../embed/sidang-call.ts'))].filter((it) => !it.includes('/embed/'));
  const outside = modules.map((it) => (it.startsWith('/') ? relative(SOURCE, it) : it)).filter((it) => !/^(call|media|signal)\/[\w/]+\.ts$/.test(it));
  expect(outside).toEqual([]);
  expect(modules.length).toBeGreaterThan(30);
});
