// A browser that may send no UDP, beside one that may: they hear and see each other, one of them over TCP to the media port (RFC 6544).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Officer, openBrowser, signIn, until } from './browser';
import { Service } from './service';

const EMAILS = ['ahmad.faizal@', 'lim.siewling@'];
/** What an administrator sets where UDP is not to be used; the browser then makes no UDP socket at all. */
const WITHOUT_UDP = ['--force-webrtc-ip-handling-policy=disable_non_proxied_udp', '--webrtc-ip-handling-policy=disable_non_proxied_udp'];

let service: Service;
let officers: Officer[] = [];

beforeAll(async () => {
  service = await Service.start({ demo: true, environment: { SIDANG_MEDIA_LISTEN: '127.0.0.1:0' } });
  officers = await Promise.all([openBrowser({ camera: 1 }), openBrowser({ camera: 2, flags: WITHOUT_UDP })]);
  for (const [index, officer] of officers.entries()) await signIn(officer, service, service.people.find((it) => it.email.startsWith(EMAILS[index]!))!);
});

afterAll(async () => {
  await Promise.all(officers.map((officer) => officer.browser.close()));
  await service.dispose();
});

async function join({ page }: Officer): Promise<void> {
  await page.goto(`${service.printed.find((it) => it.includes('a TERBUKA meeting'))!.trim().split(/\s+/).at(-1)!}/join`);
  await page.locator('[data-testid=green-room]').waitFor();
  await page.locator('[data-testid=join]').click();
  await page.locator('[data-testid=meeting][data-phase=in]').waitFor();
}

interface Flow {
  protocol: string;
  sounds: number;
  frames: number;
}

/** What carries the connection, and what came over it. */
async function flow({ page }: Officer): Promise<Flow> {
  return page.evaluate(async () => {
    const flow = { protocol: '', sounds: 0, frames: 0 };
    const connection = (window as unknown as { madeConnections: RTCPeerConnection[] }).madeConnections.filter((it) => it.connectionState === 'connected').at(-1);
    const report = await connection?.getStats();
    for (const entry of report?.values() ?? []) {
      if (entry.type === 'transport') flow.protocol = report!.get(report!.get(entry.selectedCandidatePairId)?.localCandidateId)?.protocol ?? '';
      if (entry.type !== 'inbound-rtp') continue;
      if (entry.kind === 'audio') flow.sounds += entry.packetsReceived ?? 0;
      else flow.frames += entry.framesDecoded ?? 0;
    }
    return flow;
  });
}

test('without UDP, media goes over TCP, both ways', async () => {
  for (const officer of officers) await join(officer);
  for (const officer of officers) {
    await until('the other is seen and heard', async () => {
      const { sounds, frames } = await flow(officer);
      return sounds > 50 && frames > 20;
    });
  }
  expect(await Promise.all(officers.map(async (officer) => (await flow(officer)).protocol))).toEqual(['udp', 'tcp']);
});
