/** An application being written: its shape, what each step still lacks, and how it is kept and sent. Pure. */
import type { Classification, DraftContent, PersonRef, Reservation, ReservationDraft } from '@/api/types';
import type { Code } from '@/signal/wire/Code';
import { MINUTE_MS, dayStart, isoDate, minuteOfDay } from '@/i18n/format';

export const STEPS = ['sites', 'when', 'who', 'purpose', 'check'] as const;
export type Step = (typeof STEPS)[number];
/** TP-1 */
export const SITES_MIN = 2;
export const TITLE_LETTERS_MAX = 200;
export const PURPOSE_LETTERS_MAX = 2000;
/** A series is dated out, and short enough to be read. */
export const OCCURRENCES_MAX = 12;
/** People who join from their browsers, without a seat. */
export const ONLINE_MAX = 100;

export type Times = { starts_at_ms: number; ends_at_ms: number };
export type Draft = {
  sites: { site: string; people: PersonRef[] }[];
  date: string;
  starts_minute: number;
  ends_minute: number;
  /** The further dates of a series, each at the hours above; none: a single session. */
  dates: string[];
  online: PersonRef[];
  chair: string;
  contact: string;
  title: string;
  purpose: string;
  official: boolean;
  classification: Classification;
  needs: string;
};

export function emptyDraft(date: string): Draft {
  return { sites: [], date, starts_minute: 540, ends_minute: 660, dates: [], online: [], chair: '', contact: '', title: '', purpose: '', official: false, classification: 'TERBUKA', needs: '' };
}

export type Lack = 'sites' | 'date' | 'order' | 'people' | 'chair' | 'title' | 'purpose' | 'official';

/** What a step lacks before one can go on. Rules are the server's; these are only empty fields. */
export function lacksOf(draft: Draft, step: Step): Lack[] {
  const lacks: Lack[] = [];
  switch (step) {
    case 'sites':
      if (draft.sites.length < SITES_MIN) lacks.push('sites');
      break;
    case 'when':
      if (dayStart(draft.date) === null) lacks.push('date');
      if (draft.ends_minute <= draft.starts_minute) lacks.push('order');
      break;
    case 'who':
      if (draft.sites.some((it) => it.people.length === 0)) lacks.push('people');
      if (!listed(draft).some((it) => it.id === draft.chair)) lacks.push('chair');
      break;
    case 'purpose':
      if (draft.title.trim() === '') lacks.push('title');
      if (draft.purpose.trim() === '') lacks.push('purpose');
      if (!draft.official) lacks.push('official');
      break;
    case 'check':
      for (const earlier of STEPS.slice(0, -1)) lacks.push(...lacksOf(draft, earlier));
      break;
  }
  return lacks;
}

/** Everybody at a site. */
export function seated(draft: Draft): PersonRef[] {
  return draft.sites.flatMap((it) => it.people);
}
/** Everybody in it, at a site or online: one of them is the chair. */
export function listed(draft: Draft): PersonRef[] {
  return [...seated(draft), ...draft.online];
}

export function timesOn(draft: Draft, date: string): Times | null {
  const day = dayStart(date);
  if (day === null) return null;
  return { starts_at_ms: day + draft.starts_minute * MINUTE_MS, ends_at_ms: day + draft.ends_minute * MINUTE_MS };
}
export function timesOf(draft: Draft): Times | null {
  return timesOn(draft, draft.date);
}

/** Every occurrence in order of time, each day once; one of a single session. */
export function occurrencesOf(draft: Draft): Times[] {
  const days = [...new Set([draft.date, ...draft.dates])].sort();
  return days.map((it) => timesOn(draft, it)).filter((it) => it !== null);
}
export function isSeries(draft: Draft): boolean {
  return occurrencesOf(draft).length > 1;
}

/** What is sent, to be judged or to be kept. Where no chair is chosen yet, the one who applies stands in for the judgement. */
export function requestOf(draft: Draft, applicant: string): ReservationDraft | null {
  const times = timesOf(draft);
  if (!times) return null;
  const request: ReservationDraft = {
    title: draft.title.trim(),
    purpose: draft.purpose.trim(),
    official: draft.official,
    classification: draft.classification,
    sites: draft.sites.map((it) => ({ site: it.site, people: it.people.map((person) => person.id) })),
    ...times,
    chair: listed(draft).some((it) => it.id === draft.chair) ? draft.chair : applicant,
  };
  if (draft.online.length > 0) request.online = draft.online.map((it) => it.id);
  if (draft.contact.trim() !== '') request.contact = draft.contact.trim();
  if (draft.needs.trim() !== '') request.needs = draft.needs.trim();
  return request;
}

/** Takes a time into the draft. A time over midnight cannot be drawn on one day and is cut at its end. */
export function takeTimes(draft: Draft, times: Times): void {
  draft.date = isoDate(times.starts_at_ms);
  draft.starts_minute = minuteOfDay(times.starts_at_ms);
  draft.ends_minute = isoDate(times.ends_at_ms) === draft.date ? minuteOfDay(times.ends_at_ms) : 1440;
}

/** Takes other sites into the draft, as an alternative offers them: who sits at a site that stays, stays. */
export function takeSites(draft: Draft, sites: readonly string[]): void {
  draft.sites = sites.map((site) => draft.sites.find((it) => it.site === site) ?? { site, people: [] });
}

/** Each week, fortnight or month from a day on. A month without that day has none: the 31st is not moved to the 30th. */
export type Every = 'week' | 'fortnight' | 'month';
export function datesFrom(date: string, every: Every, count: number): string[] {
  const start = dayStart(date);
  if (start === null) return [];
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const out: string[] = [];
  for (let step = 1; out.length < Math.min(count, OCCURRENCES_MAX) - 1 && step <= OCCURRENCES_MAX * 2; step += 1) {
    if (every === 'month') {
      const index = month - 1 + step;
      const next = `${year + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
      if (dayStart(next) !== null) out.push(next);
    } else out.push(isoDate(start + step * (every === 'week' ? 7 : 14) * 24 * 60 * MINUTE_MS));
  }
  return out;
}

/** The step at which a refusal is put right. */
export function stepOf(code: Code): Step {
  switch (code) {
    case 'reservation.sites_too_few':
      return 'sites';
    case 'reservation.lead_time':
    case 'reservation.slot_invalid':
    case 'reservation.slot_taken':
      return 'when';
    case 'reservation.site_full':
    case 'reservation.person_twice':
    case 'reservation.seat_taken':
      return 'who';
    case 'reservation.purpose_missing':
    case 'classification.too_high':
    case 'classification.security_functions_missing':
      return 'purpose';
    default:
      return 'check';
  }
}

const ids = (people: readonly PersonRef[]): string[] => people.map((it) => it.id);

/** What the server keeps of an application that is not sent yet. */
export function contentOf(draft: Draft, step: Step): DraftContent {
  const content: DraftContent = {
    title: draft.title,
    purpose: draft.purpose,
    official: draft.official,
    classification: draft.classification,
    sites: draft.sites.map((it) => ({ site: it.site, people: ids(it.people) })),
    online: ids(draft.online),
    step,
  };
  const times = timesOf(draft);
  if (times && times.ends_at_ms > times.starts_at_ms) Object.assign(content, times);
  if (draft.chair !== '') content.chair = draft.chair;
  if (draft.contact !== '') content.contact = draft.contact;
  if (draft.needs !== '') content.needs = draft.needs;
  if (isSeries(draft)) content.occurrences = occurrencesOf(draft);
  return content;
}

/** The draft that a kept content means. People who are not known any more fall out. */
export function draftOf(content: DraftContent, people: readonly PersonRef[], date: string): Draft {
  const known = new Map(people.map((it) => [it.id, it]));
  const named = (list: readonly string[] | null | undefined) => (list ?? []).map((id) => known.get(id)).filter((it) => it !== undefined);
  const draft: Draft = {
    ...emptyDraft(date),
    title: content.title ?? '',
    purpose: content.purpose ?? '',
    official: content.official ?? false,
    classification: content.classification ?? 'TERBUKA',
    sites: (content.sites ?? []).map((it) => ({ site: it.site, people: named(it.people) })),
    online: named(content.online),
    chair: content.chair ?? '',
    contact: content.contact ?? '',
    needs: content.needs ?? '',
  };
  if (typeof content.starts_at_ms === 'number' && typeof content.ends_at_ms === 'number') takeTimes(draft, { starts_at_ms: content.starts_at_ms, ends_at_ms: content.ends_at_ms });
  const others = (content.occurrences ?? []).map((it) => isoDate(it.starts_at_ms));
  if (others.length > 0) draft.dates = others.filter((it) => it !== draft.date);
  return draft;
}

export function stepNamed(step: string | undefined | null): Step {
  return STEPS.find((it) => it === step) ?? 'sites';
}

/** The draft that a reservation stands for, to be amended. */
export function draftFrom(it: Reservation): Draft {
  const draft: Draft = {
    ...emptyDraft(isoDate(it.starts_at_ms)),
    title: it.title,
    purpose: it.purpose,
    official: true,
    classification: it.classification,
    sites: it.sites.map((use) => ({ site: use.site.id, people: use.people.map((seat) => seat.person) })),
    online: [...(it.online ?? [])],
    chair: it.chair.id,
    contact: it.contact ?? '',
    needs: it.needs ?? '',
  };
  takeTimes(draft, it);
  return draft;
}
