// The client's own sentences, so that a test says what a person reads and a change of wording needs no change of test.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

function read(language: string): Record<string, string> {
  const folder = join(import.meta.dirname, '../messages', language);
  const files = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, string>);
  return Object.assign({}, ...files) as Record<string, string>;
}

const WORDS = { ms: read('ms'), en: read('en') };

/** A sentence by its key. */
export function word(key: string, values: Record<string, string> = {}, language: 'ms' | 'en' = 'ms'): string {
  const text = WORDS[language][key];
  if (typeof text !== 'string') throw new Error(`no sentence has the key ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

/** What stands around the values of a sentence, in order, without the spaces at their ends. */
export function around(key: string, language: 'ms' | 'en' = 'ms'): string[] {
  const text = WORDS[language][key];
  if (typeof text !== 'string') throw new Error(`no sentence has the key ${key}`);
  return text.split(/\{\w+\}/).map((part) => part.trim());
}
