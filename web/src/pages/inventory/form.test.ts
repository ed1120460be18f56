import { expect, test } from 'vitest';
import { blank, draftOf, formOf } from './form';

test('a piece without name, kind or criticality is not sent', () => {
  expect(draftOf(blank())).toBeNull();
  expect(draftOf({ ...blank(), name: ' ', kind: 'camera', criticality: 'critical' })).toBeNull();
  expect(draftOf({ ...blank(), name: 'Kamera', kind: 'camera' })).toBeNull();
});

test('what is blank is none, and a piece goes through the form unchanged', () => {
  const draft = draftOf({ ...blank(), name: ' Kamera ', kind: 'camera', criticality: 'critical', serial: ' ', firmware: ' 4.2 ' })!;
  expect(draft).toMatchObject({ name: 'Kamera', serial: null, firmware: '4.2', room: null, photographs: [] });
  const item = { id: 'e', site: 's', tag: 'CBJ-CAM-1', address: '', state: 'in_order', version: 1, photographs: [], name: 'Kamera', kind: 'camera', criticality: 'critical', firmware: '4.2' } as const;
  expect(draftOf(formOf({ ...item, photographs: [] }))).toEqual(draft);
});
