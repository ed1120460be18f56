/** What an amendment would change, side by side, in words a person can check before sending. Pure but for the words. */
import type { Site } from '@/api/types';
import { clock, dayStart, longDate } from '@/i18n/format';
import { locale } from '@/i18n/locale.svelte';
import { classificationName } from '@/i18n/names';
import { m } from '@/paraglide/messages';
import { listed, type Draft } from './draft';

export type Line = { label: string; before: string; after: string };

const people = (list: readonly { name: string }[]): string => list.map((it) => it.name).join(', ') || m.booking_nobody();

export function diffOf(before: Draft, after: Draft, sites: readonly Site[]): Line[] {
  const nameOf = (id: string) => sites.find((it) => it.id === id)?.name ?? '';
  const when = (it: Draft) => `${longDate(dayStart(it.date) ?? 0, locale.current)}, ${clock(it.starts_minute)}–${clock(it.ends_minute)} MYT`;
  const chair = (it: Draft) => listed(it).find((person) => person.id === it.chair)?.name ?? '';
  const lines: Line[] = [];
  const line = (label: string, was: string, is: string) => {
    if (was !== is) lines.push({ label, before: was, after: is });
  };
  line(m.apply_step_when(), when(before), when(after));
  line(m.apply_step_sites(), before.sites.map((it) => nameOf(it.site)).sort().join(', '), after.sites.map((it) => nameOf(it.site)).sort().join(', '));
  for (const id of [...new Set([...before.sites, ...after.sites].map((it) => it.site))]) {
    const was = before.sites.find((it) => it.site === id);
    const is = after.sites.find((it) => it.site === id);
    // A site that comes or goes says so above.
    if (was && is) line(m.apply_who_at({ site: nameOf(id) }), people(was.people), people(is.people));
    else if (is) line(m.apply_who_at({ site: nameOf(id) }), m.booking_nobody(), people(is.people));
  }
  line(m.apply_online(), people(before.online), people(after.online));
  line(m.apply_chair(), chair(before), chair(after));
  line(m.booking_contact(), before.contact.trim(), after.contact.trim());
  line(m.apply_field_title(), before.title.trim(), after.title.trim());
  line(m.apply_purpose(), before.purpose.trim(), after.purpose.trim());
  line(m.class_label(), classificationName(before.classification), classificationName(after.classification));
  line(m.apply_needs(), before.needs.trim(), after.needs.trim());
  return lines;
}
