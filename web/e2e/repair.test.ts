// A room out of order: the facilitator reports it, the booking is moved or goes online, the fault is mended. By mouse, by keyboard alone, and on a telephone.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
import { HOUR_MS, atHour, offset } from './clock';
import { Service } from './service';
import { word } from './words';

type Equipment = { id: string; name: string; critical: boolean };
type Site = { id: string; name: string; equipment: Equipment[] };
type Found = { id: string; reference: string };

let service: Service;
let first: Officer;
let applicant: Officer;
let approver: Officer;
let facilitator: Officer;
let site: Site;
let other: Site;
let critical: Equipment;

async function enter(who: string, width = 1280, height = 800): Promise<Officer> {
  const officer = await openContext(first.browser, { clockOffsetMs: offset, width, height });
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer;
}

async function get<T>(page: Page, path: string): Promise<T> {
  return (await page.evaluate(async (it) => (await fetch(it)).json() as Promise<unknown>, path)) as T;
}

async function post<T>(page: Page, path: string, body: unknown): Promise<T> {
  const sent = async ([to, what]: [string, unknown]) => {
    const { csrf_token } = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf_token };
    const answer = await fetch(to, { method: 'POST', headers, body: JSON.stringify(what) });
    return { ok: answer.ok, body: (await answer.json()) as unknown };
  };
  const { ok, body: answered } = await page.evaluate(sent, [path, body] as [string, unknown]);
  if (!ok) throw new Error(`${path}: ${JSON.stringify(answered)}`);
  return answered as T;
}

/** An approved booking of the facilitator's site and another, so many days ahead at that hour. */
async function booked(days: number, hour: number, title: string): Promise<Found> {
  const starts_at_ms = atHour(days, hour);
  const { people } = await get<{ people: { id: string; agency: { short_name: string } }[] }>(applicant.page, '/api/v1/people?q=an&limit=10');
  const own = people.filter((it) => it.agency.short_name === 'KKM').map((it) => it.id);
  const draft = { title, purpose: 'Penyelarasan', official: true, classification: 'TERBUKA', starts_at_ms, ends_at_ms: starts_at_ms + HOUR_MS, chair: own[0] };
  const made = await post<Found>(applicant.page, '/api/v1/reservations', { ...draft, sites: [{ site: site.id, people: [own[0]] }, { site: other.id, people: [own[1]] }] });
  await post(approver.page, `/api/v1/reservations/${made.id}/decision`, { decision: 'approve' });
  return made;
}

async function judge(page: Page, name: string): Promise<void> {
  await until('nothing loads any more', async () => (await page.locator('.skeleton').count()) === 0);
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  expect.soft(grave, name).toEqual([]);
  expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name}: horizontal scroll`).toBe(0);
  await picture(page, `repair/${name}`);
}

/** Goes on with Tab until the element with this name has the focus. */
async function tabTo(page: Page, name: RegExp | string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate(() => {
      const it = document.activeElement as HTMLElement | null;
      const labels = it && 'labels' in it ? [...((it as HTMLInputElement).labels ?? [])].map((label) => label.innerText).join(' ') : '';
      return `${it?.getAttribute('aria-label') ?? ''} ${labels} ${it?.innerText ?? ''}`;
    });
    if (typeof name === 'string' ? label.includes(name) : name.test(label)) return;
  }
  throw new Error(`the keyboard does not reach ${String(name)}`);
}

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  first = await openBrowser({ clockOffsetMs: offset });
  [applicant, approver, facilitator] = [await enter('noraini'), await enter('faridah'), await enter('jeffrey')];
  const { person } = await get<{ person: { sites: string[] } }>(facilitator.page, '/api/v1/session');
  const { sites } = await get<{ sites: Site[] }>(facilitator.page, '/api/v1/sites');
  site = sites.find((it) => it.id === person.sites[0])!;
  other = sites.find((it) => it.id !== site.id)!;
  critical = site.equipment.find((it) => it.critical)!;
});

afterAll(async () => {
  await first?.browser.close();
  await service?.dispose();
});

describe('a room out of order', () => {
  let fault = '';

  test('by mouse: S1 blocks the room, the booking is moved with one press', async () => {
    const booking = await booked(5, 15, 'Mesyuarat bekalan');
    const { page } = facilitator;
    await page.goto(`${service.origin}/faults/new?site=${site.id}`);
    await page.getByLabel(word('fault_equipment')).selectOption({ label: critical.name });
    await page.getByText(word('severity_s1')).click();
    await page.getByText(word('repair_s1_note')).waitFor();
    await page.getByLabel(word('fault_description')).fill('Kodek tidak hidup sejak pagi.');
    await judge(page, 'report');
    await page.getByRole('button', { name: word('fault_send') }).click();
    await page.waitForURL(/\/faults\/[0-9a-f-]{36}$/);
    fault = page.url();
    await page.getByText(word('repair_blocked'), { exact: true }).waitFor();
    const choices = page.getByRole('group', { name: word('repair_choose', { reference: booking.reference }) });
    await choices.waitFor();
    await judge(page, 'affected');
    expect((await get<{ state: string }>(applicant.page, `/api/v1/reservations/${booking.id}`)).state).toBe('displaced');
    await choices.getByRole('button').first().click();
    await page.getByText(word('repair_affected_resited')).waitFor();
    expect((await get<{ state: string }>(applicant.page, `/api/v1/reservations/${booking.id}`)).state).toBe('approved');
    await judge(page, 'resited');
  });

  test('by keyboard alone: the fault is taken up and mended, and the room is free', async () => {
    const officer = await enter('jeffrey');
    const { page } = officer;
    await page.goto(fault);
    await page.getByRole('button', { name: word('repair_act_take') }).waitFor();
    await tabTo(page, word('repair_act_take'));
    await page.keyboard.press('Enter');
    await page.getByText(word('fault_assigned'), { exact: true }).first().waitFor();
    await tabTo(page, word('repair_act_start'));
    await page.keyboard.press('Enter');
    await page.getByText(word('fault_in_work'), { exact: true }).first().waitFor();
    await tabTo(page, word('repair_act_mend'));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await tabTo(page, word('repair_outcome_repaired'));
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await tabTo(page, word('repair_outcome_note'));
    await page.keyboard.type('Kodek diganti dengan simpanan.');
    await judge(page, 'mend-dialog');
    await tabTo(page, word('repair_act_send'));
    await page.keyboard.press('Enter');
    await page.getByText(word('fault_mended'), { exact: true }).first().waitFor();
    await page.getByText(word('repair_blocked'), { exact: true }).waitFor({ state: 'detached' });
    await judge(page, 'mended');
  });

  test('at 390 pixels: the label leads to the report, which knows what is known', async () => {
    const booking = await booked(6, 15, 'Mesyuarat lawatan');
    const officer = await enter('jeffrey', 390, 844);
    const { page } = officer;
    await page.goto(`${service.origin}/f/${critical.name}`);
    await page.waitForURL(/\/faults\/new\?/);
    await page.getByText(word('severity_s1')).click();
    await page.getByLabel(word('fault_description')).fill('Gambar beku.');
    await judge(page, 'telephone-report');
    await page.getByRole('button', { name: word('fault_send') }).click();
    await page.waitForURL(/\/faults\/[0-9a-f-]{36}$/);
    const choices = page.getByRole('group', { name: word('repair_choose', { reference: booking.reference }) });
    await choices.getByRole('button', { name: word('repair_choose_online') }).click();
    await page.getByText(word('repair_affected_online')).waitFor();
    await judge(page, 'telephone-online');
    // Somebody else scans the same label.
    await page.goto(`${service.origin}/f/${critical.name}`);
    await page.getByText(word('repair_known_text')).waitFor();
    await judge(page, 'telephone-known');
    await page.goto(`${service.origin}/faults`);
    await judge(page, 'telephone-list');
  });

  test('no page complained', () => {
    const own = [applicant, approver, facilitator].flatMap((it) => it.complaints).filter((it) => !/Failed to load resource/.test(it));
    expect(own).toEqual([]);
  });
});
