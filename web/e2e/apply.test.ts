// The applicant's way: when can all of these sites meet, the form with a draft that survives, amending and withdrawing; by mouse, by keyboard
// alone and on a telephone. The clock stands at ten on a Wednesday.
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, typeDate, until } from './browser';
import { atHour, offset } from './clock';
import { Service } from './service';
import { around, word } from './words';

let service: Service;
let first: Officer;
const open: Officer[] = [];

async function enter(who: string, size: { width: number; height: number } = { width: 1440, height: 900 }): Promise<Page> {
  const officer = await openContext(first.browser, { clockOffsetMs: offset, ...size });
  open.push(officer);
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer.page;
}

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  first = await openBrowser({ clockOffsetMs: offset });
});

afterAll(async () => {
  await first.browser.close();
  await service.dispose();
});

async function judge(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  expect.soft(grave, `${name}: serious or critical`).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name}: pixels of horizontal scroll`).toBe(0);
  await picture(page, `apply/${name}`);
}

/** Presses Tab until the thing has focus, as a person without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.first().waitFor();
  for (let press = 0; press < 120; press += 1) {
    if (await target.first().evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`120 presses of Tab did not reach ${String(target)}`);
}

const focusName = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
const focused = (page: Page, name: RegExp): Promise<unknown> => until(`focus on ${String(name)}`, async () => name.test(await focusName(page)));
const main = (page: Page): Promise<string> => page.locator('main').innerText();
const shown = (page: Page, text: string): Promise<unknown> => until(text, async () => (await main(page)).includes(text));
/** The line that says when the draft was kept last: `Draf disimpan 10:02`. */
const kept = (page: Page): Promise<unknown> => until('the draft is kept', async () => new RegExp(`${around('draft_saved')[0]} \\d`).test(await main(page)));
const next = (page: Page) => page.getByRole('button', { name: word('ui_next') }).click();
const site = (page: Page, name: string) => page.getByRole('combobox', { name: word('apply_who_at', { site: name }) });

async function list(page: Page, field: Locator, name: string): Promise<void> {
  await field.fill(name);
  await page.getByRole('option', { name: new RegExp(name) }).first().click();
}

describe('by mouse', () => {
  let page: Page;
  let booking = '';

  test('a time that suits two sites is found, and leads into the form with a draft that survives', async () => {
    page = await enter('noraini');
    await page.goto(`${service.origin}/availability`);
    await page.getByRole('button', { name: /SBH/ }).click();
    const found = page.getByRole('list', { name: word('find_title') }).getByRole('listitem');
    await found.first().waitFor();
    expect(await found.first().innerText()).toContain(around('find_margin')[0]);
    await judge(page, 'availability');
    await page.getByRole('tab', { name: word('ui_view_list') }).click();
    await judge(page, 'availability-list');
    await found.nth(1).getByRole('button').click();
    await page.waitForURL(/\/apply\?/);
    await until('both sites are in it', async () => (await page.getByRole('checkbox', { checked: true }).count()) === 2);
    await next(page);
    await kept(page);
    await page.waitForURL(/draft=/);
    await judge(page, 'when');
    await next(page);
    await list(page, site(page, 'MAMPU Cyberjaya'), 'Ahmad Faizal');
    await list(page, site(page, 'MAMPU Cawangan Sarawak'), 'Dayang');
    await shown(page, word('draft_saving'));
    await kept(page);
    // A closed laptop: another day, the same draft.
    await page.goto(`${service.origin}/bookings?view=drafts`);
    await page.getByRole('link', { name: new RegExp(word('draft_resume')) }).click();
    await shown(page, 'Dayang');
    await judge(page, 'who');
  });

  test('every rule is kept before it is sent, and it is sent', async () => {
    await page.getByLabel(word('apply_chair'), { exact: false }).selectOption({ label: 'Ahmad Faizal bin Rahman (KKM)' });
    await next(page);
    await page.getByLabel(word('apply_field_title')).fill('Penyelarasan vaksin');
    await page.getByLabel(word('apply_purpose'), { exact: false }).last().fill('Menyelaras bekalan vaksin negeri.');
    await page.getByLabel(word('apply_official')).check();
    await judge(page, 'purpose');
    await next(page);
    await page.getByText(word('apply_lawful')).waitFor();
    await judge(page, 'check');
    await page.getByRole('button', { name: word('apply_send') }).click();
    await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);
    booking = page.url();
    await page.getByText(word('next_submitted')).waitFor();
    await judge(page, 'booking');
    await page.goto(`${service.origin}/bookings?view=drafts`);
    await shown(page, word('draft_empty'));
  });

  test('an amendment shows what changes and whether it goes back to the approver, and stands', async () => {
    await page.goto(`${booking}/amend`);
    await page.getByLabel(word('apply_contact'), { exact: false }).fill('Encik Rosli, 03-8000 8000');
    await page.getByText(word('amend_free')).waitFor();
    const changes = page.getByRole('complementary', { name: word('amend_changes') });
    expect(await changes.innerText()).toContain('Encik Rosli, 03-8000 8000');
    await judge(page, 'amend');
    await page.getByRole('button', { name: word('amend_send') }).click();
    await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);
    await shown(page, 'Encik Rosli, 03-8000 8000');
    await shown(page, word('act_reservation_amended'));
  });

  test('a copy that is moved too near is refused, with other times one press away', async () => {
    // The demonstration's own use of today, copied: it begins at the earliest lawful day, and is moved to one that is too near.
    const taken = (await page.evaluate(async () => (await fetch('/api/v1/reservations?view=agency')).json())) as { reservations: { id: string; state: string; starts_at_ms: number; may: string[] }[] };
    const approved = taken.reservations.find((it) => it.state === 'approved' && it.may.includes('copy'))!;
    await page.goto(`${service.origin}/bookings/${approved.id}`);
    await page.getByRole('button', { name: word('booking_copy') }).click();
    await page.waitForURL(/\/apply\?draft=/);
    await next(page);
    await typeDate(page, atHour(2, 0));
    const use = page.getByRole('button', { name: new RegExp(`^${around('apply_use_date')[0]} `) });
    await use.first().waitFor();
    expect(await main(page)).toContain('TP-2');
    await judge(page, 'refused');
    await use.first().click();
    await until('the refusal goes', async () => (await use.count()) === 0);
  });

  test('a withdrawal keeps its reason', async () => {
    await page.goto(booking);
    await page.getByRole('button', { name: word('booking_withdraw') }).click();
    await page.getByLabel(word('booking_withdraw_reason'), { exact: false }).fill('Ditunda ke bulan hadapan.');
    await judge(page, 'withdraw');
    await page.getByRole('dialog').getByRole('button', { name: word('booking_withdraw') }).click();
    await shown(page, 'Ditunda ke bulan hadapan.');
    await judge(page, 'withdrawn');
  });
});

describe('by keyboard alone', () => {
  test('the time line is one Tab stop; arrows, Home, End and page keys lead to a slot; Enter begins an application, which is sent', async () => {
    const page = await enter('noraini');
    await page.goto(`${service.origin}/availability`);
    const stop = page.locator('[role=gridcell][tabindex="0"]');
    await stop.waitFor();
    expect(await stop.count()).toBe(1);
    await tabTo(page, stop);
    const week = await focusName(page);
    await page.keyboard.press('Shift+PageDown');
    await until('the week after', async () => ![week, ''].includes(await focusName(page)) && /from=/.test(page.url()));
    await page.keyboard.press('Control+Home');
    await focused(page, /./);
    const day = await focusName(page);
    await page.keyboard.press('PageDown');
    await until('another day', async () => ![day, ''].includes(await focusName(page)));
    await page.keyboard.press('Home');
    await focused(page, /08:00/);
    await page.keyboard.press('End');
    await focused(page, /16:45|hingga 17:00/);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await focused(page, /^CBJ, /);
    for (let step = 0; step < 40 && !/kosong/.test(await focusName(page)); step += 1) await page.keyboard.press('ArrowRight');
    for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowRight');
    await focused(page, /^CBJ, \S+ \d+ \S+, \d\d:\d\d, kosong hingga \d\d:\d\d/);
    await page.keyboard.press('Enter');
    const apply = page.locator('.chosen').getByRole('link', { name: word('find_apply') });
    await tabTo(page, apply);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/apply\?/);

    const forward = page.getByRole('button', { name: word('ui_next') });
    await tabTo(page, page.getByRole('checkbox', { name: /SBH|Sabah/ }));
    await page.keyboard.press('Space');
    await tabTo(page, forward);
    await page.keyboard.press('Enter');
    await tabTo(page, forward);
    await page.keyboard.press('Enter');
    for (const [name, who] of [['MAMPU Cyberjaya', 'Lim Siew'], ['MAMPU Cawangan Sarawak', 'Dayang']] as const) {
      await tabTo(page, site(page, name));
      await page.keyboard.type(who);
      await page.getByRole('option', { name: new RegExp(who) }).first().waitFor();
      await page.keyboard.press('Enter');
    }
    await tabTo(page, page.getByLabel(word('apply_chair'), { exact: false }));
    await page.keyboard.press('ArrowDown');
    await tabTo(page, forward);
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel(word('apply_field_title')));
    await page.keyboard.type('Taklimat tanpa tetikus');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Taklimat dasar.');
    await tabTo(page, page.getByLabel(word('apply_official')));
    await page.keyboard.press('Space');
    await tabTo(page, forward);
    await page.keyboard.press('Enter');
    await page.getByText(word('apply_lawful')).waitFor();
    await tabTo(page, page.getByRole('button', { name: word('apply_send') }));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);

    await tabTo(page, page.getByRole('link', { name: word('booking_amend'), exact: true }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel(word('apply_field_title')));
    await page.keyboard.press('End');
    await page.keyboard.type(' (pindaan)');
    const send = page.getByRole('button', { name: word('amend_send') });
    await page.getByText(word('amend_free')).waitFor();
    await tabTo(page, send);
    await page.keyboard.press('Enter');
    await shown(page, 'Taklimat tanpa tetikus (pindaan)');
    await tabTo(page, page.getByRole('button', { name: word('booking_withdraw') }));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await tabTo(page, dialog.getByRole('button', { name: word('booking_withdraw') }));
    await page.keyboard.press('Enter');
    await page.getByText(word('state_withdrawn'), { exact: true }).first().waitFor();
  });
});

describe('on a telephone', () => {
  test('a day at a time, and a series of dates each with its verdict', async () => {
    const page = await enter('noraini', { width: 390, height: 844 });
    await page.goto(`${service.origin}/availability`);
    await page.locator('[role=grid].across').waitFor();
    expect(await page.locator('[role=rowgroup]').count()).toBe(1);
    await judge(page, 'telephone-availability');
    await page.goto(`${service.origin}/apply`);
    await page.getByRole('checkbox', { name: /Cyberjaya/ }).check();
    await page.getByRole('checkbox', { name: /Sarawak/ }).check();
    await next(page);
    await page.getByText(word('find_title')).click();
    await page.getByRole('list', { name: word('find_title') }).getByRole('button').first().click();
    await page.getByLabel(word('series_ask')).check();
    await page.getByRole('button', { name: word('series_fill') }).click();
    await page.getByText(around('series_sum')[2]!, { exact: false }).first().waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThanOrEqual(4);
    await judge(page, 'telephone-series');
    await next(page);
    await list(page, site(page, 'MAMPU Cyberjaya'), 'Lim Siew');
    await list(page, site(page, 'MAMPU Cawangan Sarawak'), 'Dayang');
    await page.getByLabel(word('apply_chair'), { exact: false }).selectOption({ index: 1 });
    await next(page);
    await page.getByLabel(word('apply_field_title')).fill('Mesyuarat mingguan');
    await page.getByLabel(word('apply_purpose'), { exact: false }).last().fill('Semakan kemajuan mingguan.');
    await page.getByLabel(word('apply_official')).check();
    await next(page);
    const send = page.getByRole('button', { name: word('apply_send') });
    await until('the series is judged', async () => (await page.getByText(word('series_lawful'), { exact: true }).count()) > 0);
    const consent = page.getByLabel(word('series_consent'));
    if (await consent.count()) await consent.check();
    await judge(page, 'telephone-check');
    await send.click();
    await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);
    await page.getByRole('heading', { name: word('series_title') }).waitFor();

    // Amended from this date on: each date is judged and shown before anything is sent, and each is amended.
    const first = page.url();
    await page.goto(`${first}/amend`);
    await page.getByText(word('series_scope_following'), { exact: true }).click();
    await page.getByLabel(word('apply_field_title')).fill('Mesyuarat mingguan (bilik disusun semula)');
    await page.getByText(around('amend_following_sum')[2]!, { exact: false }).waitFor();
    const dates = await page.getByRole('complementary', { name: word('amend_changes') }).getByRole('listitem').count();
    expect(dates).toBeGreaterThanOrEqual(3);
    await judge(page, 'telephone-amend-series');
    await page.getByRole('button', { name: word('amend_send') }).click();
    await page.waitForURL(first);
    await shown(page, 'Mesyuarat mingguan (bilik disusun semula)');
    const titled = await page.evaluate(async () => {
      const { reservations } = (await (await fetch('/api/v1/reservations?view=agency')).json()) as { reservations: { title: string }[] };
      return reservations.filter((it) => it.title === 'Mesyuarat mingguan (bilik disusun semula)').length;
    });
    expect(titled).toBe(dates);
    await page.goto(`${service.origin}/bookings`);
    await shown(page, around('series_line')[1]!.replace(',', ''));
    await judge(page, 'telephone-bookings');
  });
});

test('no page complained', () => {
  expect(open.flatMap((officer) => officer.complaints).filter((it) => !/Failed to load resource/.test(it))).toEqual([]);
});
