// What people do together in a meeting, by four of them in one browser: they write, raise hands, are given the floor, vote, wait before the door
// and are let in; and what a chair forbids, the media node forbids.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
import { Service } from './service';
import { word } from './words';

// The demonstration's open meeting: the first is its host, the others are members.
const EMAILS = ['ahmad.faizal@', 'lim.siewling@', 'arumugam.krishnan@'];

let service: Service;
let host: Officer;
let member: Officer;
let late: Officer;

const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const nameOf = (email: string) => person(email).role.split('  ').at(-1)!.trim();
const meeting = () => service.printed.find((line) => line.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!;

beforeAll(async () => {
  service = await Service.start({ demo: true });
  host = await openBrowser({ camera: 1, width: 1440, height: 900 });
  [member, late] = await Promise.all([openContext(host.browser, { width: 1024, height: 768 }), openContext(host.browser, { width: 390, height: 844, touch: true })]);
  for (const [index, officer] of [host, member, late].entries()) await signIn(officer, service, person(EMAILS[index]!));
});

afterAll(async () => {
  await host.browser.close();
  await service.dispose();
});

async function knock({ page }: Officer): Promise<void> {
  await page.goto(`${meeting()}/join`);
  await page.locator('[data-testid=join]').click();
}

async function join(officer: Officer): Promise<void> {
  await knock(officer);
  await officer.page.locator('[data-testid=meeting][data-phase=in]').waitFor();
}

async function accessible(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  expect.soft(grave, `${name}: serious or critical`).toEqual([]);
  await picture(page, `together/${name}`);
}

async function fromMenu(page: Page, entry: string): Promise<void> {
  await page.locator('[data-testid=more]').click();
  await page.getByRole('menuitem', { name: entry }).click();
}

/** The chair's menu about a person, from the list of people. */
async function about(page: Page, name: string, entry: string): Promise<void> {
  const row = page.locator(`[data-testid=people-panel] [data-testid=person][data-name="${name}"]`);
  if ((await row.count()) === 0) await page.locator('[data-testid=people]').click();
  await row.getByRole('button').click();
  await page.getByRole('menuitem', { name: entry }).click();
}

const microphone = (page: Page) => page.locator('[data-testid=mic]');
const muted = (page: Page, name: string) => page.locator(`[data-testid=tile][data-name="${name}"]`).getAttribute('data-muted');

async function write(page: Page, text: string, to?: string): Promise<void> {
  if (to !== undefined) await page.locator('[data-testid=chat-to]').selectOption({ label: word('together_chat_one', { name: to }) });
  await page.locator('[data-testid=chat-text]').fill(text);
  await page.keyboard.press('Enter');
  await until('the line was taken', async () => (await page.locator('[data-testid=chat-text]').inputValue()) === '');
}

describe('two in a meeting, and a third who comes later', () => {
  test('write to all and to one, with links and names', async () => {
    await Promise.all([join(host), join(member)]);
    const [boss, lim] = [nameOf(EMAILS[0]!), nameOf(EMAILS[1]!)];
    await host.page.keyboard.press('c');
    await write(host.page, `Lihat https://www.jdn.gov.my/a. @${lim}`);
    const chat = member.page.locator('[data-testid=chat]');
    await until('one line is unread', async () => (await chat.locator('.disc').getAttribute('data-badge')) === '1');
    expect(await chat.getAttribute('aria-label')).toContain(word('together_chat_unread', { count: '1' }));
    await until('it is announced', async () => (await member.page.locator('[aria-live]').allTextContents()).some((it) => it.includes(boss)));
    await chat.click();
    const link = member.page.locator('[data-testid=chat-line] a');
    expect([await link.getAttribute('href'), await link.getAttribute('rel'), await link.getAttribute('target')]).toEqual(['https://www.jdn.gov.my/a', 'noopener noreferrer nofollow', '_blank']);
    expect(await member.page.locator('mark.me').textContent()).toBe(`@${lim}`);
    await write(member.page, 'hanya untuk pengerusi <b>', boss);
    await host.page.locator('[data-testid=chat-line][data-private=true]').waitFor();
    expect(await host.page.locator('[data-testid=chat-line][data-private=true] b').count(), 'nothing is read as markup').toBe(0);
    await join(late);
    await late.page.locator('[data-testid=chat]').click();
    await until('the late one reads what was said to all', async () => (await late.page.locator('[data-testid=chat-line]').count()) === 1);
    await Promise.all([accessible(host.page, 'chat-1440'), accessible(member.page, 'chat-1024'), accessible(late.page, 'chat-390')]);
    await late.page.getByRole('button', { name: word('call_close'), exact: true }).click();
  });

  test('are muted by the node and unmuted by themselves alone', async () => {
    const lim = nameOf(EMAILS[1]!);
    await until('the member is heard', async () => (await muted(host.page, lim)) === 'false');
    await fromMenu(host.page, word('together_chairing'));
    await accessible(host.page, 'chairing-1440');
    await host.page.locator('[data-testid=mute-all]').click();
    await until('all but the host are silent', async () => (await muted(host.page, lim)) === 'true');
    await until('the member sees it', async () => (await microphone(member.page).getAttribute('aria-pressed')) === 'false');
    await microphone(member.page).click();
    await until('the member speaks again', async () => (await muted(host.page, lim)) === 'false');
    await host.page.locator('[data-testid=rule-members-publish_audio]').uncheck();
    await until('the rule silences', async () => (await muted(host.page, lim)) === 'true');
    await microphone(member.page).click();
    await member.page.getByText(word('together_not_allowed')).waitFor();
    await host.page.locator('[data-testid=rule-members-publish_audio]').check();
    await host.page.keyboard.press('Escape');
  });

  test('are given the floor in the order of their hands, and give it back', async () => {
    const lim = nameOf(EMAILS[1]!);
    await fromMenu(host.page, word('together_chairing'));
    await host.page.getByLabel(word('together_floor_on')).check();
    await host.page.keyboard.press('Escape');
    for (const { page } of [member, late]) await page.locator('[data-testid=floor]').waitFor();
    await member.page.locator('[data-testid=hand]').click();
    await late.page.locator('[data-testid=hand]').click();
    await until('the hands stand in order', async () => (await late.page.locator('[data-testid=hand] .disc').getAttribute('data-badge')) === '2');
    await about(host.page, lim, word('together_floor_give'));
    await member.page.locator('[data-testid=yield]').waitFor();
    expect(await muted(host.page, lim), 'nobody is unmuted by another').toBe('true');
    await microphone(member.page).click();
    await until('the holder is heard', async () => (await muted(host.page, lim)) === 'false');
    expect(Number(await host.page.locator('[data-testid=floor]').getAttribute('data-left'))).toBeGreaterThan(60);
    await Promise.all([accessible(host.page, 'floor-1440'), accessible(member.page, 'floor-1024'), accessible(late.page, 'floor-390')]);
    await member.page.locator('[data-testid=yield]').click();
    await until('silence again', async () => (await muted(host.page, lim)) === 'true');
    await fromMenu(host.page, word('together_chairing'));
    await host.page.getByLabel(word('together_floor_on')).uncheck();
    await host.page.keyboard.press('Escape');
  });

  test('give signs, vote once, and see what it came to', async () => {
    await host.page.locator('[data-testid=react]').click();
    await host.page.getByRole('menuitem', { name: word('together_sign_clap') }).click();
    await late.page.locator('[data-testid=sign][data-reaction=clap]').waitFor();
    await fromMenu(host.page, word('together_polls'));
    await host.page.locator('[data-testid=poll-question]').fill('Setuju dengan minit?');
    for (const [at, choice] of ['Setuju', 'Tidak setuju'].entries()) await host.page.locator('[data-testid=poll-choice]').nth(at).fill(choice);
    await accessible(host.page, 'poll-new-1440');
    await host.page.locator('[data-testid=poll-open]').click();
    for (const [at, { page }] of [member, late].entries()) {
      await page.locator('[data-testid=poll-show]').click();
      await page.getByRole('radio').nth(at).check();
      if (at === 1) await accessible(page, 'poll-390');
      await page.locator('[data-testid=poll-vote]').click();
      await page.locator('[data-testid=poll-voted]').waitFor();
    }
    await host.page.locator('[data-testid=poll][data-votes="2"]').waitFor();
    await host.page.locator('[data-testid=poll-close]').click();
    for (const { page } of [host, member]) await until('both choices have a vote', async () => (await page.locator('[data-testid=poll-result][data-votes="1"]').count()) === 2);
    await accessible(member.page, 'poll-result-1024');
  });

  test('wait before the door, are let in, sent back and turned away', async () => {
    const krishnan = nameOf(EMAILS[2]!);
    await about(host.page, krishnan, word('together_send_back'));
    await late.page.locator('[data-testid=waiting-room]').waitFor();
    await host.page.locator(`[data-testid=waiting][data-name="${krishnan}"][data-identified=account]`).waitFor();
    await Promise.all([accessible(host.page, 'lobby-1440'), accessible(late.page, 'waiting-390')]);
    await host.page.locator('[data-testid=admit]').click();
    await late.page.locator('[data-testid=meeting][data-phase=in]').waitFor();
    await about(host.page, krishnan, word('together_send_back'));
    await late.page.locator('[data-testid=waiting-room]').waitFor();
    await host.page.locator('[data-testid=deny]').click();
    await late.page.locator('[data-testid=refusal][data-code="lobby.denied"]').waitFor();
    await accessible(late.page, 'denied-390');
  });

  test('a co-host chairs, a locked door stays shut, and after a debrief only those who chair are inside', async () => {
    const lim = nameOf(EMAILS[1]!);
    await about(host.page, lim, word('together_co_host_make'));
    await fromMenu(member.page, word('together_chairing'));
    await member.page.getByLabel(word('together_lock')).check();
    await member.page.keyboard.press('Escape');
    const other = await openContext(host.browser);
    await signIn(other, service, person('kavitha.subramaniam@'));
    await knock(other);
    await other.page.locator('[data-testid=refusal][data-code="meeting.locked"]').waitFor();
    await about(host.page, lim, word('together_co_host_end'));
    await fromMenu(host.page, word('together_debrief_chairs'));
    await host.page.locator('[data-testid=confirm]').click();
    await member.page.locator('[data-testid=after-meeting][data-reason=meeting_ended]').waitFor();
    await host.page.locator('[data-testid=meeting][data-phase=in][data-people="1"]').waitFor();
  });

  test('no page complained', () => {
    // Before signing in there is no session: the browser's own line.
    expect([host, member, late].flatMap((it) => it.complaints).filter((it) => !/401.*\/api\/v1\/session/.test(it))).toEqual([]);
  });
});
