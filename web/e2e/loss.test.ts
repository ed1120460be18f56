// A conversation over bad lines: two people in real Chromium behind a relay that loses datagrams and takes its time, and what their browsers
// had to make up of each other's sound (`concealedSamples`, W3C webrtc-stats).
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, signIn, until } from './browser';
import { Service } from './service';

const loadtest = resolve(import.meta.dirname, '../../target/debug/loadtest');
const EMAILS = ['ahmad.faizal@', 'lim.siewling@'];
const SECONDS = Number(process.env['SIDANG_LOSS_SECONDS'] ?? 30);

let port = 0;
let service: Service;
let officers: Officer[] = [];
let line: ChildProcess | undefined;

beforeAll(async () => {
  port = await freePort();
  service = await Service.start({
    demo: true,
    environment: { SIDANG_MEDIA_LISTEN: `127.0.0.1:${port}`, SIDANG_MEDIA_ANNOUNCE: '127.0.0.2', SIDANG_LOG_FILTER: 'info' },
  });
  officers = await Promise.all([1, 2].map((camera) => openBrowser({ camera })));
  for (const [index, officer] of officers.entries()) await signIn(officer, service, service.people.find((it) => it.email.startsWith(EMAILS[index]!))!);
});

afterEach(() => void line?.kill());

afterAll(async () => {
  await Promise.all(officers.map((officer) => officer.browser.close()));
  await service.dispose();
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const free = socket.address().port;
  socket.close();
  await once(socket, 'close');
  return free;
}

/** Between everyone and the node: percent lost each way, milliseconds each way. */
async function badLine(up: number, down: number, delayMs: number): Promise<void> {
  const conditions = ['--loss-up', `${up}`, '--loss-down', `${down}`, '--delay-ms', `${delayMs}`];
  line = spawn(loadtest, ['line', '--listen', `127.0.0.2:${port}`, '--node', `127.0.0.1:${port}`, ...conditions], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [ready] = (await once(createInterface({ input: line.stdout! }), 'line')) as [string];
  expect(ready).toBe(`line: 127.0.0.2:${port}`);
}

async function join(officer: Officer): Promise<void> {
  const { page } = officer;
  await page.goto(`${service.printed.find((it) => it.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!}/join`);
  await page.locator('[data-testid=green-room]').waitFor();
  const camera = page.locator('[data-testid=green-room] [data-testid=camera]');
  if ((await camera.getAttribute('aria-pressed')) === 'true') await camera.click();
  await until('the microphone is heard', async () => Number(await page.locator('[data-testid=mic-level]').getAttribute('data-level')) > 0);
  await page.locator('[data-testid=join]').click();
  await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
}

interface Heard {
  samples: number;
  concealed: number;
  silent: number;
  packets: number;
  lost: number;
  nacks: number;
  delay: number;
}

/** Over all audio that the page was ever given. */
async function heard(officer: Officer): Promise<Heard> {
  return officer.page.evaluate(async () => {
    const sum = { samples: 0, concealed: 0, silent: 0, packets: 0, lost: 0, nacks: 0, delay: 0 };
    const connection = (window as unknown as { madeConnections: RTCPeerConnection[] }).madeConnections.filter((it) => it.connectionState === 'connected').at(-1);
    for (const entry of (await connection?.getStats())?.values() ?? []) {
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'audio') continue;
      sum.samples += entry.totalSamplesReceived ?? 0;
      sum.concealed += entry.concealedSamples ?? 0;
      sum.silent += entry.silentConcealedSamples ?? 0;
      sum.packets += entry.packetsReceived ?? 0;
      sum.lost += entry.packetsLost ?? 0;
      sum.nacks += entry.nackCount ?? 0;
      sum.delay += entry.jitterBufferDelay ?? 0;
    }
    return sum;
  });
}

/** Lets them talk, and gives for each what share of what was played was made up, in percent. */
async function talk(name: string): Promise<number[]> {
  for (const officer of officers) {
    await join(officer);
  }
  for (const officer of officers) await until('the other is heard', async () => (await heard(officer)).packets > 100);
  const before = await Promise.all(officers.map(heard));
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  const after = await Promise.all(officers.map(heard));
  const concealed = after.map((it, index) => {
    const first = before[index]!;
    const samples = it.samples - first.samples;
    const share = (part: number) => Number(((100 * part) / samples).toFixed(2));
    console.log(`${name}, person ${index + 1}: ${share(it.concealed - first.concealed)} % concealed (${share(it.silent - first.silent)} % in silence) of ${samples} samples, `
      + `${it.packets - first.packets} packets, ${it.lost - first.lost} lost for good, ${it.nacks - first.nacks} asked for`);
    return share(it.concealed - first.concealed);
  });
  for (const officer of officers) await officer.page.locator('[data-testid=leave]').click();
  return concealed;
}

describe('what is made up of the other’s sound', () => {
  test('on clean lines, a round trip of 100 ms', async () => {
    await badLine(0, 0, 50);
    for (const share of await talk('clean, 100 ms')) expect(share).toBeLessThanOrEqual(2);
  });

  test('at thirty per cent lost towards the listener', async () => {
    await badLine(0, 30, 50);
    for (const share of await talk('30 % down, 100 ms')) expect(share).toBeLessThanOrEqual(5);
  });

  // The bar of 5 % is not met here yet (docs/measurements.md): printed, and held to what Opus' own correction alone costs on one such line.
  test('at thirty per cent lost each way, for both', async () => {
    await badLine(30, 30, 50);
    for (const share of await talk('30 % each way, 100 ms')) expect(share).toBeLessThan(21.5);
  });
});
