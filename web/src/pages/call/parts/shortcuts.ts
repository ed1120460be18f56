/** Keys that work in a meeting, one each, and the switch that turns them off (WCAG 2.1.4). */

export const SHORTCUTS = [
  'microphone',
  'talk',
  'camera',
  'share',
  'pause',
  'hand',
  'record',
  'people',
  'chat',
  'layout',
  'self',
  'page_before',
  'page_after',
  'unpin',
  'pip',
  'full',
  'line',
  'devices',
  'help',
] as const;
export type Shortcut = (typeof SHORTCUTS)[number];

/** As `KeyboardEvent.key` names them, letters in capitals. */
export const KEYS: Readonly<Record<Shortcut, string>> = {
  microphone: 'M',
  talk: ' ',
  camera: 'V',
  share: 'S',
  pause: 'Z',
  hand: 'H',
  record: 'R',
  people: 'P',
  chat: 'C',
  layout: 'L',
  self: 'O',
  page_before: 'PageUp',
  page_after: 'PageDown',
  unpin: 'U',
  pip: 'K',
  full: 'F',
  line: 'N',
  devices: 'D',
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
  /** Something that a space bar presses has the focus. */
  pressing?: boolean;
}

export function shortcutOf(press: Press): Shortcut | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat || press.typing) return undefined;
  const key = press.key.length === 1 ? press.key.toUpperCase() : press.key;
  const found = SHORTCUTS.find((it) => KEYS[it] === key);
  return found === 'talk' && press.pressing === true ? undefined : found;
}

export function takesLetters(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="listbox"], [role="combobox"], dialog') !== null
  );
}

export function takesSpace(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, a[href], summary, [role="button"], [role="tab"]') !== null;
}
