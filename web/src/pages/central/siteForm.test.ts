import { describe, expect, it } from 'vitest';
import type { Site, SiteDetail } from '@/api/types';
import { differences, draftOf, emptyForm, formOf } from './siteForm';

const site: Site = {
  id: '1', name: 'MAMPU Cyberjaya', short_name: 'CBJ', city: 'Cyberjaya', region: 'selangor', address: 'Persiaran APEC', seats: 6,
  time_zone: 'Asia/Kuala_Lumpur', opens_minute: 480, closes_minute: 1020, hours: [{ weekday: 1, opens_minute: 480, closes_minute: 1020 }],
  set_up_minutes: 15, clear_up_minutes: 0, rooms: [{ id: 'r', name: 'Bilik 1', floor: '2', seats: 6, wheelchair: 'yes' }], equipment: [], version: 3,
};
const detail: SiteDetail = { site, facilitators: [], photographs: [] };

describe('the form of a site', () => {
  it('sends back what it was given', () => {
    const draft = draftOf(formOf(detail));
    expect(differences(site, draft)).toEqual([]);
    expect(draft.rooms[0]).toMatchObject({ id: 'r', name: 'Bilik 1', floor: '2', wheelchair: 'yes' });
  });
  it('sends only the days that are open, and no number for what is none', () => {
    const form = emptyForm();
    form.seats = 'enam';
    const draft = draftOf(form);
    expect(draft.hours.map((day) => day.weekday)).toEqual([1, 2, 3, 4, 5]);
    expect(draft.seats).toBe(-1);
  });
  it('tells what differs from the site as it is now', () => {
    const form = formOf(detail);
    form.city = 'Putrajaya';
    form.closing = true;
    form.closed_from = '2027-01-01';
    expect(differences(site, draftOf(form))).toEqual(['city', 'closed_from']);
  });
});
