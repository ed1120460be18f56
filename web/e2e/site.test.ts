// The facilitator's day: a condition report by touch and by keyboard at 390 pixels, a photograph, a defect that becomes a fault with one tap, the
// second signature, and the inventory with its sheet of labels.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
import { offset } from './clock';
import { Service } from './service';
import { word } from './words';

const TELEPHONE = { width: 390, height: 844 };

let service: Service;
let first: Officer;
const open: Officer[] = [];

beforeAll(async () => {
  service = await Service.start({ demo: true, clockOffsetMs: offset });
  first = await openBrowser({ clockOffsetMs: offset });
});

afterAll(async () => {
  await first.browser.close();
  await service.dispose();
});

async function enter(who: string, touch = false): Promise<Officer> {
  const officer = await openContext(first.browser, { clockOffsetMs: offset, ...TELEPHONE, touch });
  open.push(officer);
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer;
}

async function get<T>(page: Page, path: string): Promise<T> {
  return (await page.evaluate(async (it) => (await fetch(it)).json() as Promise<unknown>, path)) as T;
}

async function judge(page: Page, name: string): Promise<void> {
  await until('nothing loads any more', async () => (await page.locator('.skeleton').count()) === 0);
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const grave = violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  expect.soft(grave, name).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name}: pixels of horizontal scroll`).toBe(0);
  await picture(page, name);
}

/** A picture as a camera gives it: larger than what is kept. */
async function photograph(page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const text = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 2400, height: 1800 });
    const pen = canvas.getContext('2d')!;
    for (let row = 0; row < 18; row += 1)
      for (let column = 0; column < 24; column += 1) {
        pen.fillStyle = `hsl(${(row * 24 + column) * 7} 60% 50%)`;
        pen.fillRect(column * 100, row * 100, 100, 100);
      }
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1]!;
  });
  return { name: 'IMG_0001.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(text, 'base64') };
}

type Due = { due: { reservation: { id: string }; site: string }[] };

describe('the condition report at 390 pixels', () => {
  let filed = '';

  test('by touch: a defect with a photograph becomes a fault with one tap, under a minute', async () => {
    const { page } = await enter('jeffrey', true);
    await page.goto(`${service.origin}/site`);
    await judge(page, 'site-telephone');
    const began = Date.now();
    await page.getByRole('link', { name: word('site_file') }).first().tap();
    await page.getByRole('button', { name: word('condition_all_ok') }).tap();
    const camera = page.getByRole('group', { name: word('point_camera'), exact: true });
    await camera.locator('label.bad').tap();
    await camera.getByLabel(word('condition_note'), { exact: false }).fill('Gambar kabur di sebelah kiri.');
    await camera.locator('input[type=file]').setInputFiles(await photograph(page));
    await until('the photograph is through', async () => (await camera.locator('li img').count()) === 1 && (await camera.locator('progress').count()) === 0);
    await camera.getByRole('button', { name: word('condition_fault_make') }).tap();
    await judge(page, 'condition-form-telephone');
    const asked = Date.now();
    await page.getByRole('button', { name: word('condition_send_bad', { count: '1' }) }).tap();
    await page.getByRole('heading', { name: word('condition_filed') }).waitFor();
    console.log(`condition report by touch: ${asked - began} ms to the last tap, axe and pictures included`);
    filed = new URL(page.url()).pathname;
    await page.getByRole('link', { name: /F-\d{4}-\d{5}/ }).waitFor();
    await judge(page, 'condition-report-telephone');

    const { faults } = await get<{ faults: { id: string; description: string; severity: string; equipment?: unknown }[] }>(page, `/api/v1/faults?site=${filed.split('/')[4]}`);
    expect(faults[0]).toMatchObject({ description: 'Gambar kabur di sebelah kiri.', severity: 's3' });
    expect(JSON.stringify(faults[0]!.equipment), 'of the one camera that there is').toContain('-');
  });

  test('a draft survives a reload; by keyboard alone it is filed', async () => {
    const { page } = await enter('salmah');
    const { due } = await get<Due>(page, '/api/v1/conditions');
    await page.goto(`${service.origin}/bookings/${due[0]!.reservation.id}/sites/${due[0]!.site}/condition`);
    const points = page.locator('#points fieldset');
    await points.first().waitFor();
    const mark = async (index: number, key: 'Space' | 'ArrowRight') => {
      await points.nth(index).locator('input[type=radio]').first().focus();
      await page.keyboard.press(key);
    };
    await mark(0, 'Space');
    await mark(1, 'Space');
    await page.reload();
    await page.getByText(word('condition_reopened')).waitFor();
    expect(await points.nth(1).locator('label.ok input').isChecked()).toBe(true);

    // From the first point by Tab: each point is one stop until it opens.
    await points.nth(0).locator('input[type=radio]').first().focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    expect(await points.nth(2).locator('label.bad input').isChecked(), 'the arrow chooses what is not in order').toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.type('Paparan berkelip.');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).type)).toBe('file');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await points.nth(2).getByRole('button', { name: word('condition_fault_on') }).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowUp');
    for (const _ of [3, 4, 5]) {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Bilik dikemas.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: word('condition_filed') }).waitFor();
    expect(await page.locator('main').innerText()).toContain('Paparan berkelip.');
    expect(await page.evaluate(() => Object.keys(localStorage).filter((it) => it.startsWith('sidang.condition')))).toEqual([]);
  });

  test('the other side signs what the facilitator filed', async () => {
    const { page } = await enter('ahmad.faizal');
    await page.goto(service.origin + filed);
    await page.getByRole('button', { name: word('condition_confirm') }).click();
    await page.getByText(word('condition_confirmed', { name: 'Ahmad Faizal bin Rahman' })).waitFor();
    await judge(page, 'condition-signed-telephone');
  });
});

describe('who has come', () => {
  const title = 'Mesyuarat Penyelarasan Wilayah';
  const named = (what: string) => `${word(what)}: ${title}`;

  test('is said with one press, taken back with another, and refused where it no longer can be', async () => {
    const [{ page }, other] = [await enter('jeffrey'), await enter('jeffrey')];
    await page.goto(`${service.origin}/site`);
    await page.getByRole('button', { name: named('site_check_in') }).click();
    await page.getByText(word('site_check_in_done', { title })).first().waitFor();
    const undo = page.getByRole('button', { name: named('site_check_in_undo') });
    await undo.waitFor();
    await judge(page, 'site-checked-in-telephone');
    await other.page.goto(`${service.origin}/site`);
    await other.page.getByRole('button', { name: named('site_check_in_undo') }).waitFor();
    await undo.click();
    await page.getByRole('button', { name: named('site_check_in') }).waitFor();

    // The other page does not know yet: it is told why, and nothing is lost.
    await other.page.getByRole('button', { name: named('site_check_in_undo') }).click();
    await other.page.getByText(word('panel_no_check_in_settled')).waitFor();
    await judge(other.page, 'site-check-in-refused-telephone');

    // By keyboard as by mouse.
    await page.getByRole('button', { name: named('site_check_in') }).focus();
    await page.keyboard.press('Enter');
    await undo.waitFor();
  });
});

describe('the inventory', () => {
  test('a piece is added, amended and tested', async () => {
    const { page } = await enter('jeffrey');
    await page.goto(`${service.origin}/equipment`);
    await page.getByText('Kamera utama').first().waitFor();
    await judge(page, 'equipment-telephone');
    await page.getByRole('link', { name: word('inventory_add') }).click();
    await page.getByLabel(word('equipment_name')).fill('Pembesar suara kiri');
    await page.getByLabel(word('equipment_kind')).selectOption({ label: word('kind_speakers') });
    await page.locator('input[type=radio][value=degrades]').check({ force: true });
    await page.getByLabel(word('equipment_serial')).fill('SPK-2026-7');
    await judge(page, 'equipment-new-telephone');
    await page.getByRole('button', { name: word('inventory_add') }).click();
    await page.waitForURL(/\/equipment\/[0-9a-f-]{36}$/);
    await until('its tag is given out', async () => (await page.locator('main').innerText()).includes('CBJ-SPK-1'));
    await page.getByRole('button', { name: word('equipment_edit') }).click();
    await page.getByLabel(word('equipment_firmware')).fill('2.1');
    await page.getByRole('button', { name: word('ui_save') }).click();
    await page.getByRole('button', { name: word('equipment_test') }).click();
    await until('the history tells of it', async () => (await page.locator('main').innerText()).includes(word('equipment_act_test')));
    await judge(page, 'equipment-one-telephone');
  });

  test('its labels are a sheet to print', async () => {
    const { page } = open.at(-1)!;
    await page.goto(`${service.origin}/equipment`);
    await page.getByRole('button', { name: word('inventory_labels') }).click();
    await page.getByRole('dialog').getByRole('checkbox', { name: /CBJ-MIC-1/ }).uncheck();
    await judge(page, 'labels-telephone');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: word('labels_download', { count: '4' }) }).click();
    const chunks: Buffer[] = [];
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer);
    const pdf = Buffer.concat(chunks).toString('latin1');
    expect(pdf.startsWith('%PDF-')).toBe(true);
    expect(['CBJ-CAM-1', 'CBJ-MIC-1', 'CBJ-SPK-1'].map((tag) => pdf.includes(`(${tag})`))).toEqual([true, false, true]);
  });
});

test('no page complained', () => {
  const own = open.flatMap((officer) => officer.complaints).filter((it) => !/Failed to load resource/.test(it));
  expect(own).toEqual([]);
});
