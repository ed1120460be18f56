/** What ID-2 asks of a password, as it is typed. The server judges; this only shows the way. */
export type Need = 'length' | 'digit' | 'capital' | 'symbol';
export const PASSWORD_LENGTH_MIN = 12;

export function needsMet(password: string): Record<Need, boolean> {
  return {
    length: [...password].length >= PASSWORD_LENGTH_MIN,
    digit: /\p{Nd}/u.test(password),
    capital: /\p{Lu}/u.test(password),
    symbol: /[^\p{L}\p{N}\s]/u.test(password),
  };
}
