/** What a refusal offers beside other times: the same time at other sites. Decoded at the edge. Pure. */
import type { Times } from './draft';

export type Elsewhere = Times & { sites: string[] };
/** More would be a list to search, not a help. */
const ELSEWHERE_MAX = 4;

export function elsewhereOf(values: Record<string, unknown>): Elsewhere[] {
  const list = values['other_sites'];
  if (!Array.isArray(list)) return [];
  return list
    .filter((it): it is Elsewhere => typeof it === 'object' && it !== null && typeof it.starts_at_ms === 'number' && typeof it.ends_at_ms === 'number' && Array.isArray(it.sites) && it.sites.every((site: unknown) => typeof site === 'string'))
    .slice(0, ELSEWHERE_MAX);
}
