import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The call as a library and the example that uses it (`docs/embedding.md`), into a folder of their own: the executable does not serve them. */
export default defineConfig({
  root: fileURLToPath(new URL('./embed', import.meta.url)),
  base: './',
  publicDir: false,
  build: {
    outDir: '../dist-embed',
    emptyOutDir: true,
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
    rolldownOptions: {
      input: { example: fileURLToPath(new URL('./embed/index.html', import.meta.url)), 'sidang-call': fileURLToPath(new URL('./embed/sidang-call.ts', import.meta.url)) },
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: (chunk) => (chunk.name === 'sidang-call' ? 'sidang-call.js' : 'assets/[name]-[hash].js') },
    },
  },
});
