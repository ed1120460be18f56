// The main job of booking in the browser: an application five days ahead, its refusals before it is sent, the decision, the day of use, the
// condition report and the fault.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, picture, readCounter, signIn, typeDate, until } from './browser';
import { atHour, offset } from './clock';
import { Service } from './service';
import { word } from './words';

let service: Service;
const open: Officer[] = [];

async function person(who: string, camera?: number): Promise<Officer> {
  const officer = await openBrowser({ clockOffsetMs: offset, ...(camera === undefined ? {} : { camera }) });
  open.push(officer);
  const found = service.people.find((it) => it.email.startsWith(who) || it.role.startsWith(who));
  await signIn(officer, service, found!);
  return officer;
}

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
});

afterAll(async () => {
  await Promise.all(open.map((officer) => officer.browser.close()));
  await service.dispose();
});

describe('an application for a telepresence session', () => {
  let applicant: Officer;
  let booking = '';

  async function next(): Promise<void> {
    await applicant.page.getByRole('button', { name: word('ui_next') }).click();
  }

  async function list(site: string, names: string[]): Promise<void> {
    const field = applicant.page.getByRole('combobox', { name: word('apply_who_at', { site }) });
    for (const name of names) {
      await field.fill(name);
      await applicant.page.getByRole('option', { name: new RegExp(name) }).first().click();
    }
  }

  test('two days ahead is refused before it is sent, with TP-2 and the earliest lawful date', async () => {
    applicant = await person('noraini');
    const { page } = applicant;
    await page.goto(`${service.origin}/apply`);
    await page.getByRole('checkbox', { name: /MAMPU Cyberjaya/ }).check();
    await page.getByRole('checkbox', { name: /Sarawak/ }).check();
    await next();
    await typeDate(page, atHour(2, 0));
    const refusal = page.getByRole('button', { name: new RegExp(`^${word('apply_use_date').split('{')[0]}`) });
    await refusal.waitFor();
    expect(await page.locator('main').innerText()).toContain('TP-2');
    await picture(page, 'apply-two-days-ahead');
  });

  test('a seventh person at a site cannot be listed, and TP-3 says why', async () => {
    const { page } = applicant;
    await typeDate(page, atHour(5, 0));
    // An hour of the day that the demonstration has not taken.
    await page.getByLabel(word('apply_starts')).selectOption({ label: '14:00 MYT' });
    await page.getByLabel(word('apply_ends')).selectOption({ label: '15:00 MYT' });
    await next();
    const six = ['Ahmad Faizal', 'Lim Siew', 'Arumugam', 'Stephen', 'Juliana', 'Henry'];
    await list('MAMPU Cyberjaya', six);
    const field = page.getByRole('combobox', { name: word('apply_who_at', { site: 'MAMPU Cyberjaya' }) });
    expect(await field.isDisabled()).toBe(true);
    expect(await page.locator('main').innerText()).toContain('TP-3');
    await picture(page, 'apply-six-at-a-site');
    for (const name of six.slice(2)) await page.getByRole('button', { name: new RegExp(`${word('ui_people_remove').split('{')[0]}.*${name}`) }).first().click();
    await list('MAMPU Cawangan Sarawak', ['Dayang']);
  });

  test('RAHSIA is refused with CLASS-2; TERBUKA goes through and is sent', async () => {
    const { page } = applicant;
    await page.getByLabel(word('apply_chair'), { exact: false }).selectOption({ label: 'Ahmad Faizal bin Rahman (KKM)' });
    await next();
    await page.getByLabel(word('apply_field_title')).fill('Mesyuarat penyelarasan hospital');
    await page.getByLabel(word('apply_purpose'), { exact: false }).last().fill('Menyelaras perolehan ubat antara Cyberjaya dan Sarawak.');
    await page.getByLabel(word('apply_official')).check();
    await page.locator('input[type=radio][value=RAHSIA]').check({ force: true });
    await until('CLASS-2 on the screen', async () => (await page.locator('main').innerText()).includes('CLASS-2'));
    await picture(page, 'apply-rahsia');
    await page.locator('input[type=radio][value=TERBUKA]').check({ force: true });
    await next();
    await page.getByText(word('apply_lawful')).waitFor();
    await picture(page, 'apply-check');
    await page.getByRole('button', { name: word('apply_send') }).click();
    await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);
    booking = new URL(page.url()).pathname;
    await page.getByText(word('state_submitted')).first().waitFor();
    await picture(page, 'booking-sent');
  });

  test('the central agency’s approver decides in one screen', async () => {
    const approver = await person('faridah');
    await approver.page.goto(`${service.origin}${booking.replace('/bookings/', '/decide/')}`);
    await approver.page.getByText('Mesyuarat penyelarasan hospital').first().waitFor();
    await picture(approver.page, 'decide');
    await approver.page.getByRole('button', { name: word('decide_approve') }).click();
    await until('the application is approved', async () => {
      await applicant.page.reload();
      return (await applicant.page.locator('main').innerText()).includes(word('state_approved'));
    });
    await picture(applicant.page, 'booking-approved');
  });

  test('a person listed finds no way in before the window opens', async () => {
    const officer = await person('ahmad.faizal', 1);
    await officer.page.goto(`${service.origin}${booking}`);
    await until('the booking is drawn', async () => (await officer.page.locator('main').innerText()).includes('Mesyuarat penyelarasan hospital'));
    expect(await officer.page.getByRole('link', { name: word('home_join') }).count()).toBe(0);
  });
});

describe('the day of use', () => {
  test('the officers of today’s session join from its link and see each other, each at a site', async () => {
    const session = service.printed.find((line) => line.includes('telepresence session'))!.match(/https?:\S+/)![0];
    const officers = [open.at(-1)!, await person('lim.siewling', 2)];
    for (const { page } of officers) {
      await page.goto(session);
      await page.getByRole('link', { name: word('home_join') }).first().click();
      await page.locator('[data-testid=green-room]').waitFor();
      await page.locator('[data-testid=join]').click();
      await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
    }
    for (const [index, { page }] of officers.entries()) {
      const other = index === 0 ? 2 : 1;
      const reading = await until(`the picture of camera ${other}`, async () => {
        const seen = await readCounter(page, '[data-testid=tile][data-self=false] video');
        return seen?.right && seen;
      });
      expect(reading.person).toBe(other);
    }
    expect(await officers[0]!.page.locator('[data-testid=tile][data-self=false]').innerText()).toMatch(/CBJ|SWK|SBH|MAMPU/);
    await picture(officers[0]!.page, 'telepresence');
  });

  test('after use the facilitator files the condition report and reports a broken microphone', async () => {
    // Yesterday's session is over and its report is due.
    const facilitator = await person('jeffrey');
    const { page } = facilitator;
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${service.origin}/site`);
    await page.getByRole('link', { name: word('site_file') }).first().click();
    await page.getByRole('button', { name: word('condition_all_ok') }).click();
    const microphone = page.getByRole('group', { name: word('point_microphone') });
    await microphone.getByRole('radio', { name: word('condition_bad') }).check({ force: true });
    await microphone.getByLabel(word('condition_note'), { exact: false }).fill('Mikrofon tengah tiada bunyi.');
    await microphone.getByRole('button', { name: word('condition_fault_make') }).click();
    await picture(page, 'condition');
    await page.getByRole('button', { name: word('condition_send_bad', { count: '1' }) }).click();
    // The report stands, and with it the fault that its defect became.
    await page.getByRole('heading', { name: word('condition_filed') }).waitFor();
    await picture(page, 'condition-filed');
    await page.goto(`${service.origin}/site`);
    await until('the fault is listed', async () => (await page.locator('main').innerText()).includes('Mikrofon tengah tiada bunyi.'));
    await picture(page, 'site');
  });

  test('the auditor finds what was decided, refused and reported', async () => {
    const auditor = await person('chong');
    await auditor.page.goto(`${service.origin}/audit`);
    await until('rows', async () => (await auditor.page.locator('main').innerText()).includes('TP-'));
    await picture(auditor.page, 'audit');
  });
});

test('no page complained', () => {
  const own = open.flatMap((officer) => officer.complaints).filter((it) => !/Failed to load resource/.test(it));
  expect(own).toEqual([]);
});
