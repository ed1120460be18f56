// A browser's own encoders and decoders behind the media node: each codec in one and the same slot.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Officer, openBrowser, readCounter, signIn, until } from './browser';
import { Service } from './service';

let service: Service;
let sender: Officer;
let viewer: Officer;

const link = () => service.printed.find((line) => line.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!;
const person = (email: string) => service.people.find((it) => it.email.startsWith(email))!;
const SENDS = 'ahmad.faizal@';

beforeAll(async () => {
  service = await Service.start({ demo: true });
  [sender, viewer] = await Promise.all([1, 2].map((camera) => openBrowser({ camera }))) as [Officer, Officer];
  // What the client would send, were another codec the first of its order.
  await sender.context.addInitScript(() => {
    const wanted = new URL(location.href).hash.slice(1);
    const set = RTCRtpTransceiver.prototype.setCodecPreferences;
    RTCRtpTransceiver.prototype.setCodecPreferences = function (codecs) {
      const all = [...codecs];
      const first = all.filter((it) => it.mimeType === `video/${wanted}`);
      set.call(this, [...first, ...all.filter((it) => !first.includes(it))]);
    };
  });
  await signIn(sender, service, person(SENDS));
  await signIn(viewer, service, person('lim.siewling@'));
  await join(viewer, '');
});

afterAll(async () => {
  await Promise.all([sender, viewer].map((officer) => officer.browser.close()));
  await service.dispose();
});

async function join(officer: Officer, codec: string): Promise<void> {
  const { page } = officer;
  await page.goto('about:blank');
  await page.goto(`${link()}/join#${codec}`);
  await page.locator('[data-testid=join]').click();
  await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
}

interface Row {
  codec: string;
  rid: string;
  active: boolean;
  frames: number;
}

/** Streams of pictures that go out or come in, of the connection that lives. */
async function streams(officer: Officer, type: 'inbound-rtp' | 'outbound-rtp'): Promise<Row[]> {
  return officer.page.evaluate(async (wanted) => {
    const rows: Row[] = [];
    for (const connection of (window as unknown as { madeConnections: RTCPeerConnection[] }).madeConnections) {
      if (connection.connectionState !== 'connected') continue;
      const report = await connection.getStats();
      for (const entry of report.values()) {
        if (entry.type !== wanted || entry.kind !== 'video' || !entry.codecId) continue;
        const codec = report.get(entry.codecId).mimeType;
        rows.push({ codec, rid: entry.rid ?? '', active: entry.active ?? true, frames: entry.framesDecoded ?? entry.framesEncoded ?? 0 });
      }
    }
    return rows;
  }, type);
}

async function seen(codec: string): Promise<void> {
  const name = person(SENDS).role.split('  ').at(-1)!.trim();
  const counters = new Set<number>();
  await until(`pictures in ${codec}`, async () => {
    const reading = await readCounter(viewer.page, `[data-testid=tile][data-name="${name}"] video`);
    if (!reading?.right || reading.person !== 1) return false;
    counters.add(reading.counter);
    return counters.size >= 5 && (await streams(viewer, 'inbound-rtp')).some((it) => it.codec === `video/${codec}` && it.frames > 5);
  });
}

describe('one slot', () => {
  test('shows each codec that the browser makes, one after the other', async () => {
    for (const codec of ['VP8', 'H264', 'VP9', 'AV1']) {
      await join(sender, codec);
      await seen(codec);
      const sent = await streams(sender, 'outbound-rtp');
      expect(sent.map((it) => it.codec)).toEqual(sent.map(() => `video/${codec}`));
    }
  });

  test('is filled for who can show VP8 alone, by what this client sends', async () => {
    await viewer.context.addInitScript(() => {
      const able = RTCRtpReceiver.getCapabilities;
      RTCRtpReceiver.getCapabilities = (kind) => {
        const all = able.call(RTCRtpReceiver, kind);
        return all && { ...all, codecs: all.codecs.filter((it) => !/VP9|AV1|H264|H265/.test(it.mimeType)) };
      };
    });
    await join(viewer, '');
    await join(sender, 'none');
    await seen('VP8');
  });
});
