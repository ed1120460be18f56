// What the central agency counts: a use of the demonstration in pictures, tables and a file, and the level wanted of an agency, set without
// a mouse.
import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, openContext, picture, signIn, until } from './browser';
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

async function enter(who: string): Promise<Officer> {
  const officer = await openContext(first.browser);
  await signIn(officer, service, service.people.find((it) => it.email.startsWith(who))!);
  return officer;
}

describe('reports', () => {
  test('say in pictures, tables and a file what became of applications', async () => {
    const { page, context } = await enter('faridah');
    await page.goto(`${service.origin}/reports`);
    const applications = page.locator('dl.tile', { hasText: word('reports_applications') }).locator('.value').first();
    await applications.waitFor();
    // The demonstration lays out at least three applications, two of them approved.
    expect(Number(await applications.innerText())).toBeGreaterThanOrEqual(3);
    await until('the charts are drawn', async () => (await page.locator('figure canvas').count()) === 4);
    const inked = await page.locator('figure canvas').first().evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, index) => index % 4 === 2 && value > 200 && (data[index - 2] ?? 0) < 60);
    });
    expect(inked, 'a bar of the primary colour stands on the canvas').toBe(true);
    for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]] as const) {
      await page.setViewportSize({ width, height });
      await picture(page, `reports/${width}`);
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
      expect(violations.filter((it) => it.impact === 'serious' || it.impact === 'critical').map((it) => `${it.id}: ${it.nodes[0]?.target.join(' ')}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: word('reports_csv') }).click()]);
    expect(download.suggestedFilename()).toMatch(/^sidang-\d{4}-\d{2}-\d{4}-\d{2}\.csv$/);
    const [head, ...rows] = (await readFile((await download.path())!, 'utf8')).replace('\u{feff}', '').trim().split('\r\n');
    const column = head!.split(',').indexOf('applications');
    const months = rows.filter((it) => /^\d{4}-\d{2},/.test(it));
    expect(months.length).toBe(12);
    expect(months.reduce((sum, it) => sum + Number(it.split(',')[column]), 0)).toBe(Number(await applications.innerText()));
    await context.close();
  });

  test('the level wanted of an agency is set by keyboard alone', async () => {
    const { page, context } = await enter('faridah');
    await page.goto(`${service.origin}/reports`);
    const change = page.getByRole('button', { name: `${word('reports_use_set')}: ${word('reports_use_set_for', { agency: 'Kementerian Kesihatan Malaysia' })}` });
    await change.focus();
    await page.keyboard.press('Enter');
    const field = page.getByLabel(word('reports_use_wanted'));
    await field.waitFor();
    await field.fill('7');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText(word('reports_use_saved', { agency: 'KKM' })).waitFor({ state: 'attached' });
    const row = page.getByRole('row', { name: /Kementerian Kesihatan Malaysia/ }).last();
    await until('the level stands in the table', async () => (await row.innerText()).includes('7'));
    await context.close();
  });

  test('an officer without a task in it finds no way in', async () => {
    const { page, context } = await enter('lim.siew');
    expect(await page.evaluate(async () => (await fetch('/api/v1/reports')).status)).toBe(403);
    await page.goto(`${service.origin}/reports`);
    await page.getByRole('heading', { name: word('shell_no_permission_title') }).waitFor();
    await context.close();
  });
});
