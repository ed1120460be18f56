// A room's own screen: enrolled by its code and two people, it shows its day, joins with one press with a real picture, and what is withdrawn
// is off the screen, the feed and the line. Pictures at the three sizes of such screens; axe on each.
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, readCounter, signIn, until } from './browser';
import { atHour, offset } from './clock';
import type { Schedule, ScheduledUse } from '@/api/types';
import { Service } from './service';
import { word } from './words';

const SIZES = [
  { name: 'landscape', width: 1920, height: 1080 },
  { name: 'tablet', width: 1280, height: 800 },
  { name: 'portrait', width: 800, height: 1280 },
] as const;

let service: Service;
/** The codec of the room, with its camera. */
let room: Officer;
/** Everyone at a desk shares a browser. */
let desk: Officer;
let facilitator: Officer;
let chair: Officer;
const open: Officer[] = [];

const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const door = () => room.page.locator('[data-testid=door]');

async function at(email: string): Promise<Officer> {
  const officer = await openContext(desk.browser, { clockOffsetMs: offset });
  await signIn(officer, service, person(email));
  return officer;
}

async function accessible(officer: Officer, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page: officer.page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical');
  expect(grave.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' ')}`), what).toEqual([]);
}

async function looked(name: string): Promise<void> {
  for (const size of SIZES) {
    await room.page.setViewportSize(size);
    const cut = await room.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(cut, `${name} at ${size.name} is cut off`).toBe(false);
    await picture(room.page, `panel-${name}-${size.name}`);
    await accessible(room, `${name} at ${size.name}`);
  }
  await room.page.setViewportSize(SIZES[1]);
}

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  [room, desk, chair] = await Promise.all([
    openBrowser({ camera: 1, clockOffsetMs: offset, width: 1280, height: 800 }),
    openBrowser({ clockOffsetMs: offset }),
    openBrowser({ camera: 2, clockOffsetMs: offset }),
  ]);
  open.push(room, desk, chair);
});

afterAll(async () => {
  await Promise.all(open.map((officer) => officer.browser.close()));
  await service.dispose();
});

describe('a room’s own screen', () => {
  test('shows a code; the facilitator enters it by keyboard alone, a second person confirms, and it shows its day', async () => {
    await room.page.goto(`${service.origin}/panel`);
    const enrol = room.page.locator('[data-testid=enrol][data-code]:not([data-code=""])');
    await enrol.waitFor();
    const code = (await enrol.getAttribute('data-code'))!;
    expect(code).toMatch(/^[2-9A-Z]{8}$/);
    await looked('enrol');

    facilitator = await at('jeffrey');
    const { page } = facilitator;
    await page.goto(`${service.origin}/devices`);
    await page.getByLabel(word('devices_code')).focus();
    await page.keyboard.type(`${code.slice(0, 4)} ${code.slice(4).toLowerCase()}`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Kodek bilik utama');
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=waiting-device]').waitFor();
    expect(await page.locator('[data-testid=confirm-device]').count(), 'not by who entered the code').toBe(0);
    await room.page.locator('[data-testid=enrol][data-state=entered]').waitFor();
    const print = await room.page.locator('[data-testid=fingerprint]').innerText();
    await accessible(facilitator, 'devices');
    await picture(page, 'devices-waiting');

    const second = await at('faridah');
    await second.page.goto(`${service.origin}/devices`);
    const waiting = second.page.locator('[data-testid=waiting-device]');
    expect(await waiting.innerText()).toContain(print);
    await second.page.locator('[data-testid=confirm-device]').click();
    await second.page.locator('[data-testid=device]').waitFor();
    await second.context.close();

    await door().waitFor();
    expect(await room.page.locator('[data-testid=site]').innerText()).toBe('MAMPU Cyberjaya');
    expect(await door().getAttribute('data-standing')).toBe('in_use');
    const shown = await door().innerText();
    for (const someone of ['Ahmad Faizal', 'Dayang', 'Lim Siew']) expect(shown, 'never the people').not.toContain(someone);
    await looked('in-use');
    expect(service.log).not.toContain(code);
  });

  test('a key that was made here cannot be read out of here', async () => {
    const exported = await room.page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((done) => {
        const request = indexedDB.open('sidang.device', 1);
        request.onsuccess = () => done(request.result);
      });
      const pair = await new Promise<CryptoKeyPair>((done) => {
        const request = database.transaction('kept').objectStore('kept').get('key');
        request.onsuccess = () => done(request.result as CryptoKeyPair);
      });
      database.close();
      return crypto.subtle.exportKey('jwk', pair.privateKey).then(
        () => 'exported',
        (error: Error) => error.name,
      );
    });
    expect(exported).toBe('InvalidAccessError');
  });

  test('checks in with one press', async () => {
    await room.page.locator('[data-testid=check-in]').click();
    await room.page.locator('[data-testid=checked-in]').waitFor();
    expect(await room.page.locator('[data-testid=check-in]').count()).toBe(0);
  });

  test('takes the report of a fault from whoever stands there', async () => {
    await room.page.locator('[data-testid=report-fault]').click();
    await room.page.locator('[data-testid=fault-form]').waitFor();
    await room.page.locator('[data-testid=send-fault]').click();
    await room.page.getByText(word('panel_fault_what_error')).waitFor();
    await room.page.getByText(word('panel_fault_display'), { exact: true }).click();
    await looked('fault');
    await room.page.locator('[data-testid=send-fault]').click();
    await room.page.getByText(/F-\d{4}-\d{5}/).waitFor();
    await room.page.getByRole('button', { name: word('panel_close') }).click();
  });

  test('joins with one press, named as the site, with a real picture both ways', async () => {
    const pressed = Date.now();
    await room.page.locator('[data-testid=panel-join]').click();
    await room.page.locator('[data-testid=meeting][data-phase=in]').waitFor();
    console.log(`press on Join at the panel to being in: ${Date.now() - pressed} ms`);

    const session = service.printed.find((line) => line.includes('telepresence session'))!.match(/https?:\S+/)![0];
    await signIn(chair, service, person('ahmad.faizal'));
    await chair.page.goto(`${session}/join`);
    await chair.page.locator('[data-testid=join]').click();
    await chair.page.locator('[data-testid=meeting][data-phase=in]').waitFor();
    const of = (who: string) => `[data-testid=tile][data-name="${who}"] video`;
    const seen = await until('the room’s picture at the chair', async () => {
      const reading = await readCounter(chair.page, of('MAMPU Cyberjaya'));
      return reading?.right && reading;
    });
    expect(seen.person).toBe(1);
    await until('the chair’s picture in the room', async () => (await readCounter(room.page, of('Ahmad Faizal bin Rahman')))?.right);
    await picture(room.page, 'panel-in-the-meeting');
    await picture(chair.page, 'meeting-with-a-room');
  });

  test('what is withdrawn is off the line and off the screen, in that order of telling', async () => {
    const reservation = (await facilitator.page.evaluate(async () => {
      const listed = (await (await fetch('/api/v1/reservations?view=site')).json()) as { reservations: { id: string; title: string; state: string; starts_at_ms: number }[] };
      return listed.reservations.find((it) => it.title === 'Mesyuarat Penyelarasan Wilayah' && it.state === 'approved')?.id;
    }))!;
    const applicant = await at('noraini');
    const watched = room.page.locator(`[data-testid=door]`);
    const done = await applicant.page.evaluate(async (id) => {
      const { csrf_token } = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
      const answer = await fetch(`/api/v1/reservations/${id}/withdrawal`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrf_token },
        body: '{}',
      });
      return answer.status;
    }, reservation);
    const committed = Date.now();
    expect(done).toBe(200);
    // The session first: the page leaves the meeting because the node ended it, and says why.
    await room.page.locator('[data-testid=over][data-reason=revoked]').waitFor();
    console.log(`withdrawal answered to the room's session ended: ${Date.now() - committed} ms`);
    await chair.page.locator('[data-testid=after-meeting][data-reason=revoked]').waitFor();
    console.log(`withdrawal answered to the chair's session ended: ${Date.now() - committed} ms`);
    await until('the panel shows a room without that session', async () => (await watched.getAttribute('data-reservation')) !== reservation);
    console.log(`withdrawal answered to the panel changed: ${Date.now() - committed} ms`);
    await looked('free');
    // The token is dead: there is no way back in.
    await chair.page.reload();
    await chair.page.locator('[data-testid=green-room], [data-testid=meeting-failure]').first().waitFor();
    expect(await chair.page.locator('[data-testid=join]:enabled').count()).toBe(0);
  });

  test('what a day seldom shows can be read as well: soon, about to be let go, near its end, closing, out of use', async () => {
    const { page } = room;
    const MINUTE_MS = 60_000;
    /** The service's own answer, with a day that would otherwise be waited for for hours. */
    const shows = async (name: string, standing: string, day: (now_ms: number) => Pick<Schedule, 'items' | 'blocks'>): Promise<void> => {
      const asked = /\/api\/v1\/panel\/schedule$/;
      await page.route(asked, async (route) => {
        const response = await route.fetch();
        const schedule = (await response.json()) as Schedule;
        await route.fulfill({ response, json: { ...schedule, ...day(schedule.now_ms) } });
      });
      await page.reload();
      await page.locator(`[data-testid=door][data-standing=${standing}]`).waitFor();
      await looked(name);
      await page.unroute(asked);
    };
    const use = (starts_at_ms: number, ends_at_ms: number, more: Partial<ScheduledUse> = {}): ScheduledUse => ({
      reservation: '019aa000-0000-7000-8001-000000000001',
      meeting: '019aa000-0000-7000-8001-000000000002',
      starts_at_ms,
      ends_at_ms,
      opens_at_ms: starts_at_ms - 15 * MINUTE_MS,
      closes_at_ms: ends_at_ms + 15 * MINUTE_MS,
      checked_in: false,
      extension_minutes: 0,
      ...more,
    });
    await shows('soon', 'soon', (now) => ({ items: [use(now + 7 * MINUTE_MS, now + 67 * MINUTE_MS)], blocks: [] }));
    expect(await door().innerText()).toContain(word('panel_booked'));
    await shows('release', 'in_use', (now) => ({
      items: [use(now - 11 * MINUTE_MS, now + 49 * MINUTE_MS, { title: 'Mesyuarat Penyelarasan Projek Penaiktarafan Infrastruktur Wilayah', release_at_ms: now + 4 * MINUTE_MS })],
      blocks: [],
    }));
    await page.locator('[data-testid=release-warning]').waitFor();
    await shows('near-the-end', 'in_use', (now) => ({ items: [use(now - 55 * MINUTE_MS, now + 4.5 * MINUTE_MS, { checked_in: true, extension_minutes: 30 })], blocks: [] }));
    await page.locator('[data-testid=end-warning][data-minutes="5"]').waitFor();
    await page.locator('[data-testid=extend]').waitFor();
    await shows('closing', 'closing', (now) => ({ items: [use(now - 62 * MINUTE_MS, now - 2 * MINUTE_MS, { checked_in: true })], blocks: [] }));
    await shows('blocked', 'blocked', (now) => ({ items: [], blocks: [{ kind: 'fault', starts_at_ms: now - MINUTE_MS, ends_at_ms: now + 180 * MINUTE_MS }] }));
    await page.reload();
    await page.locator('[data-testid=door][data-standing=free]').waitFor();
  });

  test('keeps its day without a line and says how old it is', async () => {
    const planned = await facilitator.page.evaluate(
      async ([starts_at_ms, ends_at_ms]) => {
        const { csrf_token, person } = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string; person: { sites: string[] } };
        const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf_token };
        const body = JSON.stringify({ site: person.sites[0], title: 'Semakan peralatan', urgent_reason: 'Kipas kodek berbunyi.', occurrences: [{ starts_at_ms, ends_at_ms }] });
        return (await fetch('/api/v1/maintenance', { method: 'POST', headers, body })).status;
      },
      [atHour(0, 15), atHour(0, 16)] as const,
    );
    expect(planned).toBe(201);
    const next = room.page.locator('[data-testid=day]');
    await next.getByText(word('panel_block_maintenance')).waitFor();
    await until('the page is kept', () => room.page.evaluate(async () => (await navigator.serviceWorker.getRegistration('/panel'))?.active?.state === 'activated'));
    await room.context.setOffline(true);
    // The page's own clock runs on: a minute without a word.
    await room.page.evaluate(() => {
      const real = performance.now.bind(performance);
      performance.now = () => real() + 61_000;
    });
    await room.page.locator('[data-testid=stale]').waitFor();

    // The screen is started anew without a line: its day is still there, and says at once how old it is.
    await room.page.reload();
    await room.page.locator('[data-testid=stale]').waitFor();
    expect(await room.page.locator('[data-testid=site]').innerText()).toBe('MAMPU Cyberjaya');
    expect(await next.innerText()).toContain('15:00–16:00');
    await looked('stale');

    // And where it is the service that is gone, not the line.
    await service.kill();
    await room.context.setOffline(false);
    await room.page.reload();
    await room.page.locator('[data-testid=stale]').waitFor();
    const kept = await room.page.evaluate(async () => {
      const cache = await caches.open('sidang.panel');
      const texts = await Promise.all((await cache.matchAll()).map((it) => it.text()));
      const paths = (await cache.keys()).map((it) => new URL(it.url).pathname);
      return { paths, told: texts.filter((it) => it.includes('MAMPU') || it.includes('Ahmad Faizal')).length };
    });
    expect(kept.paths).toContain('/panel');
    expect(kept.paths.filter((it) => it.startsWith('/api/')), 'no answer of the service is kept with the page').toEqual([]);
    expect(kept.told).toBe(0);

    await service.startAgain();
    await until('heard again', async () => (await door().getAttribute('data-stale')) === 'false');
  });

  test('a lost device is revoked with one press and knows nothing any more', async () => {
    const { page } = facilitator;
    await page.goto(`${service.origin}/devices`);
    await page.locator('[data-testid=revoke-device]').click();
    const pressed = Date.now();
    await room.page.locator('[data-testid=enrol]').waitFor();
    console.log(`revocation to the device's screen: ${Date.now() - pressed} ms`);
    expect(await room.page.locator('main').innerText()).not.toContain('MAMPU');
  });
});
