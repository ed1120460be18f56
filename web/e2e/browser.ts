// Debian's Chromium, one process for each person (camera and microphone files are set for a process), driven as a person would.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Locator, type Page, chromium } from 'playwright-core';
import { dateAt } from './clock';
import { COLUMNS, type MediaFiles, ROWS, checksum, mediaOf } from './media';
import type { Person, Service } from './service';

const pictures = join(import.meta.dirname, 'out', 'pictures');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // A page that a test hands out itself has no address of its own, and would not be let to the service.
  `--disable-features=WebRtcHideLocalIpsWithMdns${process.env['SIDANG_E2E_CLIENT'] === undefined ? '' : ',LocalNetworkAccessChecks'}`,
  '--auto-select-desktop-capture-source=Entire screen',
];

/** Everything here takes a second or two; a machine that builds beside it may take its time. */
const PATIENCE_MS = 60_000;

export interface Officer {
  browser: Browser;
  context: BrowserContext;
  page: Page;
  /** What the page complained of, for the failing test's message. */
  complaints: string[];
}

export interface BrowserOptions {
  camera?: number;
  /** Another camera and microphone than those of a number. */
  files?: MediaFiles;
  language?: 'ms-MY' | 'en-GB';
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** A screen that is touched. */
  touch?: boolean;
  /** As the service's. */
  clockOffsetMs?: number;
}

export async function openBrowser(options: BrowserOptions = {}): Promise<Officer> {
  const flags = [...FLAGS];
  const files = options.files ?? (options.camera === undefined ? undefined : await mediaOf(options.camera));
  if (files !== undefined) {
    flags.push(`--use-file-for-fake-video-capture=${files.picture}`, `--use-file-for-fake-audio-capture=${files.sound}`);
  }
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: flags, headless: true });
  return openContext(browser, options);
}

/** Every page of this file's people, for the picture of a failure. */
export const openPages = new Set<Page>();

/** One more person in a browser that runs, where nobody's own camera matters. */
export async function openContext(browser: Browser, options: BrowserOptions = {}): Promise<Officer> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    locale: options.language ?? 'ms-MY',
    timezoneId: 'Asia/Kuala_Lumpur',
    colorScheme: options.colorScheme ?? 'light',
    hasTouch: options.touch ?? false,
    // A worker would fetch past the files that are handed out here.
    serviceWorkers: process.env['SIDANG_E2E_CLIENT'] === undefined ? 'allow' : 'block',
    permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'],
  });
  // The browser's own statistics, without a hook in the client: remember the connections that the page makes.
  await context.addInitScript(() => {
    const Native = window.RTCPeerConnection;
    const made: RTCPeerConnection[] = [];
    Object.assign(window, { madeConnections: made });
    window.RTCPeerConnection = class extends Native {
      constructor(...given: ConstructorParameters<typeof RTCPeerConnection>) {
        super(...given);
        made.push(this);
      }
    } as typeof RTCPeerConnection;
  });
  await clientFrom(context);
  if (options.clockOffsetMs)
    await context.addInitScript((offset) => {
      const Native = Date;
      const now = () => Native.now() + offset;
      // The same class in all but what time it is.
      window.Date = new Proxy(Native, {
        construct: (target, given) => (given.length === 0 ? new target(now()) : Reflect.construct(target, given)),
        apply: () => new Native(now()).toString(),
        get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
      });
    }, options.clockOffsetMs);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  openPages.add(page);
  page.on('close', () => openPages.delete(page));
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${new URL(message.location().url || 'about:blank').pathname})`);
  });
  return { browser, context, page, complaints };
}

/**
 * While a page is worked on: the client's files are taken from `web/dist` instead of from within the executable, which need not be built anew
 * for them (`SIDANG_E2E_CLIENT=dist`).
 */
async function clientFrom(context: BrowserContext): Promise<void> {
  const folder = process.env['SIDANG_E2E_CLIENT'];
  if (folder === undefined) return;
  await context.route(
    ({ pathname }) => !/^\/(api|media|internal|\.well-known)\//.test(pathname),
    async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(import.meta.dirname, '..', folder, /\.\w+$/.test(pathname) ? pathname : 'index.html');
      if (!existsSync(file)) return route.fulfill({ status: 404 });
      // With the service's own headers, the content security policy above all.
      const policy = pathname.startsWith('/assets/') ? undefined : (await route.fetch()).headers()['content-security-policy'];
      const headers: Record<string, string> = policy === undefined ? {} : { 'content-security-policy': policy };
      return route.fulfill({ path: file, headers });
    },
  );
}

export async function signIn(officer: Officer, service: Service, person: Person): Promise<void> {
  const { page } = officer;
  await page.goto(service.origin);
  await page.locator('input[type=email]').fill(person.email);
  await page.locator('input[type=password]').fill(person.password);
  await page.keyboard.press('Enter');
  await page.locator('header.masthead').waitFor();
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

export interface Reading {
  counter: number;
  person: number;
  right: boolean;
}

/** Reads the counter out of the picture that a video element shows. Nothing: it shows no picture yet. */
export async function readCounter(page: Page, video: string): Promise<Reading | undefined> {
  const lumas = await page.locator(video).first().evaluate(
    (element, [columns, rows]) => {
      const source = element as HTMLVideoElement;
      if (source.readyState < 2 || source.videoWidth === 0) return undefined;
      const canvas = document.createElement('canvas');
      canvas.width = 320;
      canvas.height = 180;
      const drawing = canvas.getContext('2d', { willReadFrequently: true })!;
      drawing.drawImage(source, 0, 0, canvas.width, canvas.height);
      const width = canvas.width / columns!;
      const height = canvas.height / 2 / rows!;
      return Array.from({ length: columns! * rows! }, (_, index) => {
        const left = (index % columns!) * width + width * 0.3;
        const top = Math.floor(index / columns!) * height + height * 0.3;
        const { data } = drawing.getImageData(left, top, width * 0.4, height * 0.4);
        let sum = 0;
        for (let at = 0; at < data.length; at += 4) sum += data[at]! * 0.3 + data[at + 1]! * 0.6 + data[at + 2]! * 0.1;
        return sum / (data.length / 4);
      });
    },
    [COLUMNS, ROWS],
  );
  if (!lumas) return undefined;
  const value = lumas.reduce((bits, luma) => (bits << 1) | (luma > 125 ? 1 : 0), 0);
  const counter = (value >> 8) & 0xffff;
  const person = (value >> 4) & 15;
  return { counter, person, right: (value & 15) === checksum(counter, person) };
}

/** Root mean square of what an element's stream sounds like, every 50 ms for some seconds. */
export async function loudness(page: Page, audio: string, seconds: number): Promise<number[]> {
  return page.locator(audio).first().evaluate(async (element, duration) => {
    const stream = (element as HTMLMediaElement).srcObject as MediaStream;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const levels: number[] = [];
    await new Promise<void>((done) => {
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        levels.push(Math.sqrt(samples.reduce((sum, it) => sum + it * it, 0) / samples.length));
        if (levels.length >= duration * 20) {
          clearInterval(timer);
          done();
        }
      }, 50);
    });
    await context.close();
    return levels;
  }, seconds);
}

export interface Path {
  address: string;
  port: number;
  protocol: string;
}

/** Where the browser's selected candidate pairs lead, by its own statistics. */
export async function remotePaths(page: Page): Promise<Path[]> {
  return page.evaluate(async () => {
    const paths: { address: string; port: number; protocol: string }[] = [];
    for (const connection of (window as unknown as { madeConnections: RTCPeerConnection[] }).madeConnections) {
      if (connection.connectionState !== 'connected') continue;
      const report = await connection.getStats();
      for (const entry of report.values()) {
        if (entry.type !== 'transport' || !entry.selectedCandidatePairId) continue;
        const pair = report.get(entry.selectedCandidatePairId);
        const remote = report.get(pair.remoteCandidateId);
        paths.push({ address: remote.address, port: remote.port, protocol: remote.protocol });
      }
    }
    return paths;
  });
}

/** Waits until a condition over the page holds; the deadline is the test's own. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never came: ${what}${last instanceof Error ? ` (${last.message})` : ''}`);
}

/** Types the date of that instant, in Malaysia, into a date field: the first on the page unless told. */
export async function typeDate(page: Page, at_ms: number, field: Locator = page.locator('.date-segment').first()): Promise<void> {
  const [year, month, day] = dateAt(at_ms);
  await field.click();
  await page.keyboard.type(`${day}${month}${year}`, { delay: 20 });
}
