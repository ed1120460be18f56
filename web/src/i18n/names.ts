/** The words for the values that the server sends. */
import type { PersonRole } from '@/api/types';
import { m } from '@/paraglide/messages';

const ROLES: Record<PersonRole, () => string> = {
  officer: () => m.role_officer(),
  uc_administrator: () => m.role_uc_administrator(),
  approver: () => m.role_approver(),
  facilitator: () => m.role_facilitator(),
  auditor: () => m.role_auditor(),
  system_administrator: () => m.role_system_administrator(),
};
export const roleName = (role: PersonRole): string => ROLES[role]();
