/** Why somebody's stay in a meeting ended, in the words of a list. */
import { m } from '@/paraglide/messages';

const REASONS: Record<string, () => string> = {
  left: () => m.attendance_reason_left(),
  lost: () => m.attendance_reason_lost(),
  removed: () => m.attendance_reason_removed(),
  sent_back: () => m.attendance_reason_sent_back(),
  meeting_ended: () => m.attendance_reason_ended(),
  window_closed: () => m.attendance_reason_window(),
  revoked: () => m.attendance_reason_revoked(),
  replaced: () => m.attendance_reason_replaced(),
  node_stopped: () => m.attendance_reason_stopped(),
};

/** A reason that is not known here is shown as it is. */
export const leaveReasonName = (reason: string): string => REASONS[reason]?.() ?? reason;
