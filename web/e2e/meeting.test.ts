// The main job in the browser: three officers see and hear each other through the media node, the host records, and a killed service is
// back without anybody touching anything. Real pictures and real sound.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, loudness, openBrowser, picture, readCounter, remotePaths, signIn, until } from './browser';
import { Service } from './service';

const CAMERAS = [1, 2, 3];
// The demonstration's open meeting: the first is its host.
const EMAILS = ['ahmad.faizal@', 'lim.siewling@', 'arumugam.krishnan@'];

let service: Service;
let officers: Officer[] = [];

const link = (kind: 'TERBUKA' | 'SULIT') => service.printed.find((line) => line.includes(`a ${kind} meeting`))!.trim().split(/\s+/).at(-1)!;
const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const remoteVideo = (who: string) => `[data-testid=tile][data-name="${who}"] video`;

beforeAll(async () => {
  service = await Service.start({ demo: true });
  officers = await Promise.all(CAMERAS.map((camera) => openBrowser({ camera })));
  for (const [index, officer] of officers.entries()) await signIn(officer, service, person(EMAILS[index]!));
});

afterAll(async () => {
  await Promise.all(officers.map((officer) => officer.browser.close()));
  await service.dispose();
});

async function join(officer: Officer, meeting: string): Promise<void> {
  const { page } = officer;
  await page.goto(`${meeting}/join`);
  await page.locator('[data-testid=green-room]').waitFor();
  await until('the preview shows one’s own camera', async () => (await readCounter(page, '[data-testid=preview] video'))?.right);
  await until('the microphone is heard', async () => Number(await page.locator('[data-testid=mic-level]').getAttribute('data-level')) > 0);
  await page.locator('[data-testid=join]').click();
  await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
}

/** The camera numbers whose pictures this page decodes now, each read right and moving. */
async function watched(officer: Officer, others: number[]): Promise<void> {
  for (const other of others) {
    const who = service.people.find((it) => it.email.startsWith(EMAILS[CAMERAS.indexOf(other)]!))!;
    const video = remoteVideo(who.role.split('  ').at(-1)!.trim());
    const first = await until(`the picture of camera ${other}`, async () => {
      const reading = await readCounter(officer.page, video);
      return reading?.right && reading;
    });
    expect(first.person).toBe(other);
    const counters = new Set<number>();
    await until(`the picture of camera ${other} moves`, async () => {
      const reading = await readCounter(officer.page, video);
      if (!reading) return false;
      // Every frame that is shown is whole and is the right person's.
      expect(reading).toMatchObject({ right: true, person: other });
      counters.add(reading.counter);
      return counters.size >= 10;
    });
  }
}

describe('an open meeting of three', () => {
  test('everyone sees the others’ pictures and the counters in them', async () => {
    for (const officer of officers) await join(officer, link('TERBUKA'));
    for (const [index, officer] of officers.entries()) {
      await watched(officer, CAMERAS.filter((_, other) => other !== index));
      const joined = await until('the first picture is timed', async () => officer.page.locator('[data-testid=meeting]').getAttribute('data-join-ms'));
      console.log(`join, press to first remote frame drawn, person ${index + 1}: ${joined} ms`);
    }
    for (const [index, officer] of officers.entries()) await picture(officer.page, `meeting-${index + 1}`);
  });

  test('everyone hears the others speak and pause', async () => {
    for (const officer of officers) {
      const voices = officer.page.locator('audio[data-mid]');
      const mids = await voices.evaluateAll((all) => all.map((it) => it.getAttribute('data-mid')));
      const levels = await Promise.all(mids.map((mid) => loudness(officer.page, `audio[data-mid="${mid}"]`, 8)));
      const speaking = levels.filter((it) => it.some((level) => level > 0.03) && it.some((level) => level < 0.005));
      expect(speaking.length, `voices with speech and pauses: ${JSON.stringify(levels.map((it) => Math.max(...it)))}`).toBeGreaterThanOrEqual(2);
    }
  });

  test('media goes to the media node and nowhere else', async () => {
    const port = Number(/candidates=\[[^\]]*?:(\d+)/.exec(service.log)?.[1]);
    expect(port).toBeGreaterThan(0);
    for (const officer of officers) {
      const paths = await remotePaths(officer.page);
      expect(paths.length).toBe(1);
      expect(paths[0]).toMatchObject({ port, protocol: 'udp' });
    }
  });

  test('the host records, everyone is told, the late ones too, and the recording plays', async () => {
    const [host, , late] = officers as [Officer, Officer, Officer];
    await late.page.locator('[data-testid=leave]').click();
    await late.page.locator('[data-testid=after-meeting]').waitFor();
    await host.page.locator('[data-testid=record]').click();
    await host.page.locator('[data-testid=confirm]').click();
    for (const officer of officers.slice(0, 2)) await officer.page.locator('[data-testid=recording-banner]').waitFor();
    await join(late, link('TERBUKA'));
    await late.page.locator('[data-testid=recording-banner]').waitFor();
    await watched(host, [2, 3]);
    await picture(host.page, 'recording');
    await host.page.locator('[data-testid=record]').click();
    await until('the banner is gone', async () => (await late.page.locator('[data-testid=recording-banner]').count()) === 0);

    // Opened beside the meeting, as a person would from the meeting's page.
    const player = await host.context.newPage();
    await player.goto(link('TERBUKA'));
    const recording = player.locator('a[href*="/recordings/"]').first();
    await until('the recording is listed', async () => {
      await player.reload();
      await player.getByRole('heading', { name: 'Rakaman' }).waitFor();
      return (await recording.count()) > 0;
    });
    await recording.click();
    await player.locator('[data-testid=player]').waitFor();
    await player.locator('[data-testid=play]').click();
    await until('the recording plays', async () => Number(await player.locator('[data-testid=player]').getAttribute('data-position-ms')) > 1500);
    const seen = new Set<number>();
    await until('pictures of two people out of the recording', async () => {
      const scenes = player.locator('[data-testid=scene] video');
      for (let index = 0; index < (await scenes.count()); index++) {
        const source = await scenes.nth(index).getAttribute('data-source');
        const reading = await readCounter(player, `[data-testid=scene] video[data-source="${source}"]`);
        if (reading?.right) seen.add(reading.person);
      }
      return seen.size >= 2;
    });
    await picture(player, 'player');
    await player.close();
  });

  test('after kill -9 and a start everyone is back in the meeting, untouched', async () => {
    await service.kill();
    for (const officer of officers) await officer.page.locator('[data-testid=reconnecting]').waitFor();
    await service.startAgain();
    for (const [index, officer] of officers.entries()) {
      await officer.page.locator('[data-testid=meeting][data-phase=in]').waitFor();
      await watched(officer, CAMERAS.filter((_, other) => other !== index));
    }
  });

  test('no page complained', () => {
    // Requests that fail while the service is down are the browser's own lines.
    const own = officers.flatMap((officer) => officer.complaints).filter((it) => !/Failed to load resource|WebSocket connection|ERR_CONNECTION/.test(it));
    expect(own).toEqual([]);
  });
});

test('the log holds no token, name or address of a person', () => {
  expect(service.log).toContain('a media node runs');
  // Every JWT begins so: it is `{"` in base64url.
  expect(service.log).not.toMatch(/eyJ/);
  for (const { email, role } of service.people) {
    expect(service.log).not.toContain(email);
    expect(service.log).not.toContain(role.split('  ').at(-1)!.trim());
  }
});

describe('a classified meeting', () => {
  test('says what it lacks, and the media node refuses to record it', async () => {
    const host = officers[0]!;
    await join(host, link('SULIT'));
    expect(await host.page.locator('[data-testid=classification]').first().getAttribute('data-classification')).toBe('SULIT');
    await host.page.locator('[data-testid=lacks-mark]').waitFor();
    await host.page.locator('[data-testid=record]').click();
    const confirm = host.page.locator('[data-testid=confirm]');
    await confirm.click();
    await host.page.locator('[data-testid=refusal][data-rule=CLASS-3]').waitFor();
    await picture(host.page, 'refused-recording');
  });
});
