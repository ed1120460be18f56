import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = (language: string) => new URL(`../messages/${language}/`, import.meta.url);
const read = (language: string, file: string) => JSON.parse(readFileSync(new URL(file, folder(language)), 'utf8')) as Record<string, unknown>;
const files = readdirSync(folder('ms')).sort();
const slots = (sentence: unknown) => [...String(JSON.stringify(sentence)).matchAll(/\{(\w+)\}/g)].map((it) => it[1]).sort();

describe('messages', () => {
  it('have the same files in both languages, each named in the settings', () => {
    expect(readdirSync(folder('en')).sort()).toEqual(files);
    const settings = JSON.parse(readFileSync(new URL('../project.inlang/settings.json', import.meta.url), 'utf8'));
    const named = (settings['plugin.inlang.messageFormat'].pathPattern as string[]).map((it) => it.split('/').at(-1));
    expect([...named].sort()).toEqual(files);
  });

  it.each(files)('%s: the same keys with the same values', (file) => {
    const ms = read('ms', file);
    const en = read('en', file);
    expect(Object.keys(en).sort()).toEqual(Object.keys(ms).sort());
    for (const key of Object.keys(ms)) {
      expect(slots(en[key]), key).toEqual(slots(ms[key]));
      expect(JSON.stringify(ms[key]), key).not.toMatch(/^"\s*"$/);
      expect(JSON.stringify(en[key]), key).not.toMatch(/^"\s*"$/);
    }
  });

  it('define no key twice', () => {
    const seen = new Map<string, string>();
    for (const file of files) {
      for (const key of Object.keys(read('ms', file))) {
        expect(seen.get(key), `${key} in ${file}`).toBeUndefined();
        seen.set(key, file);
      }
    }
  });
});
