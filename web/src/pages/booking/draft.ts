/** An application being written: its shape, what each step still lacks, and how it is kept and sent. Pure. */
import type { Classification, PersonRef, ReservationDraft } from '@/api/types';
import type { Code } from '@/signal/wire/Code';
import { MINUTE_MS, dayStart } from '@/i18n/format';

export const STEPS = ['sites', 'when', 'who', 'purpose', 'check'] as const;
export type Step = (typeof STEPS)[number];
/** TP-1 */
export const SITES_MIN = 2;
export const TITLE_LETTERS_MAX = 200;
export const PURPOSE_LETTERS_MAX = 2000;

export type Draft = {
  sites: { site: string; people: PersonRef[] }[];
  date: string;
  starts_minute: number;
  ends_minute: number;
  chair: string;
  contact: string;
  title: string;
  purpose: string;
  official: boolean;
  classification: Classification;
  needs: string;
};

export function emptyDraft(date: string): Draft {
  return { sites: [], date, starts_minute: 540, ends_minute: 660, chair: '', contact: '', title: '', purpose: '', official: false, classification: 'TERBUKA', needs: '' };
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

export function listed(draft: Draft): PersonRef[] {
  return draft.sites.flatMap((it) => it.people);
}

export function timesOf(draft: Draft): { starts_at_ms: number; ends_at_ms: number } | null {
  const day = dayStart(draft.date);
  if (day === null) return null;
  return { starts_at_ms: day + draft.starts_minute * MINUTE_MS, ends_at_ms: day + draft.ends_minute * MINUTE_MS };
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
  if (draft.contact.trim() !== '') request.contact = draft.contact.trim();
  if (draft.needs.trim() !== '') request.needs = draft.needs.trim();
  return request;
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

const VERSION = 1;

export function print(draft: Draft): string {
  return JSON.stringify({ version: VERSION, draft });
}

/** Reads a kept draft. What is not whole is not one: an older client wrote it, or a hand. */
export function parse(text: string | null): Draft | null {
  if (text === null) return null;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof read !== 'object' || read === null || !('version' in read) || read.version !== VERSION || !('draft' in read)) return null;
  const draft = read.draft as Partial<Draft> | null;
  if (typeof draft !== 'object' || draft === null || !Array.isArray(draft.sites)) return null;
  const pattern = emptyDraft('');
  for (const key of Object.keys(pattern) as (keyof Draft)[]) {
    if (typeof draft[key] !== typeof pattern[key]) return null;
  }
  const whole = draft.sites.every((it) => typeof it?.site === 'string' && Array.isArray(it.people) && it.people.every((person) => typeof person?.id === 'string' && typeof person.name === 'string' && typeof person.agency?.short_name === 'string'));
  return whole ? (draft as Draft) : null;
}
