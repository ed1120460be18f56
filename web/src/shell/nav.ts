/** What the navigation offers to whom. */
import type { Component } from 'svelte';
import Building2 from '@lucide/svelte/icons/building-2';
import CalendarCheck from '@lucide/svelte/icons/calendar-check';
import CalendarDays from '@lucide/svelte/icons/calendar-days';
import CalendarOff from '@lucide/svelte/icons/calendar-off';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import CircleHelp from '@lucide/svelte/icons/circle-question-mark';
import ClipboardCheck from '@lucide/svelte/icons/clipboard-check';
import DoorOpen from '@lucide/svelte/icons/door-open';
import FilePlus from '@lucide/svelte/icons/file-plus-2';
import House from '@lucide/svelte/icons/house';
import LayoutList from '@lucide/svelte/icons/layout-list';
import MonitorSmartphone from '@lucide/svelte/icons/monitor-smartphone';
import MailIcon from '@lucide/svelte/icons/mail';
import Scale from '@lucide/svelte/icons/scale';
import Package from '@lucide/svelte/icons/package';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal';
import ShieldAlert from '@lucide/svelte/icons/shield-alert';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import Users from '@lucide/svelte/icons/users';
import UsersRound from '@lucide/svelte/icons/users-round';
import Wrench from '@lucide/svelte/icons/wrench';
import Video from '@lucide/svelte/icons/video';
import type { Standing } from '@/api/session.svelte';
import { m } from '@/paraglide/messages';

export type NavItem = { href: string; label: (roles: readonly Standing[]) => string; icon: Component; roles?: readonly Standing[] };
export type NavGroup = { label: () => string; items: readonly NavItem[] };

export const nav: readonly NavGroup[] = [
  {
    label: () => m.nav_group_work(),
    items: [
      { href: '/', label: () => m.nav_today(), icon: House },
      { href: '/meetings', label: () => m.nav_meetings(), icon: Video },
      { href: '/bookings', label: (roles) => (roles.includes('uc_administrator') ? m.nav_bookings() : m.nav_bookings_mine()), icon: LayoutList, roles: ['officer', 'uc_administrator'] },
      { href: '/apply', label: () => m.nav_apply(), icon: FilePlus, roles: ['uc_administrator'] },
      { href: '/availability', label: () => m.nav_availability(), icon: CalendarDays },
    ],
  },
  {
    label: () => m.nav_group_service(),
    items: [
      { href: '/decide', label: () => m.nav_decide(), icon: ClipboardCheck, roles: ['approver', 'decides'] },
      { href: '/overrides', label: () => m.nav_overrides(), icon: ShieldAlert, roles: ['approver', 'auditor', 'system_administrator'] },
      { href: '/consents', label: () => m.nav_consents(), icon: CalendarCheck, roles: ['facilitator'] },
      { href: '/site', label: () => m.nav_site(), icon: DoorOpen, roles: ['facilitator'] },
      { href: '/devices', label: () => m.nav_devices(), icon: MonitorSmartphone, roles: ['facilitator', 'approver', 'system_administrator'] },
      { href: '/equipment', label: () => m.nav_equipment(), icon: Package, roles: ['facilitator', 'approver', 'auditor'] },
      { href: '/faults', label: () => m.nav_faults(), icon: TriangleAlert },
      { href: '/maintenance', label: () => m.nav_maintenance(), icon: Wrench, roles: ['facilitator', 'approver'] },
      { href: '/central/sites', label: () => m.nav_central_sites(), icon: Building2, roles: ['approver'] },
      { href: '/central/holidays', label: () => m.nav_central_holidays(), icon: CalendarOff, roles: ['approver'] },
      { href: '/central/policies', label: () => m.nav_central_policies(), icon: SlidersHorizontal, roles: ['approver'] },
      { href: '/people', label: () => m.nav_people(), icon: UsersRound, roles: ['uc_administrator', 'system_administrator'] },
      { href: '/reports', label: () => m.nav_reports(), icon: ChartColumn, roles: ['approver', 'auditor', 'system_administrator', 'uc_administrator', 'facilitator'] },
      { href: '/mail', label: () => m.nav_mail(), icon: MailIcon, roles: ['system_administrator'] },
      { href: '/audit?act=meeting.create', label: () => m.nav_attendance(), icon: Users, roles: ['auditor'] },
      { href: '/audit', label: () => m.nav_audit(), icon: ScrollText, roles: ['auditor', 'system_administrator'] },
    ],
  },
  {
    label: () => m.nav_group_reference(),
    items: [
      { href: '/rules', label: () => m.nav_rules(), icon: Scale },
      { href: '/help', label: () => m.nav_help(), icon: CircleHelp },
    ],
  },
];

export function navFor(roles: readonly Standing[]): NavGroup[] {
  return nav
    .map((group) => ({ label: group.label, items: group.items.filter((it) => !it.roles || it.roles.some((role) => roles.includes(role))) }))
    .filter((group) => group.items.length > 0);
}

/** The entry under which a page stands: the longest that its path begins with. `/m/…` belongs to the meetings, a condition report to the site. */
export function navCurrent(path: string): string {
  const of = path.startsWith('/m/') ? '/meetings' : path.endsWith('/condition') ? '/site' : path.startsWith('/f/') ? '/faults' : path;
  const all = nav.flatMap((group) => group.items.map((it) => it.href));
  const fits = all.filter((href) => (href === '/' ? of === '/' : of === href || of.startsWith(`${href}/`)));
  return fits.sort((a, b) => b.length - a.length)[0] ?? '';
}
