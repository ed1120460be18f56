// Breakout rooms, by three people: the chair divides them, visits, is called for help and brings them back; who is apart is not seen or heard.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loudness, type Officer, openBrowser, openContext, picture, readCounter, signIn, until } from './browser';
import { Service } from './service';
import { word } from './words';

// The demonstration's open meeting: the first is its host, the others are members.
const EMAILS = ['ahmad.faizal@', 'lim.siewling@', 'arumugam.krishnan@'];
const SILENCE = 0.001;

let service: Service;
let host: Officer;
let one: Officer;
let two: Officer;

const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const nameOf = (email: string) => person(email).role.split('  ').at(-1)!.trim();
const meeting = () => service.printed.find((line) => line.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!;

beforeAll(async () => {
  service = await Service.start({ demo: true });
  [host, one] = await Promise.all([openBrowser({ camera: 1, width: 1440, height: 900 }), openBrowser({ camera: 2, width: 1024, height: 768 })]);
  two = await openContext(one.browser, { width: 390, height: 844, touch: true });
  for (const [index, officer] of [host, one, two].entries()) await signIn(officer, service, person(EMAILS[index]!));
});

afterAll(async () => {
  await Promise.all([host.browser.close(), one.browser.close()]);
  await service.dispose();
});

async function join({ page }: Officer): Promise<void> {
  await page.goto(`${meeting()}/join`);
  await page.locator('[data-testid=join]').click();
  await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
}

async function accessible(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  expect.soft(grave, `${name}: serious or critical`).toEqual([]);
  await picture(page, `breakout/${name}`);
}

/** Whose tiles are drawn. */
const seen = (page: Page) => page.locator('[data-testid=tile]').evaluateAll((tiles) => tiles.map((it) => it.getAttribute('data-name')).sort());
const sees = (who: Officer, emails: string[]) =>
  until(`${emails.length} tiles`, async () => JSON.stringify(await seen(who.page)) === JSON.stringify(emails.map(nameOf).sort()));
const standsIn = ({ page }: Officer, room: string) => page.locator(`[data-testid=breakout-bar][data-room="${room}"]`).waitFor();
const picturesOf = (page: Page, email: string) => until('the real picture', async () => (await readCounter(page, `[data-testid=tile][data-name="${nameOf(email)}"] video`))?.right);

/** The loudest that comes out of any of the page's sounds in so many seconds. */
async function hears(page: Page, seconds: number): Promise<number> {
  const sounds = await page.locator('audio').count();
  const heard = await Promise.all(Array.from({ length: sounds }, (_, at) => loudness(page, `audio >> nth=${at}`, seconds)));
  return Math.max(0, ...heard.flat());
}

describe('three in a meeting', () => {
  const [first, second] = [1, 2].map((number) => word('breakout_name_default', { number: String(number) })) as [string, string];

  test('are divided by the chair, and apart they are neither seen nor heard', async () => {
    await join(host);
    await Promise.all([join(one), join(two)]);
    await sees(two, EMAILS);
    await host.page.locator('[data-testid=more]').click();
    await host.page.getByRole('menuitem', { name: word('breakout_rooms') }).click();
    await host.page.getByLabel(word('breakout_how')).selectOption('hand');
    const place = (email: string) => host.page.locator(`[data-testid=breakout-place][data-name="${nameOf(email)}"]`);
    await place(EMAILS[1]!).selectOption(first);
    await place(EMAILS[2]!).selectOption(second);
    await accessible(host.page, 'plan-1440');
    await host.page.locator('[data-testid=breakout-open]').click();
    await Promise.all([standsIn(one, first), standsIn(two, second)]);
    await Promise.all([sees(host, [EMAILS[0]!]), sees(one, [EMAILS[1]!]), sees(two, [EMAILS[2]!])]);
    await until('it is announced', async () => (await two.page.locator('[aria-live]').allTextContents()).some((it) => it.includes(second)));
    await until('what was on its way has come', async () => (await hears(two.page, 0.5)) < SILENCE);
    expect(await Promise.all([hears(two.page, 2), hears(host.page, 2)]), 'one speaks, and nobody else hears it').toEqual([expect.closeTo(0, 3), expect.closeTo(0, 3)]);
    await Promise.all([accessible(host.page, 'open-1440'), accessible(one.page, 'apart-1024'), accessible(two.page, 'apart-390')]);
  });

  test('are visited, call for help, and read what is for all rooms', async () => {
    await host.page.locator(`[data-testid=breakout-room][data-room="${first}"] [data-testid=breakout-go]`).click();
    await standsIn(host, first);
    await sees(host, [EMAILS[0]!, EMAILS[1]!]);
    await Promise.all([picturesOf(host.page, EMAILS[1]!), picturesOf(one.page, EMAILS[0]!)]);
    await until('the visited is heard', async () => (await hears(host.page, 1)) > 0.01);
    expect(await hears(two.page, 1)).toBeLessThan(SILENCE);
    // By the keyboard alone.
    await two.page.locator('[data-testid=breakout-help]').focus();
    await two.page.keyboard.press('Enter');
    const call = host.page.locator(`[data-testid=breakout-call][data-room="${second}"]`);
    await call.waitFor();
    await accessible(host.page, 'called-1440');
    await call.locator('[data-testid=breakout-answer]').click();
    await standsIn(host, second);
    await sees(two, [EMAILS[0]!, EMAILS[2]!]);
    await call.waitFor({ state: 'detached' });
    await host.page.locator('[data-testid=breakout-text]').fill('Dua minit lagi');
    await host.page.locator('[data-testid=breakout-announce]').click();
    await one.page.locator('[data-testid=note]', { hasText: 'Dua minit lagi' }).waitFor();
  });

  test('go back by themselves and come back, and are together at the end', async () => {
    await one.page.locator('[data-testid=breakout-main]').click();
    await one.page.locator('[data-testid=breakout-own]').click();
    await standsIn(one, first);
    // Who leaves and joins anew stands where they stood.
    await join(one);
    await standsIn(one, first);
    await sees(one, [EMAILS[1]!]);
    await host.page.locator('[data-testid=breakout-close]').click();
    for (const officer of [host, one, two]) await officer.page.locator('[data-testid=breakout-bar]').waitFor({ state: 'detached' });
    await Promise.all([host, one, two].map((it) => sees(it, EMAILS)));
    await picturesOf(two.page, EMAILS[0]!);
    for (const officer of [host, one, two]) expect(officer.complaints.filter((it) => !/401.*\/api\/v1\/session/.test(it))).toEqual([]);
  });
});
