/**
 * The public surface of a call, for pages of ours and, later, of others: everything else in this folder is its own affair. It needs no
 * component framework; `docs/signalling.md` describes what it speaks.
 */

export { createCall, type Call } from './call';
export type { BreakoutOpening, Outcome, Question } from './acts';
export { breakoutOf, divide, mayGo, movable, secondsLeft, standing } from './breakouts';
export { mentionedIn, pieces, unread, writtenName, type Piece } from './chat';
export { browserPorts, type BrowserOptions } from './browser';
export type { Grant, GrantAnswer, Ports } from './ports';
export type { CallView, Over, Phase, Picture, Sound } from './view';
export type { Notice } from './notices';
export { raisedHands, type Person, type Tile } from './people';
export type { Room } from './room';
export type { Want } from './slots';
export type { Quality } from './quality';
export { capacity, featured, gridRects, speakerRects, type Rect } from './arrange';
export { arrange, LARGE_MAX, LAYOUTS, SELF_VIEWS, type Arrangement, type Layout, type Looks, type Placed, type SelfView } from './arrangement';
export { DATA_MODES, wantsOf, type DataMode } from './wants';
export { tileLine, type Bars, type Held, type TileLine } from './tileLine';
export { Advice } from './advice';
export { LINE_STEPS, testLine, type LineGrade, type LineResult, type LineStep, type LineWorld } from './lineTest';
export { FIRST_REMOTE_FRAME, JOIN_CLICK, JOIN_MEASURE } from './timeline';
