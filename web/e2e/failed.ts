// A test that fails leaves a picture of every page that is open, under `out/failed`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFailed, beforeEach } from 'vitest';
import { openPages } from './browser';

const folder = join(import.meta.dirname, 'out', 'failed');

beforeEach(({ task }) => {
  onTestFailed(async () => {
    mkdirSync(folder, { recursive: true });
    const name = `${task.file.name}-${task.name}`.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 120);
    const pages = [...openPages].filter((page) => !page.isClosed());
    await Promise.all(pages.map((page, nth) => page.screenshot({ path: join(folder, `${name}-${nth}.png`), timeout: 10_000 }).catch(() => undefined)));
  });
});
