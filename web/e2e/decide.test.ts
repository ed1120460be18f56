// Deciding in the browser: by mouse, by the keyboard alone, and on a telephone; return and correction; an exception by two people; a delegate.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
import { DAY_MS, HOUR_MS, atHour, dateAt, offset } from './clock';
import { Service } from './service';
import { word } from './words';

/** The Malaysian midnight of a Tuesday two weeks ahead. */
const tuesday_ms = atHour(13, 0);

let service: Service;
let applicant: Officer;
let approver: Officer;

async function send<T>(page: Page, method: string, path: string, body?: unknown): Promise<T> {
  return (await page.evaluate(
    async ([method, path, body]) => {
      const { csrf_token } = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
      const answer = await fetch(path!, { method: method!, headers: { 'content-type': 'application/json', 'x-csrf-token': csrf_token }, ...(body ? { body } : {}) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    [method, path, body === undefined ? '' : JSON.stringify(body)] as const,
  )) as T;
}

const people: string[] = [];
let sites: string[] = [];
async function apply(title: string, starts_at_ms: number): Promise<string> {
  const draft = {
    title, purpose: 'Penyelarasan projek', official: true, classification: 'TERBUKA', starts_at_ms, ends_at_ms: starts_at_ms + HOUR_MS, chair: people[0],
    sites: [{ site: sites[0], people: [people[0]] }, { site: sites[1], people: [people[1]] }],
  };
  return (await send<{ id: string }>(applicant.page, 'POST', '/api/v1/reservations', draft)).id;
}

async function enter(person: { email: string; password: string }, width = 1440, height = 900): Promise<Officer> {
  const officer = await openContext(applicant.browser, { clockOffsetMs: offset, width, height });
  await signIn(officer, service, { ...person, role: '' });
  return officer;
}

const settled = async (page: Page) => {
  await page.locator('h1').first().waitFor();
  await until('nothing loads any more', async () => (await page.locator('.skeleton').count()) === 0);
};
async function reachable(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  expect.soft(violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`), name).toEqual([]);
  expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name}: horizontal scroll`).toBe(0);
  await picture(page, `decide/${name}`);
}
const state = async (page: Page, id: string) => (await send<{ state: string }>(page, 'GET', `/api/v1/reservations/${id}`)).state;

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  applicant = await openBrowser({ clockOffsetMs: offset });
  await signIn(applicant, service, service.people.find((it) => it.email.startsWith('noraini'))!);
  sites = (await send<{ sites: { id: string }[] }>(applicant.page, 'GET', '/api/v1/sites')).sites.map((it) => it.id);
  for (const q of ['Ahmad', 'Lim']) people.push((await send<{ people: { id: string }[] }>(applicant.page, 'GET', `/api/v1/people?q=${q}`)).people[0]!.id);
  approver = await enter(service.person('approver'));
});

afterAll(async () => {
  await applicant?.browser.close();
  await service?.dispose();
});

describe('the approver', { timeout: 240_000 }, () => {
  test('decides by mouse, and the next application opens', async () => {
    const first = await apply('Permohonan pertama', tuesday_ms + 9 * HOUR_MS);
    const second = await apply('Permohonan kedua', tuesday_ms + 11 * HOUR_MS);
    const { page } = approver;
    await page.goto(`${service.origin}/decide`);
    await settled(page);
    await reachable(page, 'queue-1440');
    await page.getByRole('link', { name: 'Permohonan pertama' }).click();
    await settled(page);
    expect(await page.locator('main').innerText()).toContain('Permohonan kedua');
    await reachable(page, 'one-1440');
    await page.getByRole('button', { name: word('decide_approve') }).click();
    await until('the next opens', async () => !page.url().endsWith(first));
    expect(await state(page, first)).toBe('approved');
    await page.goto(`${service.origin}/decide/${second}`);
    await settled(page);
    await page.getByRole('button', { name: word('decide_refuse') }).click();
    await page.getByRole('button', { name: word('decide_refuse_title') }).click();
    await page.getByText(word('decide_reason_error')).waitFor();
    await page.getByRole('radio', { name: word('reason_room_needed') }).check();
    await reachable(page, 'refuse-1440');
    await page.getByRole('button', { name: word('decide_refuse_title') }).click();
    await until('it is refused', async () => (await state(page, second)) === 'refused');
  });

  test('returns one by the keyboard alone, and the applicant sees what to put right', async () => {
    const id = await apply('Permohonan ketiga', tuesday_ms + 14 * HOUR_MS);
    const { page } = approver;
    await page.goto(`${service.origin}/decide/${id}`);
    await settled(page);
    await page.keyboard.press('c');
    await page.getByRole('dialog').waitFor();
    const purpose = page.getByRole('checkbox', { name: word('decide_field_purpose') });
    for (let presses = 0; presses < 20 && !(await purpose.evaluate((it) => it === document.activeElement)); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    for (let presses = 0; presses < 20 && !(await page.evaluate(() => document.activeElement?.tagName === 'TEXTAREA')); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.type('Nyatakan agenda mesyuarat');
    await reachable(page, 'return-1440');
    const send = page.getByRole('button', { name: word('decide_return_title') });
    for (let presses = 0; presses < 10 && !(await send.evaluate((it) => it === document.activeElement)); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until('it is returned', async () => (await state(page, id)) === 'returned');
    await applicant.page.goto(`${service.origin}/bookings/${id}`);
    await settled(applicant.page);
    const told = await applicant.page.locator('main').innerText();
    expect(told).toContain('Nyatakan agenda mesyuarat');
    expect(told).toContain(word('decide_field_purpose'));
    await reachable(applicant.page, 'returned-applicant');
  });

  test('sees what somebody else decided first', async () => {
    const id = await apply('Permohonan keempat', tuesday_ms + 15 * HOUR_MS + HOUR_MS / 2);
    const { page } = approver;
    await page.goto(`${service.origin}/decide/${id}`);
    await settled(page);
    await send(page, 'POST', `/api/v1/reservations/${id}/decision`, { decision: 'approve' });
    await page.keyboard.press('a');
    await page.getByText(word('decide_changed')).waitFor();
    await page.getByText(word('decide_not_you')).waitFor();
  });

  test('decides on a telephone', async () => {
    const id = await apply('Permohonan kelima', tuesday_ms + DAY_MS + 9 * HOUR_MS);
    const { page } = await enter(service.person('approver'), 390, 844);
    await page.goto(`${service.origin}/decide`);
    await settled(page);
    await reachable(page, 'queue-390');
    await page.goto(`${service.origin}/decide/${id}`);
    await settled(page);
    await reachable(page, 'one-390');
    await page.getByRole('button', { name: word('decide_approve') }).click();
    await until('it is approved', async () => (await state(page, id)) === 'approved');
  });
});

describe('two people', { timeout: 240_000 }, () => {
  test('let an exception through, and a delegate stands in', async () => {
    const admin = await enter(service.person('system_administrator'));
    const { agencies } = await send<{ agencies: { id: string; name: string; is_central: boolean }[] }>(admin.page, 'GET', '/api/v1/agencies');
    const central = agencies.find((it) => it.is_central)!;
    const made = await send<{ temporary_password: string }>(admin.page, 'POST', '/api/v1/people', {
      name: 'Zainab binti Yusof', email: 'zainab@jdn.example', position: 'Timbalan Pengarah', agency: central.id, roles: ['officer', 'approver'], sites: [],
    });
    const { page } = approver;
    await page.goto(`${service.origin}/overrides/new`);
    await settled(page);
    await page.getByLabel(word('overrides_agency')).selectOption({ label: agencies.find((it) => !it.is_central)!.name });
    for (const box of await page.locator('fieldset').first().getByRole('checkbox').all()) await box.check();
    const day = dateAt(tuesday_ms + 2 * DAY_MS);
    await page.locator('.date-segment').first().click();
    await page.keyboard.type(`${day[2]}${day[1]}${day[0]}`, { delay: 20 });
    await page.getByRole('checkbox', { name: word('exempt_lead_time') }).check();
    await page.getByLabel(word('overrides_reason'), { exact: false }).fill('Arahan Ketua Setiausaha Negara');
    await reachable(page, 'override-new-1440');
    await page.getByRole('button', { name: word('overrides_submit') }).click();
    await page.getByText(word('overrides_not_second')).waitFor();
    await reachable(page, 'overrides-first-1440');

    const second = await openContext(applicant.browser, { clockOffsetMs: offset, width: 390, height: 844 });
    await second.page.goto(service.origin);
    await second.page.locator('input[type=email]').fill('zainab@jdn.example');
    await second.page.locator('input[type=password]').fill(made.temporary_password);
    await second.page.keyboard.press('Enter');
    await second.page.locator('header.masthead').waitFor();
    await send(second.page, 'PUT', '/api/v1/me/password', { current_password: made.temporary_password, new_password: 'Kata-Laluan-2026!' });
    await second.page.goto(`${service.origin}/overrides`);
    await settled(second.page);
    await reachable(second.page, 'overrides-second-390');
    await second.page.getByRole('button', { name: word('overrides_confirm'), exact: true }).click();
    await second.page.getByRole('dialog').getByRole('button', { name: word('overrides_confirm'), exact: true }).click();
    await until('it is confirmed', async () => (await second.page.locator('main').innerText()).includes(word('overrides_open_empty')));
    expect(await second.page.locator('main').innerText()).toContain('Arahan Ketua Setiausaha Negara');

    await page.goto(`${service.origin}/delegations`);
    await settled(page);
    const field = page.getByRole('combobox', { name: word('delegations_who') });
    await field.fill('Zainab');
    await page.getByRole('option', { name: /Zainab/ }).first().click();
    const [from, to] = [dateAt(tuesday_ms), dateAt(tuesday_ms + DAY_MS)];
    const groups = page.locator('form .dates > *');
    for (const [index, parts] of [from!, to!].entries()) {
      await groups.nth(index).locator('.date-segment').first().click();
      await page.keyboard.type(`${parts[2]}${parts[1]}${parts[0]}`, { delay: 20 });
    }
    await page.getByRole('button', { name: word('delegations_submit'), exact: true }).click();
    await page.getByText(word('delegations_later')).waitFor();
    await reachable(page, 'delegations-1440');
  });
});
