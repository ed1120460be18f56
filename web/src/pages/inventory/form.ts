/** A piece of equipment as a form holds it. Pure. */
import type { Criticality, EquipmentDraft, EquipmentItem, EquipmentKind } from '@/api/types';

export const KINDS: readonly EquipmentKind[] = ['camera', 'microphones', 'display', 'codec', 'speakers', 'touch_panel', 'network', 'power', 'lighting', 'air_conditioning', 'furniture', 'other'];
export const CRITICALITIES: readonly Criticality[] = ['critical', 'degrades', 'cosmetic'];

export type Form = {
  name: string;
  kind: EquipmentKind | '';
  criticality: Criticality | '';
  room: string;
  serial: string;
  supplier: string;
  firmware: string;
  bought_on: string;
  warranty_until: string;
  note: string;
  photographs: string[];
};

export const blank = (): Form => ({ name: '', kind: '', criticality: '', room: '', serial: '', supplier: '', firmware: '', bought_on: '', warranty_until: '', note: '', photographs: [] });

export function formOf(it: EquipmentItem): Form {
  return {
    name: it.name,
    kind: it.kind,
    criticality: it.criticality,
    room: it.room ?? '',
    serial: it.serial ?? '',
    supplier: it.supplier ?? '',
    firmware: it.firmware ?? '',
    bought_on: it.bought_on ?? '',
    warranty_until: it.warranty_until ?? '',
    note: it.note ?? '',
    photographs: [],
  };
}

/** What is sent, where the three that must be there are. */
export function draftOf(form: Form): EquipmentDraft | null {
  if (form.name.trim() === '' || form.kind === '' || form.criticality === '') return null;
  const some = (text: string) => (text.trim() === '' ? null : text.trim());
  return {
    name: form.name.trim(),
    kind: form.kind,
    criticality: form.criticality,
    room: some(form.room),
    serial: some(form.serial),
    supplier: some(form.supplier),
    firmware: some(form.firmware),
    bought_on: some(form.bought_on),
    warranty_until: some(form.warranty_until),
    note: some(form.note),
    photographs: form.photographs,
  };
}
