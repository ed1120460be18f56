/** How long a session lasts: what people ask for, not every quarter of an hour. */
import { MINUTE_MS, duration } from '@/i18n/format';
import { locale } from '@/i18n/locale.svelte';

export const LENGTHS: readonly number[] = [30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 480, 540];
export const LENGTH_USUAL = 120;
export const lengthName = (minutes: number): string => duration(minutes * MINUTE_MS, locale.current);
