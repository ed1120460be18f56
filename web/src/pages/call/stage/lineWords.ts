/** The sentences of the line test, and its report. */
import type { LineGrade, LineResult, LineStep } from '@/call';
import { m } from '@/paraglide/messages';

export const LINE_WORDS: Record<LineStep, () => string> = {
  service: () => m.line_service(),
  signalling: () => m.line_signalling(),
  udp: () => m.line_udp(),
  tcp: () => m.line_tcp(),
  publish: () => m.line_publish(),
  receive: () => m.line_receive(),
  loss: () => m.line_loss(),
  round_trip: () => m.line_round_trip(),
};

export const LINE_GRADES: Record<LineGrade, () => string> = {
  running: () => m.line_running(),
  good: () => m.line_good(),
  fair: () => m.line_fair(),
  poor: () => m.line_poor(),
  failed: () => m.line_failed(),
  later: () => m.line_later(),
  spare: () => m.line_spare(),
};

export function lineValue({ step, value }: LineResult): string | undefined {
  if (value === undefined) return undefined;
  switch (step) {
    case 'publish':
    case 'receive':
      return m.stage_kbps({ kbps: Math.round(value / 1000) });
    case 'loss':
      return m.stage_percent({ percent: Math.round(value * 1000) / 10 });
    default:
      return m.stage_ms({ ms: Math.round(value) });
  }
}

/** What would help, where something would. */
export function lineAdvice({ step, grade }: LineResult): string | undefined {
  if (grade === 'later') return step === 'publish' ? m.line_advice_send() : step === 'receive' ? m.line_advice_alone() : m.line_advice_later();
  if (grade === 'good' || grade === 'running' || grade === 'spare') return undefined;
  switch (step) {
    case 'service':
    case 'signalling':
      return grade === 'failed' ? m.line_advice_away() : m.line_advice_slow();
    case 'udp':
      return grade === 'failed' ? m.line_advice_blocked() : m.line_advice_tcp();
    case 'tcp':
      return undefined;
    case 'publish':
      return m.line_advice_up();
    case 'receive':
    case 'loss':
      return m.line_advice_loss();
    case 'round_trip':
      return m.line_advice_far();
  }
}

/** Plain text, a step a line: nothing in it names a person or a meeting. */
export function lineReport(results: readonly LineResult[]): string {
  const lines = results.map((it) => `${LINE_WORDS[it.step]()}: ${LINE_GRADES[it.grade]()}${it.value === undefined ? '' : ` (${lineValue(it) ?? ''})`} [${it.step}=${it.grade}]`);
  return [`Sidang · ${m.stage_test()} · ${new Date().toISOString()}`, navigator.userAgent, ...lines, ''].join('\n');
}
