import { describe, expect, test } from 'vitest';
import type { Equipment } from '@/api/types';
import { allSound, asFault, findingsOf, fresh, marked, parse, POINTS, print, suspects, type Marks } from './points';

const piece = (id: string, kind: string): Equipment => ({ id, kind, tag: id, name: id, criticality: 'degrades', critical: false });
const room = [piece('cam', 'camera'), piece('mic1', 'microphones'), piece('mic2', 'microphones'), piece('spk', 'speakers')];
const words = (point: string) => `rosak: ${point}`;

describe('the six points', () => {
  test('are sent together or not at all', () => {
    expect(findingsOf({ camera: fresh(true) }, words)).toBeNull();
    expect(findingsOf(allSound(), words)).toEqual(POINTS.map((point) => ({ point, sound: true })));
    expect(marked({ camera: fresh(true), sound: fresh(false) })).toBe(2);
  });

  test('carry a note, photographs and a fault only with what is not in order', () => {
    const marks: Marks = { ...allSound(), camera: { ...fresh(true), note: 'x', photographs: ['p'], fault: 's1' }, display: { ...fresh(false), note: ' retak ', photographs: ['q'] } };
    const findings = findingsOf(marks, words)!;
    expect(findings[0]).toEqual({ point: 'camera', sound: true });
    expect(findings[2]).toEqual({ point: 'display', sound: false, note: 'retak', photographs: ['q'] });
  });

  test('become a fault with one tap, of the piece that it can only be', () => {
    expect(asFault(fresh(false), 'camera', room)).toMatchObject({ fault: 's3', equipment: 'cam' });
    expect(asFault(fresh(false), 'microphone', room)).toMatchObject({ fault: 's3', equipment: '' });
    expect(asFault(fresh(false), 'cleanliness', room)).toMatchObject({ fault: 's3', equipment: '' });
    expect(suspects('sound', room).map((it) => it.id)).toEqual(['spk']);
    const marks: Marks = { ...allSound(), camera: asFault(fresh(false), 'camera', room) };
    expect(findingsOf(marks, words)![0]).toEqual({ point: 'camera', sound: false, photographs: [], fault: { severity: 's3', description: 'rosak: camera', equipment: 'cam' } });
  });
});

describe('a draft', () => {
  const draft = { marks: { camera: asFault(fresh(false), 'camera', room) }, note: 'Lampu', photographs: ['p'], key: 'k' };

  test('reads back as it was kept', () => {
    expect(parse(print(draft))).toEqual(draft);
  });

  test.each([null, '', '{', '[]', '3', '{"marks":{},"note":"","photographs":[1],"key":"k"}', '{"marks":{"camera":{"sound":1}},"note":"","photographs":[],"key":"k"}'])('%s is none', (text) => {
    expect(parse(text)).toBeNull();
  });
});
