/** Keys that work in a meeting, one each, and the switch that turns them off (WCAG 2.1.4). */

export type Shortcut = 'microphone' | 'camera' | 'share' | 'hand' | 'record' | 'people' | 'layout' | 'help';

export const KEYS: Readonly<Record<Shortcut, string>> = {
  microphone: 'M',
  camera: 'V',
  share: 'S',
  hand: 'H',
  record: 'R',
  people: 'P',
  layout: 'L',
  help: '?',
};

const STORED = 'sidang.shortcuts';

export function shortcutsOn(memory: Pick<Storage, 'getItem'> | undefined): boolean {
  try {
    return memory?.getItem(STORED) !== 'off';
  } catch {
    return true;
  }
}

export function turnShortcuts(memory: Pick<Storage, 'setItem'> | undefined, on: boolean): void {
  try {
    memory?.setItem(STORED, on ? 'on' : 'off');
  } catch {
    // lasts as long as the page
  }
}

/** Of a key press, what counts. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  /** Something that takes letters for itself has the focus. */
  typing: boolean;
}

export function shortcutOf(press: Press): Shortcut | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat || press.typing) return undefined;
  const key = press.key.toUpperCase();
  return (Object.keys(KEYS) as Shortcut[]).find((it) => KEYS[it] === key);
}

export function takesLetters(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="listbox"], [role="combobox"], dialog') !== null
  );
}
