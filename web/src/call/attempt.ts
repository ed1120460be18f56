/** One attempt to be in the meeting: a resume where there is a ticket, a join with a fresh grant otherwise; and what its answer means for the next. */

import type { Code } from '../signal/wire/Code';
import type { Refusal } from '../signal/wire/Refusal';

/** What a refusal of an attempt means. */
export type Meaning =
  /** The session is not known any more: join anew with a fresh grant. */
  | 'join_anew'
  /** The media transport is gone: resume with an offer. */
  | 'offer_anew'
  /** Not now: try again after a pause. */
  | 'later'
  /** No. */
  | 'no';

const LATER: readonly Code[] = ['node.draining', 'rate.limited', 'request.timeout', 'service.internal', 'service.unavailable', 'grant.not_yet'];

/** A token that came too late or was seen already: a fresh one may do. Bounded by who asks. */
const GRANT_AGAIN: readonly Code[] = ['grant.expired', 'grant.stale', 'grant.used', 'grant.signature', 'grant.malformed', 'grant.proof'];

export function meaningOf({ code }: Refusal, attempt: 'resume' | 'join'): Meaning {
  if (LATER.includes(code)) return 'later';
  if (attempt === 'resume') {
    if (code === 'resume.offer_required') return 'offer_anew';
    if (code === 'resume.unknown' || code.startsWith('grant.')) return 'join_anew';
    return 'no';
  }
  return GRANT_AGAIN.includes(code) ? 'join_anew' : 'no';
}
