// Puts what finds the person in a camera's picture where the bundler takes it from. It comes out of a package (MediaPipe selfie segmentation,
// Apache-2.0) and is served by us alone. The program is packed here once, because a server that packs 5.7 MB whenever it starts starts late.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const from = dirname(createRequire(import.meta.url).resolve('@mediapipe/selfie_segmentation/package.json'));
const to = fileURLToPath(new URL('../src/media/backdrop/vision/', import.meta.url));
const ENGINE = 'selfie_segmentation_solution_simd_wasm_bin';

const older = async (made, source) => {
  const [a, b] = await Promise.all([stat(made).catch(() => undefined), stat(source)]);
  return a === undefined || a.mtimeMs < b.mtimeMs || a.size === 0;
};

async function make(name, source, change) {
  const made = join(to, name);
  if (await older(made, join(from, source))) await writeFile(made, change(await readFile(join(from, source))));
}

await mkdir(to, { recursive: true });
await make('engine.wasm.gz', `${ENGINE}.wasm`, (bytes) => gzipSync(bytes, { level: 9 }));
// Written for a page's <script>, which it hands its one name to; a worker's module hands it on.
await make('engine.js', `${ENGINE}.js`, (bytes) => `${bytes}\nexport default createMediapipeSolutionsWasm;\n`);
await make('solution.js', 'selfie_segmentation.js', (bytes) => bytes);
