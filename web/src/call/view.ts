/** What a page draws of a call: one value, replaced on every change. */

import type { LocalView } from '../media/local';
import type { LineStats } from '../media/stats';
import type { LeaveReason } from '../signal/wire/LeaveReason';
import type { PauseReason } from '../signal/wire/PauseReason';
import type { Refusal } from '../signal/wire/Refusal';
import type { SessionId } from '../signal/wire/SessionId';
import type { SourceId } from '../signal/wire/SourceId';
import type { Person, Tile } from './people';
import type { Quality } from './quality';
import type { Room } from './room';

/** Why a call is over. */
export type Over =
  /** The stay ended: we left, were removed, the meeting ended. */
  | { kind: 'ended'; reason: LeaveReason }
  /** An expected no. */
  | { kind: 'refused'; refusal: Refusal }
  /** The service could not be reached. */
  | { kind: 'unreachable' }
  /** This browser could not set up media. */
  | { kind: 'unsupported' };

export type Phase =
  | { at: 'idle' }
  | { at: 'joining' }
  /** Before the door, until somebody inside lets us in. By the node's clock. */
  | { at: 'waiting'; sinceMs: number; chairPresent: boolean; sentBack: boolean }
  | { at: 'in' }
  /** The line is lost and is being built anew; nothing has to be touched. */
  | { at: 'reconnecting'; attempt: number }
  | { at: 'over'; over: Over; wasIn: boolean };

/** What is received of a source. */
export interface Picture {
  /** The m-line of its slot. */
  mid: string;
  stream: MediaStream | undefined;
  /** Why nothing flows although the slot is set: the last picture is stale and not to be shown. */
  paused: PauseReason | undefined;
}

export interface Sound {
  mid: string;
  stream: MediaStream;
}

export interface CallView {
  readonly phase: Phase;
  readonly room: Room | undefined;
  /** Everyone, in the order of joining. */
  readonly people: readonly Person[];
  readonly tiles: readonly Tile[];
  /** Who spoke, the last first. */
  readonly lastSpoke: readonly SessionId[];
  /** Pictures by source. */
  readonly pictures: ReadonlyMap<SourceId, Picture>;
  /** Every audio slot: all are played, the node decides what is in them. */
  readonly sounds: readonly Sound[];
  readonly local: LocalView;
  readonly line: { quality: Quality; signalRtt_ms: number | undefined; stats: LineStats | undefined };
  /** From the press on Join to the first picture of another person. */
  readonly join_ms: number | undefined;
}
