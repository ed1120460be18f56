/** The form of a site: what it starts with, and what it sends. Pure. */
import type { RoomDraft, Site, SiteDetail, SiteDraft } from '@/api/types';
import { WEEK } from './words';

export type DayForm = { weekday: number; open: boolean; opens_minute: number; closes_minute: number };
export type RoomForm = { id: string | null; key: number; name: string; floor: string; seats: string; wheelchair: RoomDraft['wheelchair']; access_ms: string; access_en: string };
export type SiteForm = {
  name: string;
  short_name: string;
  city: string;
  region: Site['region'] | '';
  address: string;
  time_zone: string;
  seats: string;
  days: DayForm[];
  set_up_minutes: string;
  clear_up_minutes: string;
  access_ms: string;
  access_en: string;
  closing: boolean;
  closed_from: string;
  rooms: RoomForm[];
  facilitators: string[];
};

const OPENS = 8 * 60;
const CLOSES = 17 * 60;
let keys = 0;

export const emptyRoom = (): RoomForm => ({ id: null, key: (keys += 1), name: '', floor: '', seats: '6', wheelchair: 'unknown', access_ms: '', access_en: '' });

export function emptyForm(): SiteForm {
  return {
    name: '', short_name: '', city: '', region: '', address: '', time_zone: 'Asia/Kuala_Lumpur', seats: '6',
    days: WEEK.map((weekday) => ({ weekday, open: weekday < 6, opens_minute: OPENS, closes_minute: CLOSES })),
    set_up_minutes: '0', clear_up_minutes: '0', access_ms: '', access_en: '', closing: false, closed_from: '',
    rooms: [emptyRoom()], facilitators: [],
  };
}

export function formOf({ site, facilitators }: SiteDetail): SiteForm {
  const hours = (weekday: number) => site.hours.find((it) => it.weekday === weekday);
  return {
    name: site.name, short_name: site.short_name, city: site.city, region: site.region, address: site.address, time_zone: site.time_zone,
    seats: String(site.seats),
    days: WEEK.map((weekday) => ({ weekday, open: hours(weekday) !== undefined, opens_minute: hours(weekday)?.opens_minute ?? OPENS, closes_minute: hours(weekday)?.closes_minute ?? CLOSES })),
    set_up_minutes: String(site.set_up_minutes), clear_up_minutes: String(site.clear_up_minutes),
    access_ms: site.access_ms ?? '', access_en: site.access_en ?? '', closing: Boolean(site.closed_from), closed_from: site.closed_from ?? '',
    rooms: site.rooms.map((it) => ({ ...emptyRoom(), id: it.id, name: it.name, floor: it.floor, seats: String(it.seats), wheelchair: it.wheelchair, access_ms: it.access_ms ?? '', access_en: it.access_en ?? '' })),
    facilitators: facilitators.map((it) => it.id),
  };
}

/** What is no number is sent as one that no bound allows, so that the server says where. */
const number = (text: string): number => (/^\d{1,4}$/.test(text.trim()) ? Number(text) : -1);

export function draftOf(form: SiteForm): SiteDraft {
  return {
    name: form.name, short_name: form.short_name.trim().toUpperCase(), city: form.city,
    region: form.region === '' ? 'wp_putrajaya' : form.region,
    address: form.address, time_zone: form.time_zone.trim(), seats: number(form.seats),
    hours: form.days.filter((it) => it.open).map(({ weekday, opens_minute, closes_minute }) => ({ weekday, opens_minute, closes_minute })),
    set_up_minutes: number(form.set_up_minutes), clear_up_minutes: number(form.clear_up_minutes),
    access_ms: form.access_ms || null, access_en: form.access_en || null, closed_from: form.closing && form.closed_from ? form.closed_from : null,
    rooms: form.rooms.map((it) => ({ ...(it.id ? { id: it.id } : {}), name: it.name, floor: it.floor, seats: number(it.seats), wheelchair: it.wheelchair, access_ms: it.access_ms || null, access_en: it.access_en || null })),
    facilitators: form.facilitators,
  };
}

const FIELDS = ['name', 'short_name', 'city', 'region', 'address', 'time_zone', 'seats', 'hours', 'set_up_minutes', 'clear_up_minutes', 'access_ms', 'access_en', 'closed_from'] as const;
export type Difference = (typeof FIELDS)[number];

/** The fields in which a site as it is now and one's own draft differ: what a stale edit shows. */
export function differences(current: Site, draft: SiteDraft): Difference[] {
  const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  return FIELDS.filter((field) => !same(current[field], draft[field]));
}
