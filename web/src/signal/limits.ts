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
