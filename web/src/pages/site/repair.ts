/** The words of faults and planned work: values that the server sends, and working time as a person says it. */
import type { FaultEvent, FaultOutcome, FaultWaitsFor, Fault, MaintenanceState, Severity, WorkOutcome } from '@/api/types';
import { severityName } from '@/i18n/names';
import { m } from '@/paraglide/messages';

const WAITS: Record<FaultWaitsFor, () => string> = { parts: () => m.repair_wait_parts(), vendor: () => m.repair_wait_vendor(), access: () => m.repair_wait_access() };
export const waitsName = (it: FaultWaitsFor): string => WAITS[it]?.() ?? it;

const OUTCOMES: Record<FaultOutcome, () => string> = {
  repaired: () => m.repair_outcome_repaired(),
  replaced: () => m.repair_outcome_replaced(),
  adjusted: () => m.repair_outcome_adjusted(),
  no_fault_found: () => m.repair_outcome_no_fault_found(),
  not_mended: () => m.repair_outcome_not_mended(),
};
export const outcomeName = (it: FaultOutcome): string => OUTCOMES[it]?.() ?? it;

const WORKS: Record<MaintenanceState, () => string> = {
  planned: () => m.maintenance_state_planned(),
  in_work: () => m.maintenance_state_in_work(),
  done: () => m.maintenance_state_done(),
  cancelled: () => m.maintenance_state_cancelled(),
};
export const workStateName = (it: MaintenanceState): string => WORKS[it]?.() ?? it;

const WORK_OUTCOMES: Record<WorkOutcome, () => string> = {
  done: () => m.maintenance_outcome_done(),
  done_in_part: () => m.maintenance_outcome_done_in_part(),
  not_done: () => m.maintenance_outcome_not_done(),
};
export const workOutcomeName = (it: WorkOutcome): string => WORK_OUTCOMES[it]?.() ?? it;

/** Working time: hours and minutes, because a working day has no agreed length. */
export function workingTime(minutes: number): string {
  const whole = Math.abs(minutes);
  const hours = Math.floor(whole / 60);
  if (hours > 0 && whole % 60 === 0) return m.repair_hours_whole({ hours: String(hours) });
  return hours > 0 ? m.repair_hours({ hours: String(hours), minutes: String(whole % 60) }) : m.repair_minutes({ minutes: String(whole) });
}

/** How a fault stands against its target, in a sentence. */
export function slaText(fault: Fault): string {
  const left = workingTime(fault.sla.left_minutes);
  switch (fault.sla.state) {
    case 'on_time':
      return m.repair_sla_on_time({ left });
    case 'due_soon':
      return m.repair_sla_due_soon({ left });
    case 'overdue':
      return m.repair_sla_overdue({ left });
    case 'waiting':
      return m.repair_sla_waiting({ what: fault.waits_for ? waitsName(fault.waits_for) : '' });
    case 'met':
      return m.repair_sla_met();
    case 'missed':
      return m.repair_sla_missed();
  }
}

export const isOpen = (fault: Pick<Fault, 'state'>): boolean => fault.state !== 'mended' && fault.state !== 'closed';

/** One row of a fault's history, in a sentence. */
export function eventText(event: FaultEvent): string {
  const value = event.value ?? '';
  switch (event.kind) {
    case 'report':
      return m.repair_event_report();
    case 'assign':
      return m.repair_event_assign({ who: value });
    case 'severity':
      return m.repair_event_severity({ what: severityName(value as Severity) });
    case 'start':
      return m.repair_event_start();
    case 'wait':
      return m.repair_event_wait({ what: waitsName(value as FaultWaitsFor) });
    case 'resume':
      return m.repair_event_resume();
    case 'mend':
      return m.repair_event_mend({ what: outcomeName(value as FaultOutcome) });
    case 'close':
      return m.repair_event_close();
    case 'reopen':
      return m.repair_event_reopen();
    case 'comment':
      return m.repair_event_comment();
    case 'block':
      return m.repair_event_block();
    case 'unblock':
      return m.repair_event_unblock();
  }
}
