/** One meeting as an iCalendar file (RFC 5545), for a calendar on this device. Pure. */
import type { Meeting } from '@/api/types';

/** A content line is folded at 75 octets (section 3.1). */
const LINE_OCTETS_MAX = 75;

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/;/g, '\\;').replace(/,/g, '\\,').replace(/\r?\n/g, '\\n');
}

function stamp(at_ms: number): string {
  return `${new Date(at_ms).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
}

export function folded(line: string): string {
  const encoder = new TextEncoder();
  const parts: string[] = [];
  let part = '';
  let octets = 0;
  for (const letter of line) {
    const size = encoder.encode(letter).length;
    if (octets + size > LINE_OCTETS_MAX) {
      parts.push(part);
      // The space that marks a folded line counts as one of its octets.
      part = ' ';
      octets = 1;
    }
    part += letter;
    octets += size;
  }
  parts.push(part);
  return parts.join('\r\n');
}

export function icsOf(meeting: Meeting, url: string, now_ms: number): string {
  const classification = meeting.classification.replace('_', ' ');
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Sidang//Sidang//MS',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${meeting.id}@sidang`,
    `DTSTAMP:${stamp(now_ms)}`,
    `DTSTART:${stamp(meeting.starts_at_ms)}`,
    `DTEND:${stamp(meeting.ends_at_ms)}`,
    // RFC 5545 knows no classification of secrets: it stands in the title, as it does on paper.
    `SUMMARY:${escaped(`[${classification}] ${meeting.title}`)}`,
    `LOCATION:${escaped(url)}`,
    `URL:${url}`,
    `CLASS:${meeting.classification === 'TERBUKA' ? 'PUBLIC' : 'CONFIDENTIAL'}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return `${lines.map(folded).join('\r\n')}\r\n`;
}
