/** The six points of a condition report (TP-7), as they are filled in. Pure. */
import type { ConditionPoint, PointFinding } from '@/api/types';

export const POINTS: readonly ConditionPoint[] = ['camera', 'microphone', 'display', 'sound', 'furniture', 'cleanliness'];

export type Marks = Partial<Record<ConditionPoint, { sound: boolean; note: string }>>;

export const marked = (marks: Marks): number => POINTS.filter((it) => marks[it] !== undefined).length;

/** What is sent: all six, or nothing. A note goes only with what is not in order. */
export function findingsOf(marks: Marks): PointFinding[] | null {
  const findings: PointFinding[] = [];
  for (const point of POINTS) {
    const mark = marks[point];
    if (!mark) return null;
    const note = mark.note.trim();
    findings.push(!mark.sound && note !== '' ? { point, sound: false, note } : { point, sound: mark.sound });
  }
  return findings;
}

export function allSound(): Marks {
  return Object.fromEntries(POINTS.map((it) => [it, { sound: true, note: '' }]));
}
