/** Every page of the client on one screen. Literal segments stand before parameters. */
import type { Standing } from '@/api/session.svelte';
import { callRoutes } from '@/pages/call/routes';
import type { Page } from './load';

export type Route = {
  path: string;
  load: () => Promise<{ default: Page }>;
  /** Who may see it. The server decides what they get; this only decides what is drawn. */
  access: 'public' | 'signed_in' | readonly Standing[];
  /** `shell` draws masthead and navigation around the page; `bare` gives it the whole window. */
  frame: 'shell' | 'bare';
};

export const routes: readonly Route[] = [
  { path: '/', access: 'signed_in', frame: 'shell', load: () => import('@/pages/home/HomePage.svelte') },
  { path: '/sign-in', access: 'public', frame: 'bare', load: () => import('@/pages/account/SignInPage.svelte') },
  { path: '/password', access: 'signed_in', frame: 'shell', load: () => import('@/pages/account/PasswordPage.svelte') },

  { path: '/notices', access: 'signed_in', frame: 'shell', load: () => import('@/pages/account/NoticesPage.svelte') },
  { path: '/calendars', access: 'signed_in', frame: 'shell', load: () => import('@/pages/account/CalendarsPage.svelte') },

  { path: '/meetings', access: 'signed_in', frame: 'shell', load: () => import('@/pages/meetings/MeetingsPage.svelte') },
  { path: '/meetings/new', access: 'signed_in', frame: 'shell', load: () => import('@/pages/meetings/NewMeetingPage.svelte') },
  { path: '/m/:id', access: 'signed_in', frame: 'shell', load: () => import('@/pages/meetings/MeetingPage.svelte') },
  { path: '/m/:id/attendance', access: 'signed_in', frame: 'shell', load: () => import('@/pages/meetings/AttendancePage.svelte') },
  ...callRoutes,

  { path: '/availability', access: 'signed_in', frame: 'shell', load: () => import('@/pages/booking/AvailabilityPage.svelte') },
  { path: '/apply', access: ['uc_administrator'], frame: 'shell', load: () => import('@/pages/booking/ApplyPage.svelte') },
  { path: '/bookings', access: ['officer', 'uc_administrator'], frame: 'shell', load: () => import('@/pages/booking/BookingsPage.svelte') },
  { path: '/bookings/:id', access: 'signed_in', frame: 'shell', load: () => import('@/pages/booking/BookingPage.svelte') },
  { path: '/bookings/:id/amend', access: ['uc_administrator'], frame: 'shell', load: () => import('@/pages/booking/AmendPage.svelte') },
  { path: '/decide', access: ['approver', 'decides'], frame: 'shell', load: () => import('@/pages/decide/DecidePage.svelte') },
  { path: '/delegations', access: 'signed_in', frame: 'shell', load: () => import('@/pages/decide/DelegationsPage.svelte') },
  { path: '/overrides', access: ['approver', 'auditor', 'system_administrator'], frame: 'shell', load: () => import('@/pages/decide/OverridesPage.svelte') },
  { path: '/overrides/new', access: ['approver'], frame: 'shell', load: () => import('@/pages/decide/NewOverridePage.svelte') },
  { path: '/consents', access: ['facilitator'], frame: 'shell', load: () => import('@/pages/decide/ConsentsPage.svelte') },
  { path: '/decide/:id', access: ['approver', 'decides'], frame: 'shell', load: () => import('@/pages/decide/DecideOnePage.svelte') },

  { path: '/site', access: ['facilitator'], frame: 'shell', load: () => import('@/pages/site/SitePage.svelte') },
  { path: '/equipment', access: ['facilitator', 'approver', 'uc_administrator', 'auditor'], frame: 'shell', load: () => import('@/pages/inventory/InventoryPage.svelte') },
  { path: '/equipment/new', access: ['facilitator', 'approver', 'uc_administrator'], frame: 'shell', load: () => import('@/pages/inventory/NewEquipmentPage.svelte') },
  { path: '/equipment/:id', access: ['facilitator', 'approver', 'uc_administrator', 'auditor'], frame: 'shell', load: () => import('@/pages/inventory/EquipmentPage.svelte') },
  { path: '/bookings/:id/sites/:site/condition', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/ConditionPage.svelte') },
  { path: '/devices', access: ['facilitator', 'approver', 'system_administrator'], frame: 'shell', load: () => import('@/pages/panel/DevicesPage.svelte') },
  { path: '/panel', access: 'public', frame: 'bare', load: () => import('@/pages/panel/PanelPage.svelte') },
  { path: '/faults', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/FaultsPage.svelte') },
  { path: '/faults/new', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/NewFaultPage.svelte') },
  { path: '/faults/:id', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/FaultPage.svelte') },
  { path: '/f/:tag', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/FaultLabelPage.svelte') },
  { path: '/maintenance', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/MaintenancePage.svelte') },
  { path: '/maintenance/new', access: ['facilitator', 'approver'], frame: 'shell', load: () => import('@/pages/site/NewMaintenancePage.svelte') },
  { path: '/maintenance/:id', access: 'signed_in', frame: 'shell', load: () => import('@/pages/site/MaintenanceOnePage.svelte') },

  { path: '/people', access: ['uc_administrator', 'system_administrator'], frame: 'shell', load: () => import('@/pages/admin/PeoplePage.svelte') },
  { path: '/people/new', access: ['uc_administrator', 'system_administrator'], frame: 'shell', load: () => import('@/pages/admin/NewPersonPage.svelte') },
  { path: '/reports', access: ['approver', 'auditor', 'system_administrator', 'uc_administrator', 'facilitator'], frame: 'shell', load: () => import('@/pages/reports/ReportsPage.svelte') },
  { path: '/mail', access: ['system_administrator'], frame: 'shell', load: () => import('@/pages/admin/MailPage.svelte') },
  { path: '/audit', access: ['auditor', 'system_administrator'], frame: 'shell', load: () => import('@/pages/admin/AuditPage.svelte') },

  { path: '/central/sites', access: ['approver'], frame: 'shell', load: () => import('@/pages/central/SitesPage.svelte') },
  { path: '/central/sites/new', access: ['approver'], frame: 'shell', load: () => import('@/pages/central/SiteFormPage.svelte') },
  { path: '/central/sites/:id', access: ['approver'], frame: 'shell', load: () => import('@/pages/central/SiteFormPage.svelte') },
  { path: '/central/holidays', access: ['approver'], frame: 'shell', load: () => import('@/pages/central/HolidaysPage.svelte') },
  { path: '/central/policies', access: ['approver'], frame: 'shell', load: () => import('@/pages/central/PoliciesPage.svelte') },
  { path: '/central/policies/new', access: ['approver'], frame: 'shell', load: () => import('@/pages/central/NewPolicyPage.svelte') },

  { path: '/rules', access: 'signed_in', frame: 'shell', load: () => import('@/pages/reference/RulesPage.svelte') },
  { path: '/help', access: 'signed_in', frame: 'shell', load: () => import('@/pages/reference/HelpPage.svelte') },
];
