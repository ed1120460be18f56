/** The sentences of a room's screen for what the service sends. */
import type { Failure } from '@/api/failure';
import { m } from '@/paraglide/messages';
import type { Block } from './service';

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

/** Why a press did not do what it said. */
export async function sentence(failure: Failure): Promise<string> {
  if (failure.kind !== 'refused') return m.panel_offline();
  const { sentenceOf } = await import('@/rules/refusal');
  const { what, next } = sentenceOf(failure.refusal);
  return next === undefined ? what : `${what} ${next}`;
}
