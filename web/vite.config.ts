import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { messageChunk, messagesByArea, places } from './scripts/messages-by-area.ts';

const server = process.env['SIDANG_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig(({ command }) => ({
  plugins: [svelte(), messagesByArea()],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
  },
  build: {
    // light-dark() and <dialog> come as they are: every browser that holds WebRTC simulcast well has them.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // A `data:` font or script is refused by our content security policy.
    assetsInlineLimit: 0,
    sourcemap: false,
    reportCompressedSize: false,
    // Read by scripts/first-load.mjs, which takes it away again.
    manifest: true,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: messageChunk(command === 'build' ? places() : new Map()), debugName: 'messages', priority: 1 }] } },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/media': { target: server, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.{ts,js}'],
    environment: 'node',
    // Compiling all messages takes seconds on a busy machine; nothing here waits on a clock.
    hookTimeout: 60_000,
  },
}));
