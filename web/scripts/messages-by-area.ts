/**
 * Lets a page load the sentences of its own area only. Sources write `m.key()`, which types check; the build turns each into an
 * import of that message's own module, and puts the messages of one file (`messages/ms/<area>.json`) into one chunk. Imported
 * through `m` as it stands, every page would load the sentences of all pages.
 */
import { readFileSync, readdirSync } from 'node:fs';
import type { Plugin } from 'vite';

const BARREL = '@/paraglide/messages';
const MESSAGE = /[\\/]paraglide[\\/]messages[\\/]([A-Za-z0-9_]+)\.js$/;
const FOLDER = new URL('../messages/ms/', import.meta.url);
const COMPILED = new URL('../src/paraglide/messages/', import.meta.url);
/** The name by which every file knows the messages. */
const NAME = 'm';

type Node = { type: string; start: number; end: number; [key: string]: unknown };
type Edit = { start: number; end: number; text: string };
/** Where a message stands: the file of its sentences, and the module that it was compiled to. */
export type Place = { area: string; module: string };
export type Places = ReadonlyMap<string, Place>;

/** The compiler gives a key with capitals a module of another name, and exports it as the key. */
const EXPORTED = /^export (?:const (\w+) =|\{ \w+ as "(\w+)" \})/gm;

export function places(): Places {
  const areas = new Map<string, string>();
  for (const file of readdirSync(FOLDER)) {
    const area = file.replace(/\.json$/, '');
    for (const key of Object.keys(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as object)) areas.set(key, area);
  }
  const found = new Map<string, Place>();
  for (const file of readdirSync(COMPILED)) {
    for (const match of readFileSync(new URL(file, COMPILED), 'utf8').matchAll(EXPORTED)) {
      const key = match[1] ?? match[2] ?? '';
      const area = areas.get(key);
      if (area !== undefined) found.set(key, { area, module: file.replace(/\.js$/, '') });
    }
  }
  return found;
}

/** The chunk of a module: one for each area's messages, one for what they share; `null` leaves it to the bundler. */
export function messageChunk(of: Places): (id: string) => string | null {
  const areaOf = new Map([...of.values()].map((it) => [it.module, it.area]));
  return (id) => {
    if (/[\\/]paraglide[\\/]runtime\.js$/.test(id)) return 'messages';
    const area = areaOf.get(MESSAGE.exec(id)?.[1] ?? '');
    return area === undefined ? null : `messages-${area}`;
  };
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Rewrites one module, given its syntax tree. `null` where it has no messages. */
export function splitMessages(code: string, tree: Node, of: Places): string | null {
  const edits: Edit[] = [];
  const keys = new Set<string>();
  const declaration = (tree['body'] as Node[]).find((it) => it.type === 'ImportDeclaration' && (it['source'] as Node)['value'] === BARREL);
  if (!declaration) return null;
  const specifiers = declaration['specifiers'] as Node[];
  if (specifiers.length !== 1 || (specifiers[0]?.['local'] as Node | undefined)?.['name'] !== NAME) throw new Error(`import { ${NAME} } and nothing else from ${BARREL}`);

  const visit = (node: Node): void => {
    if (node === declaration) return;
    if (node.type === 'MemberExpression' && node['computed'] !== true) {
      const object = node['object'] as Node;
      if (object.type === 'Identifier' && object['name'] === NAME) {
        const key = String((node['property'] as Node)['name']);
        if (!of.has(key)) throw new Error(`${NAME}.${key} is no message; "${NAME}" names nothing else in a file that imports it`);
        keys.add(key);
        edits.push({ start: node.start, end: node.end, text: `${NAME}$${key}` });
        return;
      }
      visit(object);
      return;
    }
    if ((node.type === 'Property' || node.type === 'PropertyDefinition' || node.type === 'MethodDefinition') && node['computed'] !== true && node['shorthand'] !== true) {
      if (isNode(node['value'])) visit(node['value']);
      return;
    }
    if (node.type === 'Identifier' && node['name'] === NAME) throw new Error(`"${NAME}" is used other than as ${NAME}.key; write the key where it is used`);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) for (const it of value) if (isNode(it)) visit(it);
      if (isNode(value)) visit(value);
    }
  };
  visit(tree);

  const imports = [...keys].sort().map((key) => `import { ${key} as ${NAME}$${key} } from '${BARREL}/${of.get(key)?.module}.js';`);
  edits.push({ start: declaration.start, end: declaration.end, text: imports.join('\n') });
  let out = code;
  for (const edit of edits.sort((a, b) => b.start - a.start)) out = out.slice(0, edit.start) + edit.text + out.slice(edit.end);
  return out;
}

export function messagesByArea(): Plugin {
  let of: Places = new Map();
  return {
    name: 'sidang:messages-by-area',
    apply: 'build',
    enforce: 'post',
    buildStart() {
      of = places();
    },
    transform(code, id) {
      // The compiler's own bookkeeping of which message was drawn: we keep none.
      if (MESSAGE.test(id)) return { code: code.replace(/^\s*trackMessageCall\(.*\)\s*$/m, ''), map: null };
      if (!code.includes(BARREL)) return null;
      try {
        const out = splitMessages(code, this.parse(code) as unknown as Node, of);
        return out === null ? null : { code: out, map: null };
      } catch (error) {
        this.error(`${id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}
