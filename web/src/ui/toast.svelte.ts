/** Short notes that an act was done. What failed is said where it failed, never here. */
import { announce } from './announce.svelte';

export type Toast = { id: number; text: string };
/** More than this at once is noise; the oldest goes. */
const TOASTS_MAX = 3;
/** Long enough to read twice. */
const TOAST_MS = 7_000;

export const toasts = $state<Toast[]>([]);
let next = 1;

export function toast(text: string): void {
  const id = next++;
  toasts.push({ id, text });
  if (toasts.length > TOASTS_MAX) toasts.shift();
  announce(text);
  setTimeout(() => dismiss(id), TOAST_MS);
}

export function dismiss(id: number): void {
  const index = toasts.findIndex((it) => it.id === id);
  if (index >= 0) toasts.splice(index, 1);
}
