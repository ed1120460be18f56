import { describe, expect, it } from 'vitest';
import { KEYS, shortcutOf, shortcutsOn, turnShortcuts, type Press } from './shortcuts';

const press = (change: Partial<Press>): Press => ({
  key: 'm',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  typing: false,
  ...change,
});

describe('shortcuts', () => {
  it.each([
    ['a letter, small or large', {}, 'microphone'],
    ['a capital', { key: 'M' }, 'microphone'],
    ['the question mark', { key: '?' }, 'help'],
    ['a key that means nothing', { key: 'x' }, undefined],
    ['the browser’s own', { ctrlKey: true }, undefined],
    ['a key held down', { repeat: true }, undefined],
    ['writing', { typing: true }, undefined],
    ['a key with a name', { key: 'PageDown' }, 'page_after'],
    ['the space bar', { key: ' ' }, 'talk'],
    ['the space bar on a button', { key: ' ', pressing: true }, undefined],
  ] as const)('%s', (_, change, shortcut) => {
    expect(shortcutOf(press(change))).toBe(shortcut);
  });

  it('have each their own key', () => {
    expect(new Set(Object.values(KEYS)).size).toBe(Object.keys(KEYS).length);
  });

  it('are remembered on or off', () => {
    const memory = new Map<string, string>();
    const storage = { getItem: (key: string) => memory.get(key) ?? null, setItem: (key: string, value: string) => void memory.set(key, value) };
    expect(shortcutsOn(storage)).toBe(true);
    turnShortcuts(storage, false);
    expect(shortcutsOn(storage)).toBe(false);
  });
});
