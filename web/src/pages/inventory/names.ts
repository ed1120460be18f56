/** The words for the values of the inventory. */
import type { Criticality, EquipmentAct, EquipmentKind, EquipmentState } from '@/api/types';
import { m } from '@/paraglide/messages';

type Words<K extends string> = Record<K, () => string>;
/** The word, or the value itself where a newer server sends one that is not known here. */
const word = <K extends string>(words: Words<K>, value: K): string => (Object.hasOwn(words, value) ? words[value]() : value);

const KINDS: Words<EquipmentKind> = {
  camera: () => m.kind_camera(),
  microphones: () => m.kind_microphones(),
  display: () => m.kind_display(),
  codec: () => m.kind_codec(),
  speakers: () => m.kind_speakers(),
  touch_panel: () => m.kind_touch_panel(),
  network: () => m.kind_network(),
  power: () => m.kind_power(),
  lighting: () => m.kind_lighting(),
  air_conditioning: () => m.kind_air_conditioning(),
  furniture: () => m.kind_furniture(),
  other: () => m.kind_other(),
};
export const equipmentKindName = (it: EquipmentKind): string => word(KINDS, it);

const CRITICALITIES: Words<Criticality> = { critical: () => m.criticality_critical(), degrades: () => m.criticality_degrades(), cosmetic: () => m.criticality_cosmetic() };
export const criticalityName = (it: Criticality): string => word(CRITICALITIES, it);
const MEANINGS: Words<Criticality> = { critical: () => m.criticality_critical_text(), degrades: () => m.criticality_degrades_text(), cosmetic: () => m.criticality_cosmetic_text() };
export const criticalityText = (it: Criticality): string => word(MEANINGS, it);

const STATES: Words<EquipmentState> = {
  in_order: () => m.equipment_in_order(),
  out_of_order: () => m.equipment_out_of_order(),
  in_repair: () => m.equipment_in_repair(),
  retired: () => m.equipment_is_retired(),
};
export const equipmentStateName = (it: EquipmentState): string => word(STATES, it);

const ACTS: Words<EquipmentAct> = {
  add: () => m.equipment_act_add(),
  amend: () => m.equipment_act_amend(),
  test: () => m.equipment_act_test(),
  retire: () => m.equipment_act_retire(),
  restore: () => m.equipment_act_restore(),
};
export const equipmentActName = (it: EquipmentAct): string => word(ACTS, it);

const FIELDS: Words<string> = {
  name: () => m.equipment_name(),
  kind: () => m.equipment_kind(),
  criticality: () => m.equipment_criticality(),
  room: () => m.equipment_room(),
  serial: () => m.equipment_serial(),
  supplier: () => m.equipment_supplier(),
  firmware: () => m.equipment_firmware(),
  bought_on: () => m.equipment_bought(),
  warranty_until: () => m.equipment_warranty(),
  note: () => m.equipment_note(),
  photographs: () => m.equipment_photographs(),
};
export const equipmentFieldName = (it: string): string => word(FIELDS, it).toLowerCase();
