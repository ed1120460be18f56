/** The bounds that both ends of the signalling protocol keep; a test compares them with `wire/src/limits.rs`. */

/** Version of the protocol that this client speaks. */
export const SIGNAL_VERSION = 1;
/** One message, bytes. */
export const SIGNAL_MESSAGE_BYTES_MAX = 256 * 1024;
/** m-lines in one offer. */
export const OFFER_MEDIA_LINES_MAX = 64;
/** Video slots a client may offer: a page of 49 tiles and a share. */
export const VIDEO_SLOTS_MAX = 50;
/** People in one room. */
export const ROOM_PARTICIPANTS_MAX = 500;
/** One line of the chat, bytes. */
export const CHAT_TEXT_BYTES_MAX = 2000;
/** Lines of the chat that are kept for those who come later. */
export const CHAT_LINES_MAX = 200;
/** People named in one line. */
export const CHAT_MENTIONS_MAX = 20;
/** Polls of one meeting. */
export const POLLS_MAX = 20;
/** Choices of one poll. */
export const POLL_CHOICES_MAX = 10;
/** A question, or one of its choices, bytes. */
export const POLL_TEXT_BYTES_MAX = 300;
/** People in front for everyone. */
export const SPOTLIGHT_MAX = 4;
/** Breakout rooms of one meeting. */
export const BREAKOUTS_MAX = 20;
/** A breakout room's name, bytes. */
export const BREAKOUT_NAME_BYTES_MAX = 80;
/** So long before breakout rooms close everyone is warned, seconds. */
export const BREAKOUT_WARNING_S = 60;
/** People before one door. */
export const LOBBY_MAX = 100;
/** Speaking time that can be set, seconds. */
export const FLOOR_SECONDS_MIN = 5;
export const FLOOR_SECONDS_MAX = 3600;
