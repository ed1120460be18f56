//! English.

use super::{About, AboutMeeting, Language, Notice, Words, clock, date, named, named_fault, named_meeting};
use crate::{
    blocks::Outcome,
    decisions::ReasonCode,
    faults::{FaultState, Severity},
    notices::{Cause, Misfit},
};
use wire::UnixMs;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

pub const AUTOMATIC: &str = "Sidang sends this message automatically. Replies to it are not read.";
pub const CLASSIFIED_MEETING: &str = "Classified meeting";

pub fn open(link: &str) -> String {
    format!("Details: {link}")
}

fn moment(at: UnixMs) -> String {
    format!("{}, {}", date(at, &WEEKDAYS, &MONTHS), clock(at))
}

fn span(from: UnixMs, to: UnixMs) -> String {
    let until = if date(from, &WEEKDAYS, &MONTHS) == date(to, &WEEKDAYS, &MONTHS) { clock(to) } else { moment(to) };
    format!("{}\u{2013}{until} (Malaysian time)", moment(from))
}

fn when(about: &About) -> String {
    format!("Time: {}", span(about.starts_at_ms, about.ends_at_ms))
}

fn places(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("Sites: {}", names.join("; ")))
}

fn reason(code: Option<ReasonCode>, words: Option<&String>) -> Option<String> {
    let text = match code {
        Some(ReasonCode::PurposeUnclear) => Some("the purpose is not clear"),
        Some(ReasonCode::NotOfficial) => Some("not official business"),
        Some(ReasonCode::RoomNeeded) => Some("the room is needed for another use"),
        Some(ReasonCode::DocumentsMissing) => Some("documents are missing"),
        Some(ReasonCode::ConsentWithheld) => Some("the facilitators of a site do not consent"),
        Some(ReasonCode::NotPutRight) => Some("what was asked for was not put right"),
        Some(ReasonCode::Other) | None => None,
    };
    let parts: Vec<&str> = text.into_iter().chain(words.map(String::as_str)).collect();
    (!parts.is_empty()).then(|| format!("Reason: {}", parts.join(". ")))
}

const fn misfit(kind: Misfit) -> &'static str {
    match kind {
        Misfit::Seats => "there are fewer seats now than people",
        Misfit::Hours => "the opening hours have changed",
        Misfit::Closed => "the site closes before that day",
        Misfit::Holiday => "that day is now a public holiday",
        Misfit::RestDay => "that day is now a rest day",
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Fault => "equipment is out of order",
        Cause::Maintenance => "of maintenance",
        Cause::Closure => "the site is closed",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::S1 => "S1, the room cannot be used",
        Severity::S2 => "S2, it can be used with difficulty",
        Severity::S3 => "S3, a nuisance",
        Severity::S4 => "S4, appearance only",
    }
}

fn state(state: FaultState) -> &'static str {
    match state {
        FaultState::Open => "not taken up yet",
        FaultState::Assigned => "taken up",
        FaultState::Waiting => "waiting for parts, a vendor or access",
        FaultState::Closed => "mended and checked",
        FaultState::InWork => "being mended",
        FaultState::Mended => "mended",
    }
}

fn meeting(event: &AboutMeeting) -> [Option<String>; 3] {
    [
        Some(format!("Time: {}", span(event.starts_at_ms, event.ends_at_ms))),
        places(&event.sites.iter().map(|it| it.name.clone()).collect::<Vec<_>>()),
        event.host.as_ref().map(|host| format!("Chair: {host}")),
    ]
}

pub fn event(event: &AboutMeeting, link: &str) -> Vec<String> {
    let [_, sites, host] = meeting(event);
    sites.into_iter().chain(host).chain([format!("Join in Sidang: {link}")]).collect()
}

pub fn words(notice: &Notice) -> Words {
    let of = |about: &About, subject: &str, lead: String, more: Vec<Option<String>>| {
        let facts = [Some(lead), Some(when(about)), places(&about.sites)];
        Words::new(format!("{subject}: {}", about.reference), facts.into_iter().chain(more))
    };
    match notice {
        Notice::ApplicationReceived { about, agency, .. } => of(
            about,
            "An application awaits a decision",
            format!("{agency} applies for the use of telepresence: {}.", named(about)),
            vec![],
        ),
        Notice::ApplicationReturned { about, reason_code, reason: words, .. } => of(
            about,
            "Application returned",
            format!("Application {} was returned for correction. Correct it and send it again.", named(about)),
            vec![reason(*reason_code, words.as_ref())],
        ),
        Notice::Approved { about, .. } => of(about, "Application approved", format!("Application {} was approved.", named(about)), vec![]),
        Notice::Refused { about, reason_code, reason: words, .. } => of(
            about,
            "Application refused",
            format!("Application {} was refused.", named(about)),
            vec![reason(*reason_code, words.as_ref())],
        ),
        Notice::HoldExpiring { about, expires_at_ms } => of(
            about,
            "The slot will be let go",
            format!("The slot of application {} is kept until {}.", named(about), moment(*expires_at_ms)),
            vec![],
        ),
        Notice::Lapsed { about, .. } => of(
            about,
            "Application lapsed",
            format!("Application {} lapsed because no decision was made in time. Its slot has been let go.", named(about)),
            vec![],
        ),
        Notice::Withdrawn { about, .. } => of(about, "Booking withdrawn", format!("Booking {} was withdrawn.", named(about)), vec![]),
        Notice::Displaced { about, cause: why, site, .. } => of(
            about,
            "Booking cannot go ahead",
            match site {
                Some(site) => format!("Booking {} cannot go ahead at {} because {}.", named(about), site.name, cause(*why)),
                None => format!("Booking {} cannot go ahead because {}.", named(about), cause(*why)),
            },
            vec![Some("Those who had seats there can still join from a browser. The room's facilitator is looking for another one; you will be told.".into())],
        ),
        Notice::RoomSettled { about, outcome, site, .. } => {
            let place = site.as_ref().map_or_else(String::new, |site| site.name.clone());
            let (subject, lead) = match outcome {
                Outcome::Resited => ("Another room for your booking", format!("Booking {} goes ahead at {place}, at the same time.", named(about))),
                Outcome::Online => {
                    ("Join from a browser", format!("Booking {} goes ahead. Those who lost their seats join from a browser.", named(about)))
                }
                Outcome::Restored => ("Your room is back", format!("Booking {} goes ahead at {place} as it was booked.", named(about))),
            };
            of(about, subject, lead, vec![])
        }
        Notice::Flagged { about, site, why, .. } => of(
            about,
            "Booking to be looked at",
            format!("Booking {} stands, but {} at {}.", named(about), misfit(*why), site.name),
            vec![Some("It was not called off. Change it, or speak to the central agency.".into())],
        ),
        Notice::WaitingListOffer { about, until_ms } => of(
            about,
            "The slot you waited for is free",
            format!("The slot of {} is free now and kept for you until {}.", named(about), moment(*until_ms)),
            vec![],
        ),
        Notice::DecisionReminder { about, received_at_ms, .. } => of(
            about,
            "Reminder: an application is undecided",
            format!("Application {} was received on {} and has not been decided.", named(about), moment(*received_at_ms)),
            vec![],
        ),
        Notice::DecisionEscalated { about, received_at_ms, .. } => of(
            about,
            "An application is overdue for decision",
            format!(
                "Application {} was received on {} and was not decided in time. Please see that it is.",
                named(about),
                moment(*received_at_ms)
            ),
            vec![],
        ),
        Notice::CheckInWarning { about, site, release_at_ms } => of(
            about,
            "Nobody has checked in",
            format!(
                "Nobody has checked in at {} for {}. The room will be let go at {} unless somebody does.",
                site.name,
                named(about),
                clock(*release_at_ms)
            ),
            vec![],
        ),
        Notice::NoShow { about, site, .. } => of(
            about,
            "Room not used",
            format!("The room at {} for {} was not used. It is recorded as a no-show.", site.name, named(about)),
            vec![],
        ),
        Notice::ConditionOverdue { about, site, .. } => of(
            about,
            "Condition report overdue",
            format!("The condition report of the room at {} after {} has not been filed (TP-7).", site.name, named(about)),
            vec![],
        ),
        Notice::FaultReported { fault, .. } => Words::new(
            format!("Fault reported: {}", fault.reference),
            [Some(format!("A fault was reported: {}.", named_fault(fault))), Some(format!("Severity: {}.", severity(fault.severity)))],
        ),
        Notice::FaultAssigned { fault, .. } => Words::new(
            format!("Fault assigned to you: {}", fault.reference),
            [
                Some(format!("This fault was assigned to you: {}.", named_fault(fault))),
                Some(format!("Severity: {}.", severity(fault.severity))),
            ],
        ),
        Notice::FaultChanged { fault, state: now, .. } => {
            Words::new(format!("Fault {}: {}", fault.reference, state(*now)), [Some(format!("{}: {}.", named_fault(fault), state(*now)))])
        }
        Notice::FaultDue { fault, overdue, due_at_ms, .. } => {
            let (subject, lead) = match overdue {
                true => ("Fault overdue", format!("{} was to be mended by {}.", named_fault(fault), moment(*due_at_ms))),
                false => ("Fault due soon", format!("{} is to be mended by {}.", named_fault(fault), moment(*due_at_ms))),
            };
            Words::new(format!("{subject}: {}", fault.reference), [Some(lead), Some(format!("Severity: {}.", severity(fault.severity)))])
        }
        Notice::FaultAffects { about, fault } => of(
            about,
            "A fault in the room of your booking",
            format!("Booking {} still stands, but something is out of order: {}.", named(about), named_fault(fault)),
            vec![Some(format!("Severity: {}.", severity(fault.severity)))],
        ),
        Notice::MaintenancePlanned { site, starts_at_ms, ends_at_ms, .. } => Words::new(
            format!("Maintenance planned: {}", site.name),
            [Some(format!("{} cannot be booked: {}.", site.name, span(*starts_at_ms, *ends_at_ms)))],
        ),
        Notice::OverrideAsked { exception, .. } => Words::new(
            format!("A second confirmation is needed: {}", exception.agency),
            [
                Some(format!("An exception from a rule of time is asked for {}. A second person must confirm it.", exception.agency)),
                Some(format!("Time: {}", span(exception.starts_at_ms, exception.ends_at_ms))),
            ],
        ),
        Notice::OverrideDecided { exception, confirmed, .. } => Words::new(
            format!("Exception {}: {}", if *confirmed { "confirmed" } else { "declined" }, exception.agency),
            [
                Some(match confirmed {
                    true => format!("The exception for {} was confirmed. An application for this time can be sent.", exception.agency),
                    false => format!("The exception for {} was declined.", exception.agency),
                }),
                Some(format!("Time: {}", span(exception.starts_at_ms, exception.ends_at_ms))),
            ],
        ),
        Notice::ConsentAsked { about, site, .. } => of(
            about,
            "Your consent is needed",
            format!("{} is to use {} on a rest day or public holiday. Say whether the room can be opened.", named(about), site.name),
            vec![],
        ),
        Notice::ConsentWithheld { about, site, reason: words, .. } => of(
            about,
            "Consent was withheld",
            format!("{} cannot be opened for {} on that rest day or public holiday.", site.name, named(about)),
            vec![reason(None, words.as_ref())],
        ),
        Notice::SlotLost { about, alternatives, .. } => of(
            about,
            "The slot is no longer free",
            format!(
                "{} could not be approved, because its sites went to somebody else. Amend the application to another time.",
                named(about)
            ),
            alternatives.iter().map(|it| Some(format!("Still free: {}", span(it.starts_at_ms, it.ends_at_ms)))).collect(),
        ),
        Notice::DelegationMade { lender, from, to, .. } => Words::new(
            format!("You act for {lender} as an approver"),
            [Some(format!("From {from} to {to} you can decide on telepresence applications on behalf of {lender}."))],
        ),
        Notice::SeriesResult { about, occurrences, accepted, .. } => of(
            about,
            "Result of the series",
            format!("Of the series that begins with {}, {accepted} of {occurrences} dates were accepted.", named(about)),
            vec![],
        ),
        Notice::Invited { event } => {
            let lead = Some(format!("You are invited to {}.", named_meeting(event, Language::En)));
            Words::new(format!("Invitation: {}", super::summary(event, Language::En)), [lead].into_iter().chain(meeting(event)))
        }
        Notice::InvitationChanged { event } => {
            let lead = Some(format!("{} has changed. It is now:", named_meeting(event, Language::En)));
            Words::new(format!("Invitation changed: {}", super::summary(event, Language::En)), [lead].into_iter().chain(meeting(event)))
        }
        Notice::InvitationCancelled { event } => {
            let lead = Some(format!("{} was cancelled, or you are no longer listed.", named_meeting(event, Language::En)));
            Words::new(format!("Invitation cancelled: {}", super::summary(event, Language::En)), [lead].into_iter().chain(meeting(event)))
        }
    }
}
