//! An expected "no": a stable code, the rule where one applies, and the values that a sentence about it needs.
//! The sentence itself is the client's, in Malay and English.

use crate::rule::Rule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:tt => $status:literal),* $(,)?) => {
        /// Why something was refused. The text is stable: clients match on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
        #[ts(export)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $text)] $name),* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),*];
            pub const fn text(self) -> &'static str { match self { $(Code::$name => $text),* } }
            /// The HTTP status that carries it (RFC 9110, section 15).
            pub const fn status(self) -> u16 { match self { $(Code::$name => $status),* } }
        }
    };
}

codes! {
    // requests
    /// The body, query or path does not have the documented shape. Values: `field`, `expected`.
    RequestMalformed = "request.malformed" => 422,
    RequestTooLarge = "request.too_large" => 413,
    RequestTimeout = "request.timeout" => 408,
    RouteUnknown = "route.unknown" => 404,
    MethodNotAllowed = "method.not_allowed" => 405,
    /// Too many requests. Values: `retry_after_s`.
    RateLimited = "rate.limited" => 429,
    /// The store or a part of the service cannot answer now. Values: `retry_after_s`.
    Unavailable = "service.unavailable" => 503,
    /// Something broke that should not; it is in the log under the request's id.
    Internal = "service.internal" => 500,
    /// What is asked for does not exist, or the person may not know of it.
    NotFound = "not_found" => 404,
    /// It has changed since it was read.
    Conflict = "conflict" => 409,
    /// The change touches bookings that were not shown to the one who makes it. Values: `affected`, and `confirm`, to be sent with the change
    /// once they were.
    ChangeUnconfirmed = "change.unconfirmed" => 409,
    /// The same idempotency key was used with another body.
    IdempotencyMismatch = "idempotency.mismatch" => 422,

    // identity
    SignInRequired = "sign_in.required" => 401,
    /// E-mail and password do not fit together, or the account cannot be used: the same answer for both.
    SignInFailed = "sign_in.failed" => 401,
    CsrfMissing = "csrf.missing" => 403,
    OriginForeign = "origin.foreign" => 403,
    /// SEC-3: the person has none of the roles that may. Values: `roles`.
    RoleMissing = "role.missing" => 403,
    /// ID-2. Values: `missing` (list of `length`, `digit`, `capital`, `symbol`; `change` where the new one is the old one), `length_min`.
    PasswordWeak = "password.weak" => 422,
    /// ID-2: a temporary password must be changed before anything else.
    PasswordChangeRequired = "password.change_required" => 403,
    PersonExists = "person.exists" => 409,
    /// The person has as many calendar feeds as one may. Values: `feeds_max`.
    FeedsTooMany = "feed.too_many" => 409,

    // telepresence
    /// TP-2. Values: `earliest_date` (YYYY-MM-DD), `lawful_until_ms`, `days`.
    LeadTime = "reservation.lead_time" => 422,
    /// TP-3. Values: `site`, `people`, `people_max`.
    SiteFull = "reservation.site_full" => 422,
    /// TP-1: telepresence joins two or more sites. Values: `sites_min`.
    SitesTooFew = "reservation.sites_too_few" => 422,
    /// TP-5: no purpose given, or not declared official.
    PurposeMissing = "reservation.purpose_missing" => 422,
    /// The slot is empty, reversed, off the quarter hour, too long, or outside opening hours. Values name the bound.
    SlotInvalid = "reservation.slot_invalid" => 422,
    /// Another application holds the site at that time. Values: `site`, `alternatives` (list of `starts_at_ms`, `ends_at_ms`), `other_sites`
    /// (list of `starts_at_ms`, `ends_at_ms`, `sites`).
    SlotTaken = "reservation.slot_taken" => 409,
    /// The same person is listed twice or at two sites. Values: `person`.
    PersonTwice = "reservation.person_twice" => 422,
    SeatTaken = "reservation.seat_taken" => 409,
    /// It is not in a state in which this can be done. Values: `state`.
    ReservationState = "reservation.state" => 409,
    /// Its use has begun, so that time and place stand. Values: `starts_at_ms`.
    ReservationStarted = "reservation.started" => 409,
    /// The place in the waiting list was offered and the offer ran out. Values: `expires_at_ms`.
    OfferOver = "reservation.offer_over" => 409,
    /// Some occurrences cannot be had, and nothing was stored. Values: `lawful`, `of`, `occurrences` (list of `number`, `refusals`).
    SeriesPartial = "series.partial" => 409,
    /// A person keeps so many drafts and no more. Values: `drafts_max`.
    DraftsTooMany = "draft.too_many" => 409,
    /// Nobody decides on their own agency's application (TP-4).
    OwnAgency = "reservation.own_agency" => 403,
    ReasonMissing = "decision.reason_missing" => 422,
    /// The block is over, or was lifted. Values: `ended_at_ms`.
    BlockEnded = "block.ended" => 409,
    /// Somebody chose before what becomes of the booking that was displaced, or it is back in its room. Values: `outcome`.
    DisplacementSettled = "displacement.settled" => 409,
    /// The fault is not in a state in which this can be done. Values: `state`, `act`.
    FaultState = "fault.state" => 409,
    /// Planned work that was done or cancelled. Values: `state`.
    MaintenanceState = "maintenance.state" => 409,
    /// Planned work is told of earlier than this, or has a reason. Values: `earliest_ms`.
    MaintenanceNotice = "maintenance.notice" => 422,
    /// Another site has that short name. Values: `short_name`.
    SiteExists = "site.exists" => 409,
    /// A holiday of that name stands on that day already. Values: `date`, `region`.
    HolidayExists = "holiday.exists" => 409,
    /// Under such a policy nothing could be booked. Values: `findings` (list of `field`, `problem`, `grave`, `values`).
    PolicyInfeasible = "policy.infeasible" => 422,
    /// A version that is in force, or was, stays as it is. Values: `version`.
    PolicyInForce = "policy.in_force" => 409,
    /// What is sent back says what is to be put right.
    FieldsMissing = "decision.fields_missing" => 422,
    /// Use on a rest day or holiday waits for those who look after the room. Values: `sites`.
    ConsentMissing = "decision.consent_missing" => 409,
    /// TP-4: this person cannot be lent the approver's role. Values: `why` (`self`, `inactive`, `agency`, `role`, `overlap`, `too_many`).
    DelegateUnfit = "delegation.unfit" => 422,
    /// An exception needs a second person: not the one who asked, not who acts for them, not of the agency it is for.
    OverrideSecondPerson = "override.second_person" => 403,
    /// It is not in a state in which this can be done. Values: `state`.
    OverrideState = "override.state" => 409,
    ConditionFiled = "condition.filed" => 409,
    ConditionTooEarly = "condition.too_early" => 409,
    /// The other side has signed it already.
    ConditionSigned = "condition.signed" => 409,
    /// It is no photograph that can be kept. Values: `reason` (`format`, `damaged`, `pixels`), `pixels_max`.
    PhotographUnusable = "photograph.unusable" => 422,
    /// As many photographs as one may send in a day. Values: `photographs_max`.
    PhotographQuota = "photograph.quota" => 429,

    // meetings and classification
    /// CLASS-2: neither sent nor stored. Values: `classification`, `highest_allowed`.
    ClassificationTooHigh = "classification.too_high" => 422,
    /// CLASS-6: it can be raised, never lowered.
    ClassificationLowered = "classification.lowered" => 422,
    /// CLASS-4: the security functions that it needs are not there. Values: `lacks`.
    SecurityFunctionsMissing = "classification.security_functions_missing" => 403,
    /// CLASS-3. Values: `classification`.
    RecordingForbidden = "recording.forbidden" => 403,
    RecordingRunning = "recording.running" => 409,
    RecordingNotRunning = "recording.not_running" => 409,
    RecordingFailed = "recording.failed" => 507,
    /// MEET-8: not one of the people listed.
    NotListed = "meeting.not_listed" => 403,
    /// Outside the booked window. Values: `opens_at_ms`, `closes_at_ms`.
    WindowClosed = "meeting.window_closed" => 403,
    MeetingEnded = "meeting.ended" => 410,

    // the join token (MEET-8)
    GrantMalformed = "grant.malformed" => 401,
    /// Its signature does not hold, or no key of that name is known.
    GrantSignature = "grant.signature" => 401,
    GrantExpired = "grant.expired" => 401,
    GrantNotYet = "grant.not_yet" => 401,
    /// It is for another audience, issuer or type.
    GrantAudience = "grant.audience" => 401,
    /// It is for another room. Values: none, so that nothing is learnt of the other room.
    GrantRoom = "grant.room" => 403,
    GrantUsed = "grant.used" => 401,
    /// It was issued before this media node started, which cannot know whether it was used: ask for a new one.
    GrantStale = "grant.stale" => 401,
    /// A change of the booking or a removal voided it after it was issued: ask for a new one.
    GrantRevoked = "grant.revoked" => 403,
    /// The token names a key, and no proof that holds came with it.
    GrantProof = "grant.proof" => 401,
    /// Another room system of the same site is in the meeting. Values: `site_name`.
    RoomSystemPresent = "room_system.present" => 409,
    ActForbidden = "act.forbidden" => 403,

    // room systems and the day of use
    /// No enrolled device shows itself: no credential, no proof, or a key that is not (or no longer) known.
    DeviceUnknown = "device.unknown" => 401,
    /// The proof does not hold: its signature, its request, its time, or it was shown before.
    DeviceProof = "device.proof" => 401,
    /// The device's credential has run out or was replaced: ask for a new one with the device's key.
    DeviceCredential = "device.credential" => 401,
    /// The device may not do this: it is a panel without a camera's right, or of another site.
    DeviceForbidden = "device.forbidden" => 403,
    /// No code of this kind is being shown: mistyped, or its ten minutes are over. Values: `tries_left`.
    EnrolmentCode = "device.code" => 422,
    /// The enrolment is not in a state in which this can be done. Values: `state`.
    EnrolmentState = "device.enrolment_state" => 409,
    /// Who entered the code does not confirm it: a second person does.
    SecondPerson = "device.second_person" => 403,
    /// The site has as many devices as it may have. Values: `devices_max`.
    DevicesFull = "device.full" => 409,
    /// Too early or too late to check in. Values: `from_ms`, `until_ms`.
    CheckInTime = "check_in.time" => 409,
    /// The check-in cannot be taken back: its minutes are over, a panel or a person in the meeting said so too, or there was none.
    CheckInSettled = "check_in.settled" => 409,
    /// The slot was let go because nobody came.
    NoShow = "check_in.no_show" => 409,
    /// The next use of a site begins before that. Values: `site`, `free_until_ms`.
    ExtensionTaken = "extension.taken" => 409,
    /// More than may be added to one use. Values: `minutes_max`.
    ExtensionTooLong = "extension.too_long" => 422,
    /// It is not running. Values: `from_ms`, `until_ms`.
    ExtensionTime = "extension.time" => 409,

    // signalling and media
    SignalVersion = "signal.version" => 426,
    SignalMalformed = "signal.malformed" => 400,
    SignalTooLarge = "signal.too_large" => 413,
    SignalOutOfOrder = "signal.out_of_order" => 409,
    /// No session can be resumed by this ticket: join anew with a fresh grant.
    ResumeUnknown = "resume.unknown" => 404,
    /// The media transport is gone: resume again with an offer.
    OfferRequired = "resume.offer_required" => 409,
    /// Values: `reason`.
    OfferUnacceptable = "offer.unacceptable" => 422,
    RoomFull = "room.full" => 503,
    NodeDraining = "node.draining" => 503,
    ParticipantUnknown = "participant.unknown" => 404,

    // what people do together
    /// The door is locked.
    MeetingLocked = "meeting.locked" => 403,
    /// A chair turned the person away. Values: `retry_after_s`.
    LobbyDenied = "lobby.denied" => 403,
    /// As many wait as may. Values: `waiting_max`.
    LobbyFull = "lobby.full" => 503,
    /// CLASS-4: this meeting is for officers alone. Values: `classification`.
    GuestsForbidden = "meeting.guests_forbidden" => 403,
    /// Empty, or too long. Values: `bytes_max`.
    ChatText = "chat.text" => 422,
    /// A question without two choices, or one too long. Values: `field`, `choices_max`, `bytes_max`.
    PollUnusable = "poll.unusable" => 422,
    PollOpen = "poll.open" => 409,
    /// It is closed, or there was none of that number.
    PollClosed = "poll.closed" => 409,
    /// One person has one vote.
    PollVoted = "poll.voted" => 409,
    /// Everyone may speak: there is no floor to give.
    FloorOpen = "floor.open" => 409,
    /// A guest, a room system, or the host: none of them can be made a co-host or be one no longer.
    CoHostUnfit = "co_host.unfit" => 422,
    /// Rooms that cannot be opened: none, too many, a name that is empty, too long or there twice, somebody in two of them. Values: `field`,
    /// `rooms_max`, `bytes_max`.
    BreakoutUnusable = "breakout.unusable" => 422,
    BreakoutsOpen = "breakout.open" => 409,
    /// No breakout rooms are open, or there is none of that number.
    BreakoutsClosed = "breakout.closed" => 409,
    /// Where one stands is for those who chair to say.
    BreakoutAssigned = "breakout.assigned" => 403,
    /// The person is in another room of the meeting.
    BreakoutElsewhere = "breakout.elsewhere" => 409,

    // guests by invitation
    /// A guest cannot bear this name. Values: `field`, `why` (`empty`, `length`, `hidden`, `scripts`, `resembles`), `chars_max`.
    GuestName = "guest.name" => 422,
    /// As many guests as a meeting may have. Values: `guests_max`.
    GuestsTooMany = "guest.too_many" => 409,
    /// Somebody of this address is invited already.
    GuestExists = "guest.exists" => 409,
    /// The link opens nothing: it was never made, was revoked or replaced, or the meeting is over. The same answer for all.
    InvitationUnknown = "invitation.unknown" => 404,
}

/// An expected "no".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Refusal {
    pub code: Code,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rule: Option<Rule>,
    /// What the sentence about it needs: the bound, and the nearest thing that would be allowed. The keys stand beside each code.
    #[serde(default)]
    #[ts(type = "Record<string, unknown>")]
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, serde_json::Value>,
}

impl Refusal {
    pub const fn new(code: Code) -> Self {
        Self { code, rule: None, values: BTreeMap::new() }
    }

    pub const fn by(code: Code, rule: Rule) -> Self {
        Self { code, rule: Some(rule), values: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.rule {
            Some(rule) => write!(f, "{} ({rule})", self.code.text()),
            None => f.write_str(self.code.text()),
        }
    }
}

impl std::error::Error for Refusal {}
