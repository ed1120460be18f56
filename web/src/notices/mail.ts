/** The words for where a mail stands. A value without a word does not compile. */
import type { MailFailure, MailState } from '@/api/types';
import { m } from '@/paraglide/messages';

const STATES: Record<MailState, () => string> = {
  waiting: () => m.mail_state_waiting(),
  sent: () => m.mail_state_sent(),
  failed: () => m.mail_state_failed(),
  dropped: () => m.mail_state_dropped(),
};
export const mailStateName = (it: MailState): string => STATES[it]?.() ?? it;

const FAILURES: Record<MailFailure, () => string> = {
  connection: () => m.mail_failure_connection(),
  tls: () => m.mail_failure_tls(),
  timeout: () => m.mail_failure_timeout(),
  credentials: () => m.mail_failure_credentials(),
  refused_for_now: () => m.mail_failure_refused_for_now(),
  refused: () => m.mail_failure_refused(),
  unwritable: () => m.mail_failure_unwritable(),
  person_gone: () => m.mail_failure_person_gone(),
  stale: () => m.mail_failure_stale(),
};
export const mailFailureName = (it: MailFailure): string => FAILURES[it]?.() ?? it;
