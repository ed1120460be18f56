//! Bounds that both ends of a wire must agree on. A bound of one side alone stands beside its use.

/// Version of the signalling protocol (`docs/signalling.md`).
pub const SIGNAL_VERSION: u16 = 1;
/// A join token's life, seconds: long enough for one press on a slow line, short enough to be worthless when found.
pub const GRANT_LIFE_S_MAX: i64 = 90;
/// Tolerated difference of clocks between the planes, seconds (they keep NTP).
pub const CLOCK_LEEWAY_S: i64 = 5;
/// One signalling message, bytes: an offer with 60 slots of four codecs is about 130 kB.
pub const SIGNAL_MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// m-lines in one offer: four sent and up to 60 slots.
pub const OFFER_MEDIA_LINES_MAX: usize = 64;
/// Audio slots a client may offer: only the loudest are forwarded.
pub const AUDIO_SLOTS_MAX: usize = 8;
/// Video slots a client may offer: a page of 49 tiles and a share.
pub const VIDEO_SLOTS_MAX: usize = 50;
/// People in one room of one shard.
pub const ROOM_PARTICIPANTS_MAX: usize = 500;
/// One line of the chat, bytes: half a page.
pub const CHAT_TEXT_BYTES_MAX: usize = 2000;
/// Lines of the chat that a meeting keeps for those who come later.
pub const CHAT_LINES_MAX: usize = 200;
/// People named in one line.
pub const CHAT_MENTIONS_MAX: usize = 20;
/// Polls of one meeting; beyond it the eldest goes.
pub const POLLS_MAX: usize = 20;
/// Choices of one poll.
pub const POLL_CHOICES_MAX: usize = 10;
/// A poll's question or one of its choices, bytes.
pub const POLL_TEXT_BYTES_MAX: usize = 300;
/// People in front for everyone.
pub const SPOTLIGHT_MAX: usize = 4;
/// Breakout rooms of one meeting: with 500 people 25 in each.
pub const BREAKOUTS_MAX: usize = 20;
/// A breakout room's name, bytes: a few words.
pub const BREAKOUT_NAME_BYTES_MAX: usize = 80;
/// How long breakout rooms can be set to stay open, seconds: from a minute to half a working day.
pub const BREAKOUT_SECONDS_MIN: u16 = 60;
pub const BREAKOUT_SECONDS_MAX: u16 = 4 * 3600;
/// So long before breakout rooms close everyone is warned, seconds.
pub const BREAKOUT_WARNING_S: i64 = 60;
/// One call for help from a room in this time, seconds.
pub const HELP_EVERY_S: i64 = 60;
/// Guests by invitation of one meeting.
pub const GUESTS_MAX: usize = 50;
/// People before one door at a time.
pub const LOBBY_MAX: usize = 100;
/// Who was turned away may ask again after this, seconds.
pub const DENIED_S: i64 = 60;
/// Speaking time that can be set, seconds: from a word to an hour's lecture.
pub const FLOOR_SECONDS_MIN: u16 = 5;
pub const FLOOR_SECONDS_MAX: u16 = 3600;
/// A ticket resumes a session for this long after it was handed out, seconds.
pub const TICKET_LIFE_S: i64 = 120;
/// A fresh ticket is sent this often, seconds.
pub const TICKET_RENEW_S: u64 = 30;
/// A session whose socket is gone is kept this long, seconds, before the others are told that the person left.
pub const DETACHED_S_MAX: u64 = 30;
/// People at one site at one time (TP-3).
pub const PEOPLE_PER_SITE_MAX: u8 = 6;
/// Bytes of a proof of possession: a key, a thumbprint and an address are below 1 kB.
pub const PROOF_BYTES_MAX: usize = 2048;
/// Sites of a telepresence session at least (TP-1).
pub const SITES_MIN: usize = 2;
