/** Which sites' inventory this person keeps. The server decides; this only decides what is offered. */
import { session } from '@/api/session.svelte';
import type { Site } from '@/api/types';

const ofAll = (): boolean => (session.me?.agency.is_central ?? false) && session.has('approver', 'uc_administrator');

export const keepsSite = (site: string): boolean => ofAll() || (session.has('facilitator') && (session.me?.sites.includes(site) ?? false));

/** Those that they keep, and for an auditor all of them to look at. */
export function sitesKept(sites: readonly Site[]): Site[] {
  return sites.filter((it) => session.has('auditor') || keepsSite(it.id));
}
