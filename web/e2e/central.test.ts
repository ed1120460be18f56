// What the central agency edits, in the browser: a fourth site that is booked without a restart, two who edit one site at once, a holiday that
// shows the bookings it touches, a policy under which nothing could be booked. By mouse, by keyboard alone, and on a telephone.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, typeDate, until } from './browser';
import { atHour, dateAt, offset } from './clock';
import { Service } from './service';
import { word } from './words';

/** Two weeks ahead: a working day everywhere, and within every policy. */
const wednesday_ms = atHour(14, 0);
const wednesday = dateAt(wednesday_ms).join('-');

let service: Service;
let approver: Officer;
let applicant: Officer;
const complaints: Officer[] = [];

async function enter(who: string, width = 1440, height = 900): Promise<Officer> {
  const officer = await openContext(approver.browser, { clockOffsetMs: offset, width, height });
  complaints.push(officer);
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer;
}

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  approver = await openBrowser({ clockOffsetMs: offset, width: 1440, height: 900 });
  complaints.push(approver);
  await signIn(approver, service, service.people.find((it) => it.email.startsWith('faridah'))!);
  applicant = await enter('noraini');
});

afterAll(async () => {
  await approver.browser.close();
  await service.dispose();
});

/** A request of the client's own kind, from the page that is signed in. */
async function call<T>(page: Page, method: string, path: string, body: unknown): Promise<{ status: number; body: T }> {
  return page.evaluate(
    async ([method, path, body]) => {
      const session = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
      const answer = await fetch(path, { method, headers: { 'content-type': 'application/json', 'x-csrf-token': session.csrf_token }, body: JSON.stringify(body) });
      return { status: answer.status, body: await answer.json().catch(() => null) };
    },
    [method, path, body] as const,
  ) as Promise<{ status: number; body: T }>;
}
async function get<T>(page: Page, path: string): Promise<T> {
  return (await page.evaluate(async (it) => (await fetch(it)).json() as Promise<unknown>, path)) as T;
}

async function judge(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations
    .filter((it) => it.impact === 'serious' || it.impact === 'critical')
    .map((it) => `${it.id}: ${it.nodes.map((node) => `${node.target.join(' ')} ${node.any.map((any) => any.message).join('; ')}`).join(' | ')}`);
  expect.soft(grave, `${name}: serious or critical`).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name}: pixels of horizontal scroll`).toBe(0);
  await picture(page, `central/${name}`);
}

type Sites = { sites: { id: string; short_name: string; seats: number; version: number; region: string }[] };
type Found = { people: { id: string }[] };

describe('how soon a fault is to be mended', () => {
  const edit = (page: Page) => page.getByRole('button', { name: `${word('central_targets_edit')}: ${word('central_targets')}` });

  test('is set by keyboard alone; what is no time of work is said beside its field', async () => {
    const { page } = approver;
    await page.goto(`${service.origin}/central/policies`);
    await edit(page).focus();
    await page.keyboard.press('Enter');
    await until('the first field has the focus', async () => page.evaluate(() => document.activeElement instanceof HTMLInputElement));
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('tiga');
    await page.keyboard.press('Enter');
    await page.getByText(word('central_targets_error')).waitFor();
    await until('the wrong field has the focus', async () => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid') === 'true'));
    await judge(page, 'targets-error');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('3.5');
    await page.keyboard.press('Enter');
    await page.getByText(word('central_targets_saved')).last().waitFor();
    const { minutes } = await get<{ minutes: Record<string, number> }>(page, '/api/v1/faults/targets');
    expect(minutes['s1']).toBe(210);
    await edit(page).waitFor();
    await judge(page, 'targets');
  });

  test('is left as it was by who changes their mind', async () => {
    const { page } = approver;
    await edit(page).click();
    await page.getByRole('button', { name: word('ui_cancel') }).click();
    await edit(page).waitFor();
    expect((await get<{ minutes: Record<string, number> }>(page, '/api/v1/faults/targets')).minutes['s1']).toBe(210);
  });
});

describe('a fourth site', () => {
  test('what is wrong stands beside its field, and the first of them has the focus', async () => {
    const { page } = approver;
    await page.goto(`${service.origin}/central/sites`);
    await page.getByRole('link', { name: word('central_site_new') }).first().click();
    await page.getByLabel(word('central_short_name')).fill('J');
    await page.getByRole('button', { name: word('central_create') }).click();
    await page.getByText(word('central_expected_capitals_and_digits')).waitFor();
    await until('the first wrong field has the focus', async () => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid') === 'true'));
    await judge(page, 'site-errors');
  });

  test('is made by mouse and can be booked at once', async () => {
    const { page } = approver;
    await page.getByLabel(word('central_name')).fill('Pejabat Johor Bahru');
    await page.getByLabel(word('central_short_name')).fill('JHB');
    await page.getByLabel(word('central_city')).fill('Johor Bahru');
    await page.getByLabel(word('central_region')).selectOption('johor');
    await page.getByLabel(word('central_set_up')).selectOption('15');
    await page.getByLabel(word('central_room_name')).fill('Bilik Tebrau');
    await page.getByLabel(word('central_wheelchair')).selectOption('yes');
    await page.getByRole('button', { name: word('central_create') }).click();
    await page.waitForURL(/\/central\/sites$/);
    await page.getByRole('link', { name: 'Pejabat Johor Bahru' }).waitFor();
    await judge(page, 'sites');

    const { sites } = await get<Sites>(applicant.page, '/api/v1/sites');
    const site = (name: string) => sites.find((it) => it.short_name === name)!;
    const people = (await get<Found>(applicant.page, '/api/v1/people?q=an&limit=4')).people.map((it) => it.id);
    const starts_at_ms = Date.parse(`${wednesday}T14:00:00+08:00`);
    const applied = await call<{ reference: string }>(applicant.page, 'POST', '/api/v1/reservations', {
      title: 'Mesyuarat negeri selatan', purpose: 'Penyelarasan', official: true, classification: 'TERBUKA', chair: people[0],
      starts_at_ms, ends_at_ms: starts_at_ms + 3_600_000,
      sites: [{ site: site('CBJ').id, people: people.slice(0, 2) }, { site: site('JHB').id, people: people.slice(2, 3) }],
    });
    expect(applied.status, JSON.stringify(applied.body)).toBe(201);
    await applicant.page.goto(`${service.origin}/apply`);
    await applicant.page.getByRole('checkbox', { name: /Pejabat Johor Bahru/ }).waitFor();
  });

  test('two who edit it at once: the second sees the first’s change, and loses nothing', async () => {
    const { page } = approver;
    await page.getByRole('link', { name: 'Pejabat Johor Bahru' }).click();
    await page.getByLabel(word('central_city')).fill('Iskandar Puteri');
    const { sites } = await get<Sites>(page, '/api/v1/sites');
    const site = sites.find((it) => it.short_name === 'JHB')!;
    const other = { ...site, address: 'Jalan Timbalan', facilitators: [] };
    expect((await call(page, 'PUT', `/api/v1/sites/${site.id}`, { version: site.version, site: other })).status).toBe(200);
    await page.getByRole('button', { name: word('central_save') }).click();
    await page.getByText('Jalan Timbalan').waitFor();
    await judge(page, 'site-stale');
    await page.getByRole('button', { name: word('central_stale_theirs') }).click();
    await until('the current one is in the form', async () => (await page.getByLabel(word('central_address')).first().inputValue()) === 'Jalan Timbalan');
    await page.getByLabel(word('central_city')).fill('Iskandar Puteri');
    await page.getByRole('button', { name: word('central_save') }).click();
    await page.getByText(word('central_saved')).first().waitFor();
  });

  test('fewer seats than people are shown before they are saved, and flagged after', async () => {
    const { page } = approver;
    await page.goto(`${service.origin}/central/sites`);
    await page.getByRole('link', { name: 'MAMPU Cyberjaya' }).click();
    await page.getByLabel(word('central_seats')).first().selectOption('1');
    await page.getByRole('button', { name: word('central_save') }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Mesyuarat negeri selatan').waitFor();
    await judge(page, 'site-affected');
    await dialog.getByRole('button', { name: word('central_affected_go') }).click();
    await page.getByText(word('central_saved')).first().waitFor();
    await page.goto(`${service.origin}/central/sites`);
    await page.getByRole('heading', { name: word('central_affected') }).waitFor();
    await page.getByRole('link', { name: 'Mesyuarat negeri selatan' }).waitFor();
    await judge(page, 'sites-flagged');
  });
});

describe('a holiday', () => {
  test('on a day with a booking lists it first, and calls nothing off', async () => {
    const { page } = approver;
    await page.goto(`${service.origin}/central/holidays?year=${wednesday.slice(0, 4)}&region=johor`);
    await page.getByRole('button', { name: word('central_holiday_add') }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(word('central_holiday_name_ms')).fill('Cuti peristiwa Johor');
    await dialog.getByLabel(word('central_holiday_name_en')).fill('Special holiday of Johor');
    await dialog.getByLabel(word('central_status')).selectOption('gazetted');
    await dialog.getByLabel(word('central_source')).fill('J.P.U. 1/2026');
    await typeDate(page, wednesday_ms);
    await judge(page, 'holiday-form');
    await dialog.getByRole('button', { name: word('central_go_on') }).click();
    await dialog.getByText('Mesyuarat negeri selatan').waitFor();
    await judge(page, 'holiday-affected');
    await dialog.getByRole('button', { name: word('central_affected_go') }).click();
    await page.getByRole('cell', { name: /Cuti peristiwa Johor/ }).first().waitFor();
    const mine = await get<{ reservations: { title: string; state: string }[] }>(applicant.page, '/api/v1/reservations?view=agency');
    expect(mine.reservations.find((it) => it.title === 'Mesyuarat negeri selatan')?.state).toBe('submitted');
    await page.goto(`${service.origin}/central/sites`);
    await page.getByText(word('central_kind_holiday')).first().waitFor();
  });
});

describe('the policy, by keyboard alone', () => {
  /** Tabs until what has the focus is named so. */
  async function tabTo(page: Page, name: string): Promise<void> {
    await until(`the focus is on ${name}`, async () => {
      const named = await page.evaluate(() => {
        const it = document.activeElement as (HTMLElement & { labels?: NodeListOf<HTMLLabelElement> }) | null;
        if (!it?.matches('a, button, input, select, textarea')) return '';
        return `${it.labels?.[0]?.innerText ?? ''} ${it.getAttribute('aria-label') ?? ''} ${it.innerText}`;
      });
      if (named.includes(name)) return true;
      await page.keyboard.press('Tab');
      return false;
    });
  }
  async function retype(page: Page, name: string, text: string): Promise<void> {
    await tabTo(page, name);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(text);
  }

  test('one under which nothing could be booked is refused, with why; one that is sound is kept', async () => {
    const { page } = approver;
    await page.goto(`${service.origin}/central/policies`);
    await page.locator('h1').first().waitFor();
    await tabTo(page, word('central_policy_new'));
    await page.keyboard.press('Enter');
    await page.getByLabel(word('term_lead_days')).waitFor();
    await retype(page, word('term_lead_days'), '30');
    await retype(page, word('term_advance_days_max'), '14');
    await tabTo(page, word('central_policy_create'));
    await page.keyboard.press('Enter');
    await page.getByText(word('central_finding_lead_exceeds_advance', { lead_days: '30', advance_days_max: '14' })).waitFor();
    await judge(page, 'policy-refused');
    await until('the field has the focus', async () => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid') === 'true'));
    await retype(page, word('term_lead_days'), '5');
    await retype(page, word('term_advance_days_max'), '90');
    await tabTo(page, word('central_replay'));
    await page.keyboard.press('Enter');
    await page.getByText(word('central_replay_text').slice(0, 30)).waitFor();
    await judge(page, 'policy-replay');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/central\/policies$/);
    await page.getByText(word('central_version_number', { version: '2' })).first().waitFor();
    await judge(page, 'policies');
    const { policies } = await get<{ policies: { version: number; state: string; terms: { lead_days: number } }[] }>(page, '/api/v1/policies');
    expect(policies[0]).toMatchObject({ version: 2, state: 'coming', terms: { lead_days: 5 } });
  });

  test('is read by whoever is signed in, beside the rules', async () => {
    const { page } = applicant;
    await page.goto(`${service.origin}/rules`);
    await page.getByRole('heading', { name: word('rules_policy') }).waitFor();
    await page.getByText(word('term_advance_days_max')).waitFor();
    await judge(page, 'rules');
  });
});

describe('on a telephone, in the dark, in English', () => {
  test('every page is whole', async () => {
    const { page } = approver;
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => localStorage.setItem('sidang.locale', 'en'));
    for (const [path, name] of [['/central/sites', 'sites'], ['/central/sites/new', 'site-new'], ['/central/holidays', 'holidays'], ['/central/policies', 'policies'], ['/central/policies/new', 'policy-new']] as const) {
      await page.goto(service.origin + path);
      await page.locator('h1').first().waitFor();
      await until('nothing loads any more', async () => (await page.locator('.skeleton').count()) === 0);
      await judge(page, `${name}-390-dark-en`);
    }
  });

  test('nobody else is shown them', async () => {
    await applicant.page.goto(`${service.origin}/central/sites`);
    await applicant.page.getByText(word('shell_no_permission_title')).first().waitFor();
  });

  test('no page complained', () => {
    // The browser tells of each refusal that a test asks for.
    const asked = /(401|409|422).*\/api\/v1\//;
    for (const officer of complaints) expect.soft(officer.complaints.filter((it) => !asked.test(it))).toEqual([]);
  });
});
