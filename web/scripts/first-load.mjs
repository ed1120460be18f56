// Prints what a person loads before the call starts, and fails the build over the bound.
import { readFile, rm, stat } from 'node:fs/promises';

const DIST = new URL('../dist/', import.meta.url);
/** Compressed script before the call starts, in kB of 1000 bytes: the promise of the join page. */
const JOIN_KB_MAX = 150;
const ENTRY = 'index.html';
/** The pages that are measured, with what each asks for by itself as soon as it runs. */
const PAGES = [
  { name: 'join', roots: ['src/pages/call/CallPage.svelte', 'src/pages/call/MeetingView.svelte'], kb_max: JOIN_KB_MAX },
  { name: 'sign in', roots: ['src/pages/account/SignInPage.svelte'] },
  { name: 'home', roots: ['src/shell/Shell.svelte', 'src/pages/home/HomePage.svelte'] },
  { name: 'apply', roots: ['src/shell/Shell.svelte', 'src/pages/booking/ApplyPage.svelte'] },
];

const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', DIST), 'utf8'));
const sizes = new Map();

/** What the server sends: the Brotli file beside it, or the file itself where that would be larger. */
async function sizeOf(file) {
  if (!sizes.has(file)) {
    const path = new URL(file, DIST);
    const br = await stat(new URL(`${file}.br`, DIST)).catch(() => null);
    sizes.set(file, (br ?? (await stat(path))).size);
  }
  return sizes.get(file);
}

/** A module that several pages ask for may stand in a chunk that bears its name instead of its path. */
function keyOf(module) {
  const name = module.split('/').at(-1).replace(/\.\w+$/, '');
  const key = manifest[module] ? module : Object.keys(manifest).find((it) => manifest[it].name === name && manifest[it].file.endsWith('.js'));
  if (!key) throw new Error(`no chunk for ${module}: was it renamed?`);
  return key;
}

/** The chunk and all that it imports, not what it may import later. */
function closure(module, seen = new Set()) {
  const key = keyOf(module);
  const chunk = manifest[key];
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of chunk.imports ?? []) closure(next, seen);
  return seen;
}

let over = false;
for (const page of PAGES) {
  const chunks = new Set();
  for (const root of [ENTRY, ...page.roots]) closure(keyOf(root), chunks);
  const files = [...chunks].map((it) => manifest[it].file).filter((it) => it.endsWith('.js'));
  const listed = await Promise.all(files.map(async (file) => ({ file, bytes: await sizeOf(file) })));
  const bytes = listed.reduce((sum, it) => sum + it.bytes, 0);
  const kb = (value) => (value / 1000).toFixed(1);
  const bound = page.kb_max === undefined ? '' : ` of ${page.kb_max}`;
  console.log(`first load of ${page.name}: ${kb(bytes)}${bound} kB in ${files.length} files`);
  if (process.argv.includes('--files')) for (const it of listed.sort((a, b) => b.bytes - a.bytes)) console.log(`  ${kb(it.bytes).padStart(7)}  ${it.file}`);
  if (page.kb_max !== undefined && bytes > page.kb_max * 1000) over = true;
}
// The manifest is for this script: the service embeds what stands in the folder.
if (!process.argv.includes('--keep')) await rm(new URL('.vite/', DIST), { recursive: true });
if (over) {
  console.error('the join page is too heavy: load what it needs only later by import(), or run scripts/first-load.mjs --files --keep after vite build');
  process.exit(1);
}
