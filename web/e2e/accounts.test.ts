// What a person does with an account and a keyboard: the first password, language and theme that stay, a line that goes, a meeting made
// without a mouse, an application taken back.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, signIn, until } from './browser';
import { Service } from './service';
import { word } from './words';

let service: Service;
let first: Officer;

beforeAll(async () => {
  service = await Service.start({ demo: true });
  first = await openBrowser();
});

afterAll(async () => {
  await first.browser.close();
  await service.dispose();
});

const person = (who: string) => service.people.find((it) => it.email.startsWith(who))!;

async function enter(who: string): Promise<Officer> {
  const officer = await openContext(first.browser);
  await signIn(officer, service, person(who));
  return officer;
}

/** Tab until the focus is there: what cannot be reached by Tab is not reachable. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.first().waitFor();
  for (let press = 0; press < 80; press++) {
    if (await target.first().evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`80 presses of Tab did not reach ${String(target)}`);
}

async function shown(page: Page, text: string): Promise<void> {
  await until(text, async () => (await page.locator('main').innerText()).includes(text));
}

describe('the keyboard alone', () => {
  test('from signing in to a meeting that stands', async () => {
    const officer = await openContext(first.browser);
    const { page } = officer;
    const { email, password } = person('ahmad.faizal');
    await page.goto(service.origin);
    await tabTo(page, page.locator('input[type=email]'));
    await page.keyboard.type(email);
    await tabTo(page, page.locator('input[type=password]'));
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await tabTo(page, page.locator('nav').getByRole('link', { name: word('nav_meetings'), exact: true }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.locator('main a[href="/meetings/new"]'));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel(word('meetings_field_title'), { exact: false }));
    await page.keyboard.type('Taklimat tanpa tetikus');
    await tabTo(page, page.getByRole('combobox', { name: word('meetings_people') }));
    await page.keyboard.type('Lim Siew');
    await page.getByRole('option', { name: /Lim Siew/ }).waitFor();
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: word('meetings_create'), exact: true }));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/m\/[0-9a-f-]{36}$/);
    await shown(page, 'Lim Siew Ling');
    await page.getByRole('heading', { level: 1, name: 'Taklimat tanpa tetikus' }).waitFor();
    await officer.context.close();
  });
});

describe('the first password', () => {
  test('a registered person is sent to change it, a weak one is refused under ID-2, a good one lets them in', async () => {
    const administrator = await enter('rosnah');
    const desk = administrator.page;
    await desk.goto(`${service.origin}/people/new`);
    await desk.getByLabel(word('people_name')).fill('Hafizah binti Kamal');
    await desk.getByLabel(word('people_email')).fill('hafizah.kamal@kkm.example');
    await desk.getByRole('button', { name: word('people_create'), exact: true }).click();
    const temporary = await desk.locator('code.password').innerText();
    await administrator.context.close();

    const officer = await openContext(first.browser);
    const { page } = officer;
    await signIn(officer, service, { email: 'hafizah.kamal@kkm.example', password: temporary, role: 'officer' });
    await page.waitForURL(/\/password\?/);
    // Nothing else opens before it is changed.
    await page.goto(`${service.origin}/meetings`);
    await page.waitForURL(/\/password\?/);
    const [current, next, again] = [0, 1, 2].map((index) => page.locator('input[autocomplete$=password]').nth(index)) as [Locator, Locator, Locator];
    const save = page.getByRole('button', { name: word('ui_save'), exact: true });
    await current.fill(temporary);
    await next.fill('lemah1');
    await again.fill('lemah1');
    await save.click();
    await shown(page, word('ui_check_form'));
    await shown(page, 'ID-2');
    const needs = await page.locator('.needs li').allInnerTexts();
    expect(needs.map((it) => it.includes(word('account_met')))).toEqual([false, true, false, false]);
    expect(new URL(page.url()).pathname).toBe('/password');

    await next.fill('Kuat-dan-Panjang-2026!');
    await again.fill('Kuat-dan-Panjang-2026!');
    await save.click();
    await page.waitForURL(`${service.origin}/meetings`);
    await page.getByRole('heading', { level: 1, name: word('meetings_title') }).waitFor();
    await officer.context.close();
  });
});

describe('what stays and what goes', () => {
  test('language and theme are kept over a reload', async () => {
    const officer = await enter('kavitha');
    const { page } = officer;
    await page.getByRole('button', { name: /^EN/ }).click();
    await page.getByRole('link', { name: word('nav_meetings', {}, 'en'), exact: true }).waitFor();
    await page.locator('.menu-trigger').click();
    await page.getByRole('menuitemradio', { name: word('shell_theme_dark', {}, 'en') }).click();
    await page.reload();
    await page.getByRole('link', { name: word('nav_meetings', {}, 'en'), exact: true }).waitFor();
    const root = page.locator('html');
    expect([await root.getAttribute('lang'), await root.getAttribute('data-theme')]).toEqual(['en', 'dark']);
    await officer.context.close();
  });

  test('a line that is gone is said, and that it is back is seen', async () => {
    const officer = await enter('kavitha');
    const bar = officer.page.getByText(word('shell_offline_title'));
    expect(await bar.count()).toBe(0);
    await officer.context.setOffline(true);
    await bar.waitFor();
    await officer.context.setOffline(false);
    await bar.waitFor({ state: 'detached' });
    await officer.context.close();
  });

  test('an agency takes its application back', async () => {
    const officer = await enter('noraini');
    const { page } = officer;
    const id = await page.evaluate(async () => {
      const answer = (await (await fetch('/api/v1/reservations?view=agency')).json()) as { reservations: { id: string; state: string; may: string[] }[] };
      return answer.reservations.find((it) => it.state === 'submitted' && it.may.includes('withdraw'))?.id;
    });
    expect(id).toBeDefined();
    await page.goto(`${service.origin}/bookings/${id}`);
    await page.getByRole('button', { name: word('booking_withdraw'), exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: word('booking_withdraw'), exact: true }).click();
    await page.getByRole('main').getByText(word('state_withdrawn')).first().waitFor();
    expect(await page.getByRole('button', { name: word('booking_withdraw'), exact: true }).count()).toBe(0);
    await page.reload();
    await page.getByRole('main').getByText(word('state_withdrawn')).first().waitFor();
    await officer.context.close();
  });
});
