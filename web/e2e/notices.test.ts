// What people are told: in the bell, by mail that waits for a mail server and then leaves with its calendar part, and in calendars that they
// subscribe to and take back.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
import { offset } from './clock';
import { MailServer, partOf } from './mailserver';
import { Service } from './service';
import { word } from './words';

let service: Service;
let mail: MailServer;
let first: Officer;

beforeAll(async () => {
  [service, mail, first] = await Promise.all([Service.start({ demo: true, clockOffsetMs: offset }), MailServer.start(), openBrowser({ clockOffsetMs: offset })]);
});

afterAll(async () => {
  await first.browser.close();
  mail.stop();
  await service.dispose();
});

async function enter(who: string, width = 1280): Promise<Officer> {
  const officer = await openContext(first.browser, { width, height: 900, clockOffsetMs: offset });
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer;
}

/** A request of the page's own session. */
async function ask<T>(page: Page, method: string, path: string, body?: unknown): Promise<T> {
  return page.evaluate(
    async ([verb, address, content]) => {
      const { csrf_token } = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
      const answer = await fetch(`/api/v1${address}`, {
        method: verb as string,
        headers: { 'x-csrf-token': csrf_token, ...(content ? { 'content-type': 'application/json' } : {}) },
        ...(content ? { body: JSON.stringify(content) } : {}),
      });
      if (!answer.ok) throw new Error(`${verb} ${address}: ${answer.status} ${await answer.text()}`);
      return answer.status === 204 ? null : answer.json();
    },
    [method, path, body] as const,
  ) as Promise<T>;
}

async function serious(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

/** Before signing in, the client asks who is there and hears that nobody is. */
const NOBODY_YET = /401.*\/api\/v1\/session/;
const bell = (page: Page) => page.locator('a.bell');
let reference = '';

describe('a decision', () => {
  test('stands in the bell of those who applied, and waits as mail that the administrator reads', async () => {
    const approver = await enter('faridah');
    const { reservations } = await ask<{ reservations: { id: string; reference: string; agency: { short_name: string } }[] }>(approver.page, 'GET', '/reservations?view=to_decide');
    const waiting = reservations[0]!;
    reference = waiting.reference;
    await ask(approver.page, 'POST', `/reservations/${waiting.id}/decision`, { decision: 'approve' });
    await approver.context.close();

    const applicant = await enter('noraini');
    const { page } = applicant;
    await until('the bell', async () => /\d/.test((await bell(page).innerText()) ?? ''));
    await bell(page).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: word('notices_title') }).waitFor();
    const approved = page.locator('main li a', { hasText: reference }).filter({ hasText: /diluluskan/ }).first();
    await approved.waitFor();
    expect(await serious(page)).toEqual([]);
    await picture(page, 'notices');
    await approved.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);
    await page.goto(`${service.origin}/notices`);
    await page.getByRole('button', { name: word('notices_mark_all') }).click();
    await until('a bell with nothing in it', async () => (await bell(page).innerText()) === '');
    expect(applicant.complaints.filter((it) => !NOBODY_YET.test(it))).toEqual([]);
    await applicant.context.close();

    const administrator = await enter('rosnah');
    const desk = administrator.page;
    await desk.goto(`${service.origin}/mail?state=waiting`);
    await desk.getByText(word('mail_no_server'), { exact: true }).waitFor();
    const row = desk.locator('tbody tr', { hasText: `diluluskan: ${reference}` }).first();
    await row.getByRole('button').click();
    await desk.locator('[role=dialog] pre.text', { hasText: reference }).waitFor();
    await desk.locator('[role=dialog]', { hasText: 'Message-ID' }).waitFor();
    expect(await serious(desk)).toEqual([]);
    await picture(desk, 'mail');
    expect(administrator.complaints.filter((it) => !NOBODY_YET.test(it))).toEqual([]);
    await administrator.context.close();
  });

  test('leaves once there is a mail server, with the part that calendars read', async () => {
    await service.stop();
    await service.startAgain({ environment: { SIDANG_MAIL_SMTP_HOST: '127.0.0.1', SIDANG_MAIL_SMTP_PORT: String(mail.port), SIDANG_MAIL_SMTP_SECURITY: 'none', SIDANG_MAIL_FROM: 'Sidang <sidang@jdn.example>' } });
    const invitation = await until('an invitation', async () =>
      mail.mails.find((it) => partOf(it, 'text/calendar')?.text.replace(/\r\n /g, '').includes('SUMMARY') && it.data.includes('method=REQUEST')),
    );
    const part = partOf(invitation, 'text/calendar')!;
    const lines = part.text.replace(/\r\n /g, '').split('\r\n');
    expect(lines).toContain('METHOD:REQUEST');
    expect(lines.some((it) => it.startsWith('ATTENDEE') && it.endsWith(`mailto:${invitation.to[0]}`))).toBe(true);
    expect(lines.some((it) => it.startsWith('ORGANIZER') && it.endsWith('mailto:sidang@jdn.example'))).toBe(true);
    await until('the decision', async () => mail.mails.some((it) => it.to[0]?.startsWith('noraini') && it.data.includes(reference)));
    // Of what is classified no title leaves.
    const all = mail.mails.map((it) => `${it.data}\n${partOf(it, 'text/calendar')?.text ?? ''}\n${partOf(it, 'text/plain')?.text ?? ''}`).join('\n');
    expect(all).not.toMatch(/SULIT|TERHAD/);

    const administrator = await enter('rosnah');
    await administrator.page.goto(`${service.origin}/mail?state=sent`);
    await administrator.page.locator('tbody tr').first().waitFor();
    await administrator.context.close();
  });
});

describe('a calendar', () => {
  test('is subscribed to by keyboard alone, read, and taken back', async () => {
    const officer = await enter('ahmad.faizal');
    const { page } = officer;
    await page.goto(`${service.origin}/calendars`);
    const make = page.getByRole('button', { name: word('feed_create') });
    await make.focus();
    await page.keyboard.press('Enter');
    const field = page.getByLabel(word('feed_address'));
    await field.waitFor();
    const address = await field.inputValue();
    expect(await serious(page)).toEqual([]);
    await picture(page, 'calendars');

    const read = await fetch(address);
    const text = await read.text();
    expect([read.status, read.headers.get('content-type')]).toEqual([200, 'text/calendar; charset=utf-8']);
    expect(text).toMatch(/^BEGIN:VCALENDAR\r\n/);
    expect(text).toContain('BEGIN:VEVENT');
    expect(text).not.toMatch(/ATTENDEE|ORGANIZER|@kkm\.example|@jdn\.example/);
    const again = await fetch(address, { headers: { 'if-none-match': read.headers.get('etag')! } });
    expect(again.status).toBe(304);

    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `${word('feed_revoke')}: ${word('feed_person')}` }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: word('feed_revoke_title') });
    await dialog.getByRole('button', { name: word('feed_revoke'), exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(word('feeds_empty')).waitFor();
    expect((await fetch(address)).status).toBe(404);
    expect((await fetch(address.replace(/.\.ics$/, 'A.ics'))).status).toBe(404);
    // The address is a secret: no log line has it.
    expect(service.log).not.toContain(address.split('/').at(-1)!.replace('.ics', ''));
    expect(officer.complaints.filter((it) => !NOBODY_YET.test(it))).toEqual([]);
    await officer.context.close();
  });

  test('and notices and mail fit a telephone', async () => {
    for (const [who, path] of [['noraini', '/notices'], ['noraini', '/calendars'], ['rosnah', '/mail']] as const) {
      const officer = await enter(who, 390);
      await officer.page.goto(`${service.origin}${path}`);
      await officer.page.locator('main h1').waitFor();
      await until('what the page lists', async () => (await officer.page.locator('main .skeleton').count()) === 0);
      const wide = await officer.page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, path).toBeLessThanOrEqual(390);
      expect(await serious(officer.page), path).toEqual([]);
      await picture(officer.page, `phone${path.replace('/', '-')}`);
      await officer.context.close();
    }
  });
});
