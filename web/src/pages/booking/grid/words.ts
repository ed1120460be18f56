/** What the time line says of a slot, in one place for the eye, the ear and the list. */
import { longDate, time } from '@/i18n/format';
import { locale } from '@/i18n/locale.svelte';
import { m } from '@/paraglide/messages';
import type { Mark, Run, SlotState } from './model';

const STATES: Record<SlotState, () => string> = {
  free: () => m.grid_free(),
  held: () => m.grid_held(),
  approved: () => m.grid_approved(),
  in_use: () => m.grid_in_use(),
  maintenance: () => m.grid_maintenance(),
  buffer: () => m.grid_buffer(),
  holiday: () => m.grid_holiday(),
  closed: () => m.grid_closed(),
  lead_time: () => m.grid_lead_time(),
  past: () => m.grid_past(),
  not_all: () => m.grid_not_all(),
};
export const stateName = (it: SlotState): string => STATES[it]();

/** A sign for each state that a block shows: what colour and pattern say, said a third time. */
export const SIGNS: Record<SlotState, string> = { free: '', held: '◷', approved: '●', in_use: '▶', maintenance: '✕', buffer: '┆', holiday: '◆', closed: '–', lead_time: 'TP-2', past: '', not_all: '' };

export function markName(mark: Mark): string {
  const name = holidayName(mark);
  switch (mark.kind) {
    case 'rest_day':
      return m.grid_mark_rest_day();
    case 'holiday':
      if (name === undefined) return m.grid_holiday();
      return mark.provisional ? m.grid_mark_provisional({ name }) : mark.sighted ? m.grid_mark_sighted({ name }) : m.grid_mark_holiday({ name });
    case 'year_provisional':
      return m.grid_mark_year_provisional();
    case 'year_unknown':
      return m.grid_mark_year_unknown();
    default:
      // A newer server may mark days for reasons that are not known here.
      return name ?? String(mark.kind);
  }
}
export const holidayName = (mark: Mark): string | undefined => (locale.current === 'ms' ? (mark.name_ms ?? mark.name_en) : (mark.name_en ?? mark.name_ms)) ?? undefined;

/** `Selasa 1 Disember` */
export function dayMonth(at_ms: number): string {
  return longDate(at_ms, locale.current).replace(/ \d{4}$/, '').replace(',', '');
}

/** What a run is, without where and when: its state, its title, whose it is, what day it falls on. */
export function saysOf(run: Run, until_ms?: number): string {
  const state = run.state === 'free' && until_ms !== undefined ? m.grid_free_until({ time: time(until_ms) }) : stateName(run.state);
  return [state, run.taken?.title ?? '', run.taken?.mine ? m.grid_mine() : '', run.mark ? markName(run.mark) : ''].filter((it) => it !== '').join(', ');
}
