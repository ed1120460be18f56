import { defineConfig } from 'vitest/config';

// One story after another: two cores carry three browsers and a service, not more.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    environment: 'node',
    setupFiles: ['failed.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    bail: 0,
    retry: 0,
    reporters: ['verbose'],
  },
});
