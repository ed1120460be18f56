import { expect, it } from 'vitest';
import { allSound, findingsOf, marked, POINTS } from './points';

it('sends all six or nothing', () => {
  expect(findingsOf({})).toBeNull();
  expect(findingsOf({ ...allSound(), display: undefined })).toBeNull();
  expect(findingsOf(allSound())?.map((it) => it.point)).toEqual(POINTS);
  expect(marked(allSound())).toBe(6);
});

it('keeps a note only where something is wrong', () => {
  const findings = findingsOf({ ...allSound(), camera: { sound: true, note: 'x' }, sound: { sound: false, note: ' hums ' }, furniture: { sound: false, note: ' ' } });
  expect(findings?.filter((it) => it.note !== undefined || !it.sound)).toEqual([
    { point: 'sound', sound: false, note: 'hums' },
    { point: 'furniture', sound: false },
  ]);
});
