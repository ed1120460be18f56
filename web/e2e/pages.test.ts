// Every page, for the people who open it, at the three widths: reachable by a screen reader, nothing cut off, no complaint of the browser,
// and a picture of each to look at.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
import { Service } from './service';

const DAY_MS = 86_400_000;
const MALAYSIA_MS = 8 * 3_600_000;
/** Ten in the morning of the present Malaysian day: the demonstration's day has the same pages whenever this runs. */
const offset = (() => {
  const now = Date.now();
  return Math.floor((now + MALAYSIA_MS) / DAY_MS) * DAY_MS - MALAYSIA_MS + 10 * 3_600_000 - now;
})();

const DESKTOP = { width: 1440, height: 900 };
const TABLET = { width: 1024, height: 768 };
const TELEPHONE = { width: 390, height: 844 };

let service: Service;
let first: Officer;
/** The pattern of the route table (`/m/:id`) of every page looked at. */
const seen = new Set<string>();

/** Before signing in the client asks who one is; the browser complains of the answer. */
const UNKNOWN_YET = /401.*\/api\/v1\/session/;

/** `pattern` is the route's; `address` is an example of it. */
interface Visit {
  pattern: string;
  name: string;
  address?: string;
}

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  first = await openBrowser({ clockOffsetMs: offset, ...DESKTOP });
});

afterAll(async () => {
  await first.browser.close();
  await service.dispose();
});

async function enter(who: string): Promise<Officer> {
  const officer = await openContext(first.browser, { clockOffsetMs: offset, ...DESKTOP });
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer;
}

async function get<T>(page: Page, path: string): Promise<T> {
  return (await page.evaluate(async (it) => (await fetch(it)).json() as Promise<unknown>, path)) as T;
}

async function post<T>(page: Page, path: string, body: unknown): Promise<T> {
  const sent = async ([to, what]: readonly [string, unknown]) => {
    const { csrf_token } = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf_token };
    return (await fetch(to, { method: 'POST', headers, body: JSON.stringify(what) })).json() as Promise<unknown>;
  };
  return (await page.evaluate(sent, [path, body] as const)) as T;
}

/** Drawn, with everything that it asks the server for. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await until('nothing loads any more', async () => (await page.locator('.skeleton').count()) === 0);
  await page.evaluate(async () => document.fonts.ready);
}

async function judge(page: Page, name: string): Promise<void> {
  // No rule is left out; only what axe itself counts as small is.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations
    .filter((it) => it.impact === 'serious' || it.impact === 'critical')
    .map((it) => `${it.id}: ${it.nodes.map((node) => `${node.target.join(' ')} ${node.any.map((any) => any.message).join('; ')}`).join(' | ')}`);
  expect.soft(grave, `${name}: serious or critical`).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name}: pixels of horizontal scroll`).toBe(0);
  expect.soft(await page.locator('h1').count(), `${name}: one h1`).toBe(1);
  expect.soft(await page.title(), `${name}: title`).toMatch(/\S.* · Sidang$/);
  await picture(page, `pages/${name}`);
}

/** The page as it stands, at the three widths. */
async function atAllWidths(page: Page, name: string): Promise<void> {
  for (const size of [DESKTOP, TABLET, TELEPHONE]) {
    await page.setViewportSize(size);
    await judge(page, `${name}-${size.width}`);
  }
}

async function darkAndEnglish(page: Page, on: boolean): Promise<void> {
  await page.emulateMedia({ colorScheme: on ? 'dark' : 'light' });
  await page.evaluate((language) => localStorage.setItem('sidang.locale', language), on ? 'en' : 'ms');
}

async function visit(officer: Officer, visits: Visit[]): Promise<void> {
  const { page } = officer;
  for (const { pattern, name, address } of visits) {
    seen.add(pattern);
    await page.goto(service.origin + (address ?? pattern));
    await settled(page);
    await atAllWidths(page, name);
    await darkAndEnglish(page, true);
    await page.reload();
    await settled(page);
    expect.soft(await page.locator('html').getAttribute('lang')).toBe('en');
    await judge(page, `${name}-${TELEPHONE.width}-dark-en`);
    await page.setViewportSize(DESKTOP);
    await darkAndEnglish(page, false);
  }
}

function quiet(officer: Officer, allowed: RegExp): void {
  expect.soft(officer.complaints.filter((it) => !allowed.test(it))).toEqual([]);
}

type Listed = { reservations: { id: string; state: string; sites: { site: { id: string } }[]; may: string[] }[] };

/** An officer's pages are many, and axe takes half a second for each picture: longer where the machine builds beside it. */
const MANY_MS = 600_000;

describe('every page at every width', { timeout: MANY_MS }, () => {
  test('before signing in', async () => {
    await visit(first, [{ pattern: '/sign-in', name: 'sign-in' }, { pattern: '/panel', name: 'panel-new' }]);
    // A screen that nobody has confirmed yet asks whether it is.
    quiet(first, /401.*\/api\/v1\/(session|panel\/credential)/);
  });

  test('an officer, with a meeting from the green room to its recording', async () => {
    const officer = await enter('ahmad.faizal');
    const { page } = officer;
    const meeting = new URL(service.printed.find((line) => line.includes('a TERBUKA meeting'))!.match(/https?:\S+/)![0]).pathname;
    const bookings = (await get<Listed>(page, '/api/v1/reservations?view=mine')).reservations;
    await visit(officer, [
      { pattern: '/', name: 'home-officer' },
      { pattern: '/password', name: 'password' },
      { pattern: '/meetings', name: 'meetings' },
      { pattern: '/meetings/new', name: 'meeting-new' },
      { pattern: '/m/:id', name: 'meeting-details', address: meeting },
      { pattern: '/m/:id/attendance', name: 'attendance', address: `${meeting}/attendance` },
      { pattern: '/availability', name: 'availability' },
      { pattern: '/bookings', name: 'bookings-officer' },
      { pattern: '/bookings/:id', name: 'booking-officer', address: `/bookings/${bookings[0]!.id}` },
      { pattern: '/faults', name: 'faults' },
      { pattern: '/faults/new', name: 'fault-new' },
      { pattern: '/rules', name: 'rules' },
      { pattern: '/help', name: 'help' },
      { pattern: '/m/:id/join', name: 'green-room', address: `${meeting}/join` },
      { pattern: 'unknown', name: 'not-found', address: '/nothing/here' },
      { pattern: 'forbidden', name: 'no-permission', address: '/audit' },
    ]);

    await page.goto(`${service.origin}${meeting}/join`);
    await page.locator('[data-testid=join]').click();
    await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
    await atAllWidths(page, 'meeting-alone');
    await page.setViewportSize(DESKTOP);
    await page.locator('[data-testid=record]').click();
    await page.locator('[data-testid=confirm]').click();
    await page.locator('[data-testid=recording-banner]').waitFor();
    await atAllWidths(page, 'meeting-recording');
    await page.setViewportSize(DESKTOP);
    await page.locator('[data-testid=record]').click();
    await until('the banner is gone', async () => (await page.locator('[data-testid=recording-banner]').count()) === 0);
    await page.locator('[data-testid=leave]').click();
    await page.locator('[data-testid=after-meeting]').waitFor();
    await atAllWidths(page, 'after-meeting');

    await page.setViewportSize(DESKTOP);
    await page.goto(service.origin + meeting);
    const recording = page.locator('a[href*="/recordings/"]').first();
    await until('the recording is listed', async () => {
      await settled(page);
      if (await recording.count()) return true;
      await page.reload();
      return false;
    });
    const address = (await recording.getAttribute('href'))!;
    await page.goto(service.origin + address);
    await page.locator('[data-testid=player]').waitFor();
    await visit(officer, [{ pattern: '/m/:id/recordings/:rid', name: 'recording', address }]);
    quiet(officer, UNKNOWN_YET);
  });

  test('an administrator of an agency', async () => {
    const officer = await enter('noraini');
    const bookings = (await get<Listed>(officer.page, '/api/v1/reservations?view=agency')).reservations;
    const submitted = bookings.find((it) => it.state === 'submitted')!;
    const approved = bookings.find((it) => it.state === 'approved')!;
    await visit(officer, [
      { pattern: '/', name: 'home-uc' },
      { pattern: '/apply', name: 'apply' },
      { pattern: '/bookings', name: 'bookings' },
      { pattern: '/bookings/:id', name: 'booking-submitted', address: `/bookings/${submitted.id}` },
      { pattern: '/bookings/:id', name: 'booking-approved', address: `/bookings/${approved.id}` },
      { pattern: '/bookings/:id/amend', name: 'booking-amend', address: `/bookings/${submitted.id}/amend` },
    ]);
    quiet(officer, UNKNOWN_YET);
  });

  test('the approver', async () => {
    const officer = await enter('faridah');
    const waiting = (await get<Listed>(officer.page, '/api/v1/reservations?view=to_decide')).reservations;
    const { sites } = await get<{ sites: { id: string }[] }>(officer.page, '/api/v1/sites');
    await visit(officer, [
      { pattern: '/', name: 'home-approver' },
      { pattern: '/decide', name: 'decide' },
      { pattern: '/delegations', name: 'delegations' },
      { pattern: '/overrides', name: 'overrides' },
      { pattern: '/overrides/new', name: 'override-new' },
      { pattern: '/decide/:id', name: 'decide-one', address: `/decide/${waiting[0]!.id}` },
      { pattern: '/central/sites', name: 'central-sites' },
      { pattern: '/central/sites/new', name: 'central-site-new' },
      { pattern: '/central/sites/:id', name: 'central-site', address: `/central/sites/${sites[0]!.id}` },
      { pattern: '/central/holidays', name: 'central-holidays' },
      { pattern: '/central/policies', name: 'central-policies' },
      { pattern: '/central/policies/new', name: 'central-policy-new' },
    ]);
    quiet(officer, UNKNOWN_YET);
  });

  test('a facilitator', async () => {
    const officer = await enter('jeffrey');
    const { due } = await get<{ due: { reservation: { id: string }; site: string }[] }>(officer.page, '/api/v1/conditions');
    const { equipment } = await get<{ equipment: { id: string }[] }>(officer.page, `/api/v1/equipment?site=${due[0]!.site}`);
    const pattern = '/bookings/:id/sites/:site/condition';
    await visit(officer, [
      { pattern: '/', name: 'home-facilitator' },
      { pattern: '/site', name: 'site' },
      { pattern: '/consents', name: 'consents' },
      { pattern: '/equipment', name: 'equipment' },
      { pattern: '/equipment/new', name: 'equipment-new' },
      { pattern: '/equipment/:id', name: 'equipment-one', address: `/equipment/${equipment[0]!.id}` },
      { pattern, name: 'condition', address: `/bookings/${due[0]!.reservation.id}/sites/${due[0]!.site}/condition` },
    ]);
    const site = due[0]!.site;
    const fault = await post<{ id: string }>(officer.page, '/api/v1/faults', { site, severity: 's3', description: 'Lampu meja berkelip.' });
    const day = Math.floor(Date.now() / DAY_MS) * DAY_MS + 10 * DAY_MS;
    const occurrences = [{ starts_at_ms: day, ends_at_ms: day + 2 * 3_600_000 }];
    const work = await post<{ id: string }>(officer.page, '/api/v1/maintenance', { site, title: 'Servis berkala', checklist: ['Uji kamera', 'Bersihkan penapis'], occurrences });
    await visit(officer, [
      { pattern: '/faults', name: 'faults-facilitator' },
      { pattern: '/faults/:id', name: 'fault', address: `/faults/${fault.id}` },
      { pattern: '/f/:tag', name: 'label-unknown', address: '/f/TIADA-1' },
      { pattern: '/maintenance', name: 'maintenance' },
      { pattern: '/maintenance/new', name: 'maintenance-new' },
      { pattern: '/maintenance/:id', name: 'maintenance-one', address: `/maintenance/${work.id}` },
    ]);
    quiet(officer, UNKNOWN_YET);
  });

  test('the auditor', async () => {
    const officer = await enter('chong');
    await visit(officer, [
      { pattern: '/', name: 'home-auditor' },
      { pattern: '/audit', name: 'audit' },
      { pattern: '/reports', name: 'reports' },
    ]);
    quiet(officer, UNKNOWN_YET);
  });

  test('the system administrator', async () => {
    const officer = await enter('rosnah');
    await visit(officer, [
      { pattern: '/', name: 'home-system' },
      { pattern: '/notices', name: 'notices' },
      { pattern: '/calendars', name: 'calendars' },
      { pattern: '/mail', name: 'mail' },
      { pattern: '/people', name: 'people' },
      { pattern: '/people/new', name: 'person-new' },
      { pattern: '/devices', name: 'devices' },
    ]);
    quiet(officer, UNKNOWN_YET);
  });

  test('no page of the route table was left out', () => {
    const tables = ['router/routes.ts', 'pages/call/routes.ts'].map((it) => readFileSync(join(import.meta.dirname, '../src', it), 'utf8'));
    const patterns = tables.flatMap((it) => [...it.matchAll(/path: '([^']+)'/g)].map((found) => found[1]!));
    expect(patterns.length).toBeGreaterThan(20);
    expect(patterns.filter((it) => !seen.has(it))).toEqual([]);
  });
});
