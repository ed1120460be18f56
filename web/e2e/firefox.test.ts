// Debian's Firefox, driven over WebDriver BiDi as it is: it joins, sends and receives, beside somebody in Chromium. Its camera is the browser's
// own fake one. Where there is no Firefox, `scripts/install-test-tools` says how to get it.
import { launch, type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Officer, openBrowser, readCounter, signIn, until } from './browser';
import { Service } from './service';

const EMAILS = ['ahmad.faizal@', 'lim.siewling@'];

let service: Service;
let chromium: Officer;
let firefox: Browser;
const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const nameOf = (email: string) => person(email).role.split('  ').at(-1)!.trim();
const meeting = () => service.printed.find((line) => line.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!;

beforeAll(async () => {
  // Firefox pairs nothing with the loopback: the host's own address is announced.
  service = await Service.start({ demo: true, environment: { SIDANG_MEDIA_LISTEN: '0.0.0.0:0' } });
  chromium = await openBrowser({ camera: 1 });
  await signIn(chromium, service, person(EMAILS[0]!));
  firefox = await launch({
    browser: 'firefox',
    executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.autoplay.default': 0,
      'intl.accept_languages': 'ms-MY',
    },
  });
});

afterAll(async () => {
  await firefox?.close();
  await chromium?.browser.close();
  await service.dispose();
});

const state = (page: Page, what: string) => page.$eval('[data-testid=meeting]', (it, name) => it.getAttribute(name), what).catch(() => null);

/** Pictures that an element has drawn so far, and how wide they are. */
const drawn = (page: Page, video: string) =>
  page
    .$eval(video, (it) => {
      const { videoWidth, currentTime, readyState } = it as HTMLVideoElement;
      return { videoWidth, currentTime, readyState };
    })
    .catch(() => undefined);

test('Firefox joins, sends and receives', async () => {
  await chromium.page.goto(`${meeting()}/join`);
  await chromium.page.locator('[data-testid=join]').click();
  await chromium.page.locator('[data-testid=meeting][data-phase=in]').waitFor();

  const page = await firefox.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(service.origin);
  await (await page.waitForSelector('input[type=email]'))!.type(person(EMAILS[1]!).email);
  await (await page.waitForSelector('input[type=password]'))!.type(person(EMAILS[1]!).password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('header.masthead');
  await page.goto(`${meeting()}/join`);
  await (await page.waitForSelector('[data-testid=preview] video[data-drawn=true]'))!.dispose();
  await (await page.waitForSelector('[data-testid=join]'))!.click();
  await until('Firefox is in', async () => (await state(page, 'data-phase')) === 'in');

  const chromiumInFirefox = `[data-testid=tile][data-name="${nameOf(EMAILS[0]!)}"] video`;
  const first = await until('Firefox draws the picture from Chromium', async () => {
    const now = await drawn(page, chromiumInFirefox);
    return now !== undefined && now.videoWidth > 0 && now.readyState >= 2 && now;
  });
  await until('and it moves', async () => ((await drawn(page, chromiumInFirefox))?.currentTime ?? 0) > first.currentTime + 1);

  const firefoxInChromium = chromium.page.locator(`[data-testid=tile][data-name="${nameOf(EMAILS[1]!)}"] video[data-drawn=true]`);
  await firefoxInChromium.waitFor();
  const frames = () => firefoxInChromium.evaluate((it) => (it as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames);
  const before = await frames();
  await until('Chromium draws what Firefox sends', async () => (await frames()) > before + 10);
  await until('sound comes from Firefox', async () => (await chromium.page.locator(`[data-testid=tile][data-name="${nameOf(EMAILS[1]!)}"]`).getAttribute('data-muted')) === 'false');
  expect((await readCounter(chromium.page, '[data-testid=tile][data-self=true] video'))?.right).toBe(true);
  await page.screenshot({ path: `${import.meta.dirname}/out/pictures/firefox.png` });
  expect(complaints).toEqual([]);
});
