// Writes a .br and a .gz beside every text file of the build, so that the server compresses nothing while people wait.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = new URL('../dist', import.meta.url).pathname;
const TEXT = /\.(html|js|css|svg|json|txt|webmanifest|wasm|map)$/;
/** Below this a second file costs more than it saves. */
const SIZE_MIN = 512;

let files = 0;
let plain = 0;
let small = 0;
for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const bytes = await readFile(path);
  if (bytes.length < SIZE_MIN) continue;
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  await writeFile(`${path}.br`, br);
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  files += 1;
  plain += bytes.length;
  small += br.length;
}
console.log(`precompressed ${files} files: ${Math.round(plain / 1024)} KiB, ${Math.round(small / 1024)} KiB as br`);
