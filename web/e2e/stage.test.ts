// What a person does alone in a meeting: layouts and pins, the own picture, a shared screen that is paused, a line that is spared, keys and
// announcements, a network that goes and comes. Two officers with real pictures.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, readCounter, signIn, until } from './browser';
import { Service } from './service';

const EMAILS = ['ahmad.faizal@', 'lim.siewling@'];

let service: Service;
let officers: Officer[] = [];
const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const nameOf = (index: number) => person(EMAILS[index]!).role.split('  ').at(-1)!.trim();

beforeAll(async () => {
  service = await Service.start({ demo: true });
  const first = await openBrowser({ camera: 1, width: 1440, height: 900 });
  officers = [first, await openContext(first.browser, { width: 1024, height: 768, language: 'en-GB' })];
  for (const [index, officer] of officers.entries()) await signIn(officer, service, person(EMAILS[index]!));
  // The one in Malay, the other in English.
  await officers[1]!.page.evaluate(() => localStorage.setItem('sidang.locale', 'en'));
});

afterAll(async () => {
  await officers[0]?.browser.close();
  await service.dispose();
});

const link = () => service.printed.find((line) => line.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!;
const stage = (page: Page) => page.locator('[data-testid=stage]');
const tile = (page: Page, who: string, kind = 'person') => page.locator(`[data-testid=tile][data-kind=${kind}][data-name="${who}"]`);

/** No rule is left out; only what axe itself counts as small is. */
async function sound(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  expect.soft(grave, what).toEqual([]);
}

async function atAllWidths(page: Page, name: string): Promise<void> {
  for (const [width, height] of [[390, 844], [1024, 768], [1440, 900]] as const) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(wide, `${name}: pixels of horizontal scroll at ${width}`).toBe(0);
    await picture(page, `stage/${name}-${width}`);
  }
}

describe('before the meeting', () => {
  test('the picture is framed, the voice is heard again, and the page is sound', async () => {
    const { page } = officers[0]!;
    await page.goto(`${link()}/join`);
    await until('the preview', async () => (await readCounter(page, '[data-testid=preview] video'))?.right);
    await page.locator('[data-testid=framing]').click();
    for (const index of [0, 1]) await page.locator('summary').nth(index).click();
    await sound(page, 'green room');
    await atAllWidths(page, 'green-room');
    await page.locator('[data-testid=echo-test]').click();
    await page.locator('[data-testid=echo-test][data-state=recording]').waitFor();
    await page.locator('[data-testid=echo-test][data-state=playing]').waitFor();
    await page.locator('[data-testid=echo-test]').click();
    await page.locator('[data-testid=line-details] summary').click();
    await page.locator('[data-testid=line-test-start]').click();
    await page.locator('[data-testid=line-test][data-done=true]').waitFor();
    const graded = (step: string) => page.locator(`[data-step=${step}]`).getAttribute('data-grade');
    expect(await Promise.all(['service', 'signalling', 'udp'].map(graded))).toEqual([expect.stringMatching(/good|fair|poor/), expect.stringMatching(/good|fair|poor/), 'later']);
    await sound(page, 'line test before the meeting');
    await picture(page, 'stage/line-test-before-1440');
    await page.locator('[data-testid=clean-noise]').click();
    await until('the microphone is heard without cleaning too', async () => Number(await page.locator('[data-testid=mic-level]').getAttribute('data-level')) > 0);
  });
});

describe('in the meeting', () => {
  test('two see each other', async () => {
    for (const { page } of officers) {
      await page.goto(`${link()}/join`);
      await page.locator('[data-testid=join]').click();
      await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
    }
    for (const [index, { page }] of officers.entries())
      await until('the other’s picture', async () => (await readCounter(page, `[data-testid=tile][data-name="${nameOf(1 - index)}"] video`))?.right);
  });

  test('layouts, pins and the own picture follow keys and menus', async () => {
    const { page } = officers[0]!;
    await page.locator('body').press('l');
    await until('a grid', async () => (await stage(page).getAttribute('data-layout')) === 'grid');
    await page.locator('body').press('l');
    await until('the speaker layout', async () => (await stage(page).getAttribute('data-layout')) === 'speaker');
    await page.locator('body').press('l');
    await until('side by side', async () => (await stage(page).getAttribute('data-layout')) === 'side');
    await atAllWidths(page, 'side');
    await page.locator('body').press('o');
    await page.locator('body').press('o');
    await until('oneself hidden', async () => (await tile(page, nameOf(0)).count()) === 0);
    await page.locator('body').press('o');
    await page.locator('body').press('l');
    await tile(page, nameOf(1)).hover();
    await tile(page, nameOf(1)).getByRole('button').click();
    await page.getByRole('menuitem').first().click();
    await page.locator(`[data-testid=tile][data-name="${nameOf(1)}"][data-pinned=true]`).waitFor();
    expect(await stage(page).getAttribute('data-layout')).toBe('speaker');
    await page.locator('body').press('u');
    await until('nothing pinned', async () => (await page.locator('[data-pinned=true]').count()) === 0);
    await page.getByRole('button', { name: 'Paparan' }).click();
    await page.getByRole('menuitemradio').first().waitFor();
    await sound(page, 'view menu');
    await atAllWidths(page, 'view-menu');
    await page.keyboard.press('Escape');
  });

  test('the meeting goes into a small window and back', async () => {
    const { page, context } = officers[0]!;
    const opened = context.waitForEvent('page');
    await page.locator('body').press('k');
    const small = await opened;
    await until('the other’s picture in the small window', async () => (await small.locator('[data-testid=pip] video[data-drawn=true]').count()) === 1);
    expect(await small.locator('[data-testid=pip]').evaluate((it) => getComputedStyle(it).position), 'with the styles of the page').toBe('fixed');
    await picture(small, 'stage/small-window');
    await small.getByRole('button').nth(1).click();
    await until('it is closed', async () => small.isClosed());
    await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
  });

  test('a screen is shared after the reminder, paused and stopped', async () => {
    const [{ page }, { page: other }] = officers as [Officer, Officer];
    await page.locator('body').press('s');
    await page.locator('[data-testid=ask-share]').waitFor();
    expect(await page.locator('[data-testid=ask-share]').textContent()).toContain('MEET-4');
    await sound(page, 'share dialog');
    await atAllWidths(page, 'share-dialog');
    await page.locator('[data-testid=confirm]').click();
    await page.locator('[data-testid=sharing][data-paused=false]').waitFor();
    const shared = tile(other, nameOf(0), 'share').locator('video[data-drawn=true]');
    await shared.waitFor();
    await picture(other, 'stage/shared-1024');
    await page.locator('body').press('z');
    await page.locator('[data-testid=sharing][data-paused=true]').waitFor();
    await sound(page, 'sharing');
    await atAllWidths(page, 'sharing-paused');
    // What is held still comes, again and again.
    const drawn = () => shared.evaluate((it) => (it as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames);
    const before = await drawn();
    await until('the held picture goes on', async () => (await drawn()) > before + 1);
    await page.locator('[data-testid=share-stop]').click();
    await until('the share is gone', async () => (await tile(other, nameOf(0), 'share').count()) === 0);
  });

  test('a line is spared: sound only, but for what is pinned', async () => {
    const { page } = officers[1]!;
    await page.locator('[data-testid=line]').click();
    await page.locator('[data-testid=line-dialog]').waitFor();
    await sound(page, 'line dialog');
    await page.locator('[data-testid=line-test-start]').click();
    await page.locator('[data-testid=line-test][data-done=true]').waitFor();
    await page.locator('[data-step=udp][data-grade=good]').waitFor();
    await page.locator('[data-testid=line-test-copy]').click();
    await until('the report is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())).includes('[udp=good]'));
    await atAllWidths(page, 'line');
    await page.getByRole('radio', { name: /Sound only/ }).check();
    await page.keyboard.press('Escape');
    await page.locator('[data-testid=mode][data-mode=audio]').waitFor();
    await until('no picture is received', async () => (await tile(page, nameOf(0)).getAttribute('data-held')) === 'spared');
    await until('the own camera is off', async () => (await page.locator('[data-testid=camera]').getAttribute('aria-pressed')) === 'false');
    await atAllWidths(page, 'audio-only');
    await tile(page, nameOf(0)).hover();
    await tile(page, nameOf(0)).getByRole('button').click();
    await page.getByRole('menuitem').first().click();
    await until('the pinned is received', async () => (await tile(page, nameOf(0)).locator('video[data-drawn=true]').count()) === 1);
    await page.locator('[data-testid=line]').click();
    await page.getByRole('radio', { name: /Everything/ }).check();
    await page.keyboard.press('Escape');
    await page.locator('body').press('u');
  });

  test('every key is listed, the space bar is held to speak, announcements are chosen', async () => {
    const { page } = officers[1]!;
    await page.locator('body').press('?');
    await page.locator('[data-testid=shortcuts]').waitFor();
    await sound(page, 'keys');
    await atAllWidths(page, 'keys');
    await page.locator('[data-testid=tell-speaking]').check();
    await page.keyboard.press('Escape');
    await until('somebody is said to speak', async () => (await page.locator('[aria-live]').allTextContents()).some((it) => it.includes(`${nameOf(0)} speaks`)));
    const microphone = page.locator('[data-testid=mic]');
    await page.locator('body').press('m');
    await until('off', async () => (await microphone.getAttribute('aria-pressed')) === 'false');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.down(' ');
    await until('on while held', async () => (await microphone.getAttribute('aria-pressed')) === 'true');
    await page.keyboard.up(' ');
    await until('off again', async () => (await microphone.getAttribute('aria-pressed')) === 'false');
  });

  test('a window of twice the size cuts nothing off', async () => {
    const { page } = officers[0]!;
    // 200 % of a window of 1280 × 800 is half of it in the page's pixels.
    await page.setViewportSize({ width: 640, height: 400 });
    for (const it of await page.locator('[role=toolbar] button').all()) expect(await it.isVisible()).toBe(true);
    const outside = await page.evaluate(() => [...document.querySelectorAll('[role=toolbar] button')].filter((it) => it.getBoundingClientRect().right > innerWidth + 1 || it.getBoundingClientRect().bottom > innerHeight + 1).length);
    expect(outside).toBe(0);
    await picture(page, 'stage/zoom-200');
    await page.setViewportSize({ width: 844, height: 390 });
    await picture(page, 'stage/telephone-on-its-side');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('ten seconds without a network: nobody is thrown out, and what happened meanwhile is known', async () => {
    const [{ page: here }, { page: away, context }] = officers as [Officer, Officer];
    const session = await away.locator('[data-testid=meeting]').getAttribute('data-session');
    const shown = (page: Page, who: number) => readCounter(page, `[data-testid=tile][data-name="${nameOf(who)}"] video`);
    await until('a picture', async () => (await shown(away, 0))?.right);
    await context.setOffline(true);
    const since = Date.now();
    await here.locator('[data-testid=hand]').click();
    await until('ten seconds', async () => Date.now() - since > 10_000);
    expect(await here.locator('[data-testid=meeting]').getAttribute('data-people')).toBe('2');
    await context.setOffline(false);
    await away.locator('[data-testid=meeting][data-phase=in]').waitFor();
    await tile(away, nameOf(0)).and(away.locator('[data-hand="1"]')).waitFor();
    expect(await away.locator('[data-testid=meeting]').getAttribute('data-session')).toBe(session);
    const before = (await until('a picture after it', async () => shown(away, 0)))!.counter;
    await until('a picture that moves', async () => ((await shown(away, 0))?.counter ?? before) !== before);
    await here.locator('[data-testid=hand]').click();
  });

  test('no page complained', () => {
    // Before signing in the client asks who one is; the browser complains of the answer, and of a network that is gone.
    expect(officers.flatMap((it) => it.complaints).filter((it) => !/401.*\/api\/v1\/session|ERR_INTERNET_DISCONNECTED/.test(it))).toEqual([]);
  });
});
