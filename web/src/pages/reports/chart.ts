/** What a chart of months shows, apart from how it is drawn. Pure. */

export type Series = { label: string; /** A missing figure is no bar and no point. */ values: readonly (number | null)[]; color: 'primary' | 'success' | 'warning' | 'danger' | 'muted' };

/** Series one on the other, as bars are drawn that stand on each other: the highest first, so that each covers the foot of the one before. */
export function stacked(series: readonly Series[]): Series[] {
  const sums = new Array<number>(Math.max(0, ...series.map((it) => it.values.length))).fill(0);
  return series
    .map((it) => ({ ...it, values: it.values.map((value, index) => (sums[index] = (sums[index] ?? 0) + (value ?? 0))) }))
    .reverse();
}

/** Minutes as people say them: `45 min`, `3 h`, `3 h 20 min`, `2 d 4 h`. */
export function duration(minutes: number | null | undefined, units: { d: string; h: string; min: string }): string {
  if (minutes === null || minutes === undefined) return '–';
  const parts = (big: number, unit: string, small: number, unitSmall: string) => (small > 0 ? `${big} ${unit} ${small} ${unitSmall}` : `${big} ${unit}`);
  if (minutes < 60) return `${minutes} ${units.min}`;
  if (minutes < 1440) return parts(Math.floor(minutes / 60), units.h, minutes % 60, units.min);
  return parts(Math.floor(minutes / 1440), units.d, Math.floor((minutes % 1440) / 60), units.h);
}

/** A share in whole per cent; nothing of nothing is no share. */
export function share(part: number, whole: number | null | undefined): number | null {
  return whole ? Math.round((100 * part) / whole) : null;
}

/** `2026-01` … of twelve months that end with `last`. */
export function monthsUntil(last: string, count: number): string[] {
  const [year = 0, month = 1] = last.split('-').map(Number);
  const index = year * 12 + month - 1;
  return Array.from({ length: count }, (_, back) => {
    const at = index - (count - 1 - back);
    return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`;
  });
}
