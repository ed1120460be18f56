/** Working time as it is typed: hours, with a fraction where it is not whole. Pure. */

/** What the server takes, working minutes (`TARGET_MINUTES` of `booking/src/faults/http.rs`). */
const MINUTES_MIN = 15;
const MINUTES_MAX = 60_000;

/** Minutes; `null` where it is no such time. Both a point and a comma divide. */
export function minutesOf(typed: string): number | null {
  const text = typed.trim().replace(',', '.');
  if (!/^\d{1,4}(\.\d{1,2})?$/.test(text)) return null;
  const minutes = Math.round(Number(text) * 60);
  return minutes >= MINUTES_MIN && minutes <= MINUTES_MAX ? minutes : null;
}

/** As it is typed: `4`, `1.5`. */
export const hoursOf = (minutes: number): string => String(Math.round((minutes / 60) * 100) / 100);
