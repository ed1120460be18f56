/** The sentences of a room's screen for what the service sends. */
import type { Failure } from '@/api/failure';
import { m } from '@/paraglide/messages';
import type { Block } from '@/api/types';

export function blockWord(kind: Block['kind']): string {
  switch (kind) {
    case 'maintenance':
      return m.panel_block_maintenance();
    case 'blackout':
      return m.panel_block_blackout();
    case 'fault':
      return m.panel_block_fault();
  }
}

/** How long a session still goes on: in hours where minutes alone would have to be divided. */
export function leftText(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return m.panel_left({ minutes: String(minutes) });
  return minutes % 60 === 0 ? m.panel_left_hours({ hours: String(hours) }) : m.panel_left_both({ hours: String(hours), minutes: String(minutes % 60) });
}

/** Why a press did not do what it said. */
export async function sentence(failure: Failure): Promise<string> {
  if (failure.kind !== 'refused') return m.panel_offline();
  const { sentenceOf } = await import('@/rules/refusal');
  const { what, next } = sentenceOf(failure.refusal);
  return next === undefined ? what : `${what} ${next}`;
}
