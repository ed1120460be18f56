// A page of somebody else's, on an origin of its own, joins a meeting with the library of docs/embedding.md: its own service asks for the
// grant, and an officer in Sidang and the page see each other.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, readCounter, signIn, until } from './browser';
import { Service } from './service';

const EMAILS = ['ahmad.faizal@', 'lim.siewling@'];
const built = join(import.meta.dirname, '..', 'dist-embed');
const KINDS: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

let service: Service;
let portal: Server;
let origin = '';
let officers: Officer[] = [];
const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const meeting = () => service.printed.find((line) => line.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!;

/** What the agency's own service does: it signs in to Sidang for its officer and hands the page a grant, nothing else. */
async function grant(id: string): Promise<{ status: number; body: object }> {
  const { email, password } = person(EMAILS[1]!);
  const api = `${service.origin}/api/v1`;
  const json = { 'content-type': 'application/json', origin: service.origin };
  const entered = await fetch(`${api}/session`, { method: 'POST', headers: json, body: JSON.stringify({ email, password }) });
  const cookie = entered.headers.getSetCookie().map((it) => it.split(';')[0]).join('; ');
  const { csrf_token } = (await entered.json()) as { csrf_token: string };
  const answer = await fetch(`${api}/meetings/${id}/grant`, { method: 'POST', headers: { ...json, cookie, 'x-csrf-token': csrf_token }, body: '{}' });
  const said = (await answer.json()) as { token: string; signal_url: string };
  if (!answer.ok) return { status: answer.status, body: said };
  return { status: 200, body: { token: said.token, signalUrl: new URL(said.signal_url, service.origin).href.replace(/^http/, 'ws') } };
}

beforeAll(async () => {
  portal = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://portal');
      if (request.method === 'POST' && pathname === '/grant') {
        let body = '';
        for await (const part of request) body += part;
        const { status, body: said } = await grant((JSON.parse(body) as { meeting: string }).meeting);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
        return;
      }
      const file = join(built, pathname === '/' ? 'index.html' : pathname);
      const content = await readFile(file).catch(() => undefined);
      response.writeHead(content === undefined ? 404 : 200, { 'content-type': KINDS[extname(file)] ?? 'text/plain' }).end(content ?? '');
    })();
  });
  await new Promise<void>((done) => portal.listen(0, '127.0.0.1', done));
  origin = `http://localhost:${(portal.address() as AddressInfo).port}`;
  service = await Service.start({ demo: true, environment: { SIDANG_MEDIA_EMBEDDING_ORIGINS: origin } });
  const first = await openBrowser({ camera: 1 });
  officers = [first, await openContext(first.browser)];
  await signIn(first, service, person(EMAILS[0]!));
});

afterAll(async () => {
  await officers[0]?.browser.close();
  portal.close();
  await service.dispose();
});

test('the page joins, sees and is seen, and leaves', async () => {
  const [{ page: officer }, { page: embedder, complaints }] = officers as [Officer, Officer];
  await officer.goto(`${meeting()}/join`);
  await officer.locator('[data-testid=join]').click();
  await officer.locator('[data-testid=meeting][data-phase=in]').waitFor();
  await embedder.goto(`${origin}/?meeting=${new URL(meeting()).pathname.split('/')[2]}`);
  await embedder.locator('#join').click();
  await embedder.locator('#state[data-phase=in]').waitFor();
  const name = person(EMAILS[1]!).role.split('  ').at(-1)!.trim();
  await until('the officer sees the page', async () => (await readCounter(officer, `[data-testid=tile][data-name="${name}"] video`))?.right);
  await until('the page sees both', async () => (await embedder.locator('figure').count()) === 2);
  for (const index of [0, 1]) await until(`picture ${index + 1} of the page`, async () => (await readCounter(embedder, `figure >> nth=${index} >> video`))?.right);
  expect(await embedder.locator('#sounds audio').count()).toBeGreaterThan(0);
  await picture(embedder, 'embedding');
  await embedder.locator('#leave').click();
  await embedder.locator('#state[data-phase=over]').waitFor();
  await until('the officer is alone', async () => (await officer.locator('[data-testid=tile]').count()) === 1);
  expect(complaints).toEqual([]);
});

test('a page of an origin that is not listed is not let in', async () => {
  const { page } = officers[1]!;
  const foreign = origin.replace('localhost', '127.0.0.1');
  await page.goto(`${foreign}/?meeting=${new URL(meeting()).pathname.split('/')[2]}`);
  const opened = await page.evaluate(
    (address) =>
      new Promise((done) => {
        const socket = new WebSocket(address);
        socket.addEventListener('open', () => done('open'));
        socket.addEventListener('close', () => done('closed'));
      }),
    `${service.origin.replace(/^http/, 'ws')}/media/signal`,
  );
  expect(opened).toBe('closed');
});
