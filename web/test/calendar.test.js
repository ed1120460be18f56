// The calendar files that the service writes, read by ical.js, which knows nothing of how they were made. The files are kept by the tests of
// `booking/src/calendar`; Python's icalendar reads the same ones (`scripts/read-calendars`).
import { readdirSync, readFileSync } from 'node:fs';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../booking/src/calendar/golden/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.ics'));
const text = (name) => readFileSync(new URL(name, folder), 'utf8');
const read = (name) => new ICAL.Component(ICAL.parse(text(name)));

describe('the calendar files', () => {
  it('are all there', () => {
    expect(files.length).toBeGreaterThanOrEqual(8);
  });

  it.each(files)('%s is a calendar of events in UTC', (name) => {
    const calendar = read(name);
    expect(calendar.name).toBe('vcalendar');
    expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
    for (const component of calendar.getAllSubcomponents('vevent')) {
      const event = new ICAL.Event(component);
      expect(event.uid).toMatch(/@/);
      expect(event.startDate.zone.tzid).toBe('UTC');
      expect(event.endDate.compare(event.startDate)).toBe(1);
      expect(component.getFirstPropertyValue('dtstamp').zone.tzid).toBe('UTC');
    }
    // Every content line of the file is a property that was read: nothing was lost, nothing came in.
    const lines = text(name).replace(/\r\n /g, '').split('\r\n').filter((line) => line && !/^(BEGIN|END):/.test(line));
    const properties = [calendar, ...calendar.getAllSubcomponents()].flatMap((it) => it.getAllProperties());
    expect(properties.length).toBe(lines.length);
    expect(ICAL.parse(new ICAL.Component(ICAL.parse(text(name))).toString())).toEqual(ICAL.parse(text(name)));
  });

  it.each([
    ['request.ics', 'REQUEST', 'CONFIRMED'],
    ['cancel.ics', 'CANCEL', 'CANCELLED'],
    ['cancel-one-person.ics', 'CANCEL', null],
  ])('%s is a %s', (name, method, status) => {
    const calendar = read(name);
    expect(calendar.getFirstPropertyValue('method')).toBe(method);
    const component = calendar.getFirstSubcomponent('vevent');
    expect(component.getFirstPropertyValue('status')).toBe(status);
    expect(component.getFirstPropertyValue('organizer')).toBe('mailto:sidang@sidang.example');
    const [person, ...rooms] = component.getAllProperties('attendee');
    expect([person.getFirstValue(), person.getParameter('cn')]).toEqual(['mailto:nor.aini+uc@agensi.example', 'Nor Aini binti Kassim, Dr.']);
    expect(rooms.map((it) => it.getParameter('cutype'))).toEqual(['ROOM', 'ROOM']);
    expect(component.getFirstPropertyValue('summary')).toBe('Penyelarasan; bil. 3, 2026 \\ “Bandar” & 老虎');
    expect(component.getFirstPropertyValue('conference')).toMatch(/^https:\/\/sidang\.example\/m\//);
    expect(component.getFirstPropertyValue('sequence')).toBe(2);
  });

  it('of what is classified have a reference and a time', () => {
    const event = new ICAL.Event(read('request-classified.ics').getFirstSubcomponent('vevent'));
    expect([event.summary, event.location, event.attendees.length]).toEqual(['TP-2026-00012', null, 1]);
    expect(text('request-classified.ics')).not.toMatch(/Penyelarasan|Hamzah|MAMPU/);
  });

  it('of a feed name nobody', () => {
    const feed = read('feed.ics');
    expect(feed.getFirstPropertyValue('method')).toBeNull();
    // A property that it does not know is left as it stands in the file: a TEXT, escaped once.
    expect(feed.getFirstPropertyValue('x-wr-calname')).toBe('Sidang: MAMPU Cyberjaya\\; bilik 1\\, aras 2');
    expect(feed.getAllSubcomponents('vevent').flatMap((it) => [...it.getAllProperties('attendee'), ...it.getAllProperties('organizer')])).toEqual([]);
  });
});
