/** The six points of a condition report (TP-7), as they are filled in, and the draft that a telephone keeps. Pure. */
import type { ConditionPoint, Equipment, PointFinding, Severity } from '@/api/types';

export const POINTS: readonly ConditionPoint[] = ['camera', 'microphone', 'display', 'sound', 'furniture', 'cleanliness'];

/** What is wrong with one point, and whether it is reported as a fault. */
export type Mark = { sound: boolean; note: string; photographs: string[]; fault: Severity | null; equipment: string };
export type Marks = Partial<Record<ConditionPoint, Mark>>;

/** The severity that one tap gives: it works with difficulty. */
export const SEVERITY_PROPOSED: Severity = 's3';

/** Which kinds of equipment a point is about. */
const KINDS: Partial<Record<ConditionPoint, readonly string[]>> = {
  camera: ['camera'],
  microphone: ['microphones'],
  display: ['display'],
  sound: ['speakers', 'codec'],
  furniture: ['furniture'],
};

export const marked = (marks: Marks): number => POINTS.filter((it) => marks[it] !== undefined).length;

export const fresh = (sound: boolean): Mark => ({ sound, note: '', photographs: [], fault: null, equipment: '' });

/** What stands in the room that the point may be about. */
export function suspects(point: ConditionPoint, equipment: readonly Equipment[]): Equipment[] {
  const kinds = KINDS[point] ?? [];
  return equipment.filter((it) => kinds.includes(it.kind));
}

/** A fault with one tap: of the one piece that it can be, where there is one. */
export function asFault(mark: Mark, point: ConditionPoint, equipment: readonly Equipment[]): Mark {
  const [only, second] = suspects(point, equipment);
  return { ...mark, fault: SEVERITY_PROPOSED, equipment: only && !second ? only.id : '' };
}

/** What is sent: all six, or nothing. `words` says what is wrong where nobody wrote it. */
export function findingsOf(marks: Marks, words: (point: ConditionPoint) => string): PointFinding[] | null {
  const findings: PointFinding[] = [];
  for (const point of POINTS) {
    const mark = marks[point];
    if (!mark) return null;
    if (mark.sound) {
      findings.push({ point, sound: true });
      continue;
    }
    const note = mark.note.trim();
    const finding: PointFinding = { point, sound: false, photographs: mark.photographs };
    if (note !== '') finding.note = note;
    if (mark.fault) finding.fault = { severity: mark.fault, description: note === '' ? words(point) : note, ...(mark.equipment !== '' ? { equipment: mark.equipment } : {}) };
    findings.push(finding);
  }
  return findings;
}

export function allSound(): Marks {
  return Object.fromEntries(POINTS.map((it) => [it, fresh(true)]));
}

/** A report that is being written. */
export type ReportDraft = { marks: Marks; note: string; photographs: string[]; key: string };

export const print = (draft: ReportDraft): string => JSON.stringify(draft);

/** What the telephone kept; none where it is not a draft of ours. */
export function parse(text: string | null): ReportDraft | null {
  let value: unknown;
  try {
    value = JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { marks, note, photographs, key } = value as Record<string, unknown>;
  if (typeof marks !== 'object' || marks === null || typeof note !== 'string' || typeof key !== 'string' || !isTexts(photographs)) return null;
  const read: Marks = {};
  for (const point of POINTS) {
    const mark = (marks as Record<string, unknown>)[point];
    if (mark === undefined) continue;
    if (!isMark(mark)) return null;
    read[point] = mark;
  }
  return { marks: read, note, photographs, key };
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((it) => typeof it === 'string');

function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  const { sound, note, photographs, fault, equipment } = value as Record<string, unknown>;
  return typeof sound === 'boolean' && typeof note === 'string' && isTexts(photographs) && (fault === null || typeof fault === 'string') && typeof equipment === 'string';
}
