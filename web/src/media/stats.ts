/** The browser's own statistics (W3C webrtc-stats), read into what the call shows: how the line is, and how each slot is. */

/** Of one receiving m-line since the reading before. */
export interface SlotStats {
  mid: string;
  kind: 'audio' | 'video';
  /** Of the packets due, the share that did not come (0 to 1). */
  loss: number;
  jitter_ms: number;
  /** Of the samples played, the share that was made up (audio). */
  concealed: number;
  /** Pictures a second and their size (video). */
  fps: number;
  width: number;
  height: number;
  /** Freezes since the reading before (video). */
  freezes: number;
  bitrate: number;
}

export interface LineStats {
  rtt_ms: number | undefined;
  /** Where the media goes: the media node, never another participant. */
  remoteAddress: string | undefined;
  protocol: string | undefined;
  /** Loss of what we send, as the other end reports it. */
  lossUp: number;
  /** What the browser holds back and why: `none`, `cpu`, `bandwidth`, `other`. */
  limitation: string | undefined;
  bitrateUp: number;
  slots: SlotStats[];
}

type Row = Record<string, unknown>;
export type Rows = Iterable<Row>;

const num = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const str = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Reads one report after the other; rates and shares are of the time between two. */
export class StatsReader {
  private before = new Map<string, Row>();

  read(report: Rows): LineStats {
    const rows = new Map<string, Row>();
    for (const row of report) {
      const id = str(row['id']);
      if (id !== undefined) rows.set(id, row);
    }
    const all = [...rows.values()];
    const line = this.line(rows, all);
    this.before = rows;
    return line;
  }

  private line(rows: Map<string, Row>, all: Row[]): LineStats {
    const pair = selectedPair(rows, all);
    const remote = rows.get(str(pair?.['remoteCandidateId']) ?? '');
    const outbound = all.filter((row) => row['type'] === 'outbound-rtp');
    const inbound = all.filter((row) => row['type'] === 'inbound-rtp' && str(row['mid']) !== undefined);
    const rtt_s = pair?.['currentRoundTripTime'];
    const address = str(remote?.['address']);
    return {
      rtt_ms: typeof rtt_s === 'number' ? rtt_s * 1000 : undefined,
      remoteAddress: address === undefined ? undefined : `${address}:${num(remote?.['port'])}`,
      protocol: str(remote?.['protocol']),
      lossUp: Math.max(0, ...all.filter((row) => row['type'] === 'remote-inbound-rtp').map((row) => num(row['fractionLost']))),
      limitation: outbound.map((row) => str(row['qualityLimitationReason'])).find((it) => it !== undefined && it !== 'none'),
      bitrateUp: outbound.reduce((sum, row) => sum + this.rate(row, 'bytesSent') * 8, 0),
      slots: inbound.map((row) => this.slot(row)),
    };
  }

  private slot(row: Row): SlotStats {
    const lost = Math.max(0, this.grown(row, 'packetsLost'));
    const due = lost + this.grown(row, 'packetsReceived');
    const samples = this.grown(row, 'totalSamplesReceived');
    // Comfort noise in a pause is not a loss.
    const concealed = this.grown(row, 'concealedSamples') - this.grown(row, 'silentConcealedSamples');
    return {
      mid: str(row['mid']) ?? '',
      kind: row['kind'] === 'audio' ? 'audio' : 'video',
      loss: due > 0 ? lost / due : 0,
      jitter_ms: num(row['jitter']) * 1000,
      concealed: samples > 0 ? Math.max(0, concealed) / samples : 0,
      fps: num(row['framesPerSecond']),
      width: num(row['frameWidth']),
      height: num(row['frameHeight']),
      freezes: this.grown(row, 'freezeCount'),
      bitrate: this.rate(row, 'bytesReceived') * 8,
    };
  }

  private grown(row: Row, field: string): number {
    const before = this.before.get(str(row['id']) ?? '');
    return before === undefined ? 0 : num(row[field]) - num(before[field]);
  }

  private rate(row: Row, field: string): number {
    const seconds = this.grown(row, 'timestamp') / 1000;
    return seconds > 0 ? this.grown(row, field) / seconds : 0;
  }
}

function selectedPair(rows: Map<string, Row>, all: Row[]): Row | undefined {
  const named = rows.get(str(all.find((row) => row['type'] === 'transport')?.['selectedCandidatePairId']) ?? '');
  return named ?? all.find((row) => row['type'] === 'candidate-pair' && row['nominated'] === true && row['state'] === 'succeeded');
}
