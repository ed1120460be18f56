import { describe, expect, it } from 'vitest';
import { filesOf, isMadeOf } from './offline';

const ORIGIN = 'https://sidang.example';
const page = '<script type="module" src="/assets/index-a1B2_c.js"></script><link rel="stylesheet" href="/assets/index-x.css">';

describe('the files of a page', () => {
  it('are those of the build alone, each once', () => {
    const loaded = [`${ORIGIN}/assets/index-a1B2_c.js`, `${ORIGIN}/assets/index-a1B2_c.js`, `${ORIGIN}/api/v1/panel/schedule`, `${ORIGIN}/boot.js`, 'https://elsewhere.example/assets/x.js'];
    expect(filesOf(loaded, ORIGIN)).toEqual(['/assets/index-a1B2_c.js']);
  });

  it('are kept with a page that is made of them, and with no other', () => {
    expect(isMadeOf(page, ['/assets/index-a1B2_c.js', '/assets/index-x.css', '/assets/more.js'])).toBe(true);
    expect(isMadeOf(page, ['/assets/index-a1B2_c.js']), 'the server was updated').toBe(false);
    expect(isMadeOf('<h1>502</h1>', ['/assets/index-a1B2_c.js']), 'a proxy speaks').toBe(false);
  });
});
