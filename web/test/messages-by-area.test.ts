import { parseAst } from 'vite';
import { describe, expect, it } from 'vitest';
import { messageChunk, places, splitMessages, type Place } from '../scripts/messages-by-area';

const OF = new Map<string, Place>([
  ['shell_skip', { area: 'shell', module: 'shell_skip' }],
  ['rules_chapter_TP', { area: 'rules', module: 'rules_chapter_tp2' }],
]);
const split = (code: string) => splitMessages(code, parseAst(code) as never, OF);
const HEAD = "import { m } from '@/paraglide/messages';\n";

describe('splitMessages', () => {
  it('imports each message that is used, once, from its own module', () => {
    expect(split(`${HEAD}const a = [m.shell_skip(), m.shell_skip, { m: 1 }.m, 'm.shell_skip'];\nlabel({ m: m.rules_chapter_TP({ a: m.shell_skip() }) });`)).toBe(
      [
        "import { rules_chapter_TP as m$rules_chapter_TP } from '@/paraglide/messages/rules_chapter_tp2.js';",
        "import { shell_skip as m$shell_skip } from '@/paraglide/messages/shell_skip.js';",
        "const a = [m$shell_skip(), m$shell_skip, { m: 1 }.m, 'm.shell_skip'];",
        'label({ m: m$rules_chapter_TP({ a: m$shell_skip() }) });',
      ].join('\n'),
    );
  });

  it('leaves a module without messages alone', () => {
    expect(split('export const m = 1;')).toBeNull();
  });

  it.each([
    ['a key that is no message', `${HEAD}m.not_there();`],
    ['the messages handed on', `${HEAD}draw(m);`],
    ['a key made while it runs', `${HEAD}m[key]();`],
    ['another thing of that name', `${HEAD}const f = (m) => m.shell_skip;`],
    ['a shorthand', `${HEAD}const all = { m };`],
    ['another import', "import { m, shell_skip } from '@/paraglide/messages';"],
  ])('refuses %s', (_, code) => {
    expect(() => split(code)).toThrow();
  });
});

describe('places', () => {
  it('finds every sentence of every area', () => {
    const of = places();
    expect(of.get('shell_skip')).toEqual({ area: 'shell', module: 'shell_skip' });
    // A key with capitals: its module has another name.
    expect(of.get('rules_chapter_MEET')?.module).not.toBe('rules_chapter_MEET');
    const chunk = messageChunk(of);
    expect(chunk('/x/src/paraglide/messages/shell_skip.js')).toBe('messages-shell');
    expect(chunk('/x/src/paraglide/runtime.js')).toBe('messages');
    expect(chunk('/x/src/pages/home/HomePage.svelte')).toBeNull();
  });
});
