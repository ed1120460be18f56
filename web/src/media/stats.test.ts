import { describe, expect, it } from 'vitest';
import { StatsReader, type Rows } from './stats';

const report = (timestamp: number, received: number, lost: number): Rows => [
  { id: 'T', type: 'transport', timestamp, selectedCandidatePairId: 'P' },
  { id: 'P', type: 'candidate-pair', timestamp, remoteCandidateId: 'R', currentRoundTripTime: 0.034 },
  { id: 'R', type: 'remote-candidate', timestamp, address: '10.0.0.9', port: 40000, protocol: 'udp' },
  { id: 'O', type: 'outbound-rtp', timestamp, bytesSent: received * 100, qualityLimitationReason: 'none' },
  { id: 'U', type: 'remote-inbound-rtp', timestamp, fractionLost: 0.02 },
  {
    id: 'V',
    type: 'inbound-rtp',
    kind: 'video',
    mid: '7',
    timestamp,
    packetsReceived: received,
    packetsLost: lost,
    bytesReceived: received * 1000,
    jitter: 0.012,
    framesPerSecond: 24,
    frameWidth: 640,
    frameHeight: 360,
    freezeCount: 1,
  },
];

describe('StatsReader', () => {
  it('reads where the media goes and how it comes', () => {
    const reader = new StatsReader();
    reader.read(report(1_000, 100, 0));
    const line = reader.read(report(3_000, 190, 10));
    expect(line).toMatchObject({ remoteAddress: '10.0.0.9:40000', protocol: 'udp', rtt_ms: 34, lossUp: 0.02, limitation: undefined });
    expect(line.slots).toEqual([
      {
        mid: '7',
        kind: 'video',
        loss: 0.1,
        jitter_ms: 12,
        concealed: 0,
        fps: 24,
        width: 640,
        height: 360,
        freezes: 0,
        bitrate: 360_000,
      },
    ]);
  });

  it('says nothing of a time it did not see', () => {
    const line = new StatsReader().read(report(1_000, 100, 50));
    expect(line.slots[0]).toMatchObject({ loss: 0, bitrate: 0 });
    expect(new StatsReader().read([])).toMatchObject({ rtt_ms: undefined, remoteAddress: undefined, slots: [] });
  });

  it('does not take packets found again for a gain', () => {
    const reader = new StatsReader();
    reader.read(report(1_000, 100, 10));
    expect(reader.read(report(2_000, 150, 5)).slots[0]?.loss).toBe(0);
  });
});
