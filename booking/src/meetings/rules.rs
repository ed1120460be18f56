//! Who may make a meeting of what kind, and who may be let in when. Pure.

use super::{Kind, Listed, MeetingDraft, State, Stored};
use crate::{
    policy::{ADVANCE_DAYS_MAX, Slot},
    reservations::rules::{TITLE_CHARS_MAX, classification, security_functions_missing},
    text,
};
use wire::{Classification, Code, Refusal, Rule, UnixMs, id::PersonId, limits::ROOM_PARTICIPANTS_MAX};

/// Longest meeting, minutes: a working day with its evening.
pub const MEETING_MINUTES_MAX: i64 = 12 * 60;

/// What is wrong with a draft, all of it.
pub fn judge(draft: &MeetingDraft, now: UnixMs, classified_without_e2ee: bool) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals.extend(text::line("title", &draft.title, TITLE_CHARS_MAX).err());
    refusals.extend(classification(draft.classification, classified_without_e2ee));
    refusals.extend(slot(Slot { starts_at: draft.starts_at_ms, ends_at: draft.ends_at_ms }, now));
    // The host is one of them.
    if draft.people.len() >= ROOM_PARTICIPANTS_MAX {
        refusals.push(
            Refusal::new(Code::RequestMalformed)
                .with("field", "people")
                .with("expected", "fewer_people")
                .with("people_max", ROOM_PARTICIPANTS_MAX - 1),
        );
    }
    refusals
}

fn slot(slot: Slot, now: UnixMs) -> Option<Refusal> {
    let refused = |bound: &'static str| Some(Refusal::new(Code::SlotInvalid).with("bound", bound));
    if slot.duration_ms() <= 0 {
        return refused("empty");
    }
    if slot.duration_ms() > MEETING_MINUTES_MAX * 60_000 {
        return refused("duration_max").map(|it| it.with("minutes_max", MEETING_MINUTES_MAX));
    }
    if slot.ends_at <= now {
        return refused("past");
    }
    if slot.starts_at.0 > now.0.saturating_add(ADVANCE_DAYS_MAX * 86_400_000) {
        return refused("advance_max").map(|it| it.with("days_max", ADVANCE_DAYS_MAX));
    }
    None
}

/// Whether the person may be let in now: the whole of what stands between a press on Join and a grant.
pub fn may_join(meeting: &Stored, person: PersonId, now: UnixMs, classified_without_e2ee: bool) -> Result<&Listed, Refusal> {
    let listed = meeting.listed(person).ok_or(Refusal::by(Code::NotListed, Rule::Meet8))?;
    is_open(meeting, now, classified_without_e2ee).map(|()| listed)
}

/// Whether a site's room system may be let in now: a telepresence meeting of which the site is one.
pub fn may_join_as_room(meeting: &Stored, of_the_site: bool, now: UnixMs, classified_without_e2ee: bool) -> Result<(), Refusal> {
    if meeting.kind != Kind::Telepresence || !of_the_site {
        return Err(Refusal::by(Code::NotListed, Rule::Meet8));
    }
    is_open(meeting, now, classified_without_e2ee)
}

fn is_open(meeting: &Stored, now: UnixMs, classified_without_e2ee: bool) -> Result<(), Refusal> {
    if meeting.ended_at.is_some() {
        return Err(Refusal::new(Code::MeetingEnded));
    }
    if meeting.suspended {
        return Err(Refusal::new(Code::ReservationState).with("state", "submitted"));
    }
    if meeting.state(now) != State::Open {
        return Err(Refusal::new(Code::WindowClosed).with("opens_at_ms", meeting.opens_at.0).with("closes_at_ms", meeting.closes_at.0));
    }
    match classification(meeting.classification, classified_without_e2ee) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// Whether the person may see the meeting's recordings: of a TERBUKA meeting its people, and whoever audits. A meeting that was raised
/// above TERBUKA shows none (CLASS-3), and of its existence only its own people are told.
pub fn may_view_recordings(meeting: &Stored, person: PersonId, audits: bool) -> Result<(), Refusal> {
    if meeting.listed(person).is_none() && !audits {
        return Err(Refusal::new(Code::NotFound));
    }
    match meeting.classification.policy().may_be_recorded {
        true => Ok(()),
        false => Err(Refusal::by(Code::RecordingForbidden, Rule::Class3).with("classification", meeting.classification.name())),
    }
}

/// The rules that such a meeting does not meet and is let to start without.
pub fn lacks(of: Classification) -> Vec<Rule> {
    match of.policy().needs_security_functions {
        true => security_functions_missing().rule.into_iter().collect(),
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meetings::{Kind, window};
    use wire::{grant::Role, id::MeetingId};

    const START: i64 = 1_796_349_600_000;

    fn meeting(classification: Classification, person: PersonId) -> Stored {
        let slot = Slot { starts_at: UnixMs(START), ends_at: UnixMs(START + 3_600_000) };
        let (opens_at, closes_at) = window(slot);
        Stored {
            id: MeetingId::fresh(),
            kind: Kind::Online,
            reservation: None,
            title: "t".into(),
            classification,
            lobby: wire::grant::LobbyPolicy::Off,
            host: person,
            slot,
            opens_at,
            closes_at,
            epoch: 0,
            ended_at: None,
            suspended: false,
            present: 0,
            people: vec![Listed { person, role: Role::Host, seat: None, removed: false }],
        }
    }

    #[test]
    fn the_door_on_both_sides_of_each_bound() {
        let person = PersonId::fresh();
        let meeting = meeting(Classification::Terbuka, person);
        let quarter = 15 * 60_000;
        let table = [
            (START - quarter - 1, false),
            (START - quarter, true),
            (START, true),
            (START + 3_600_000 + quarter - 1, true),
            (START + 3_600_000 + quarter, false),
        ];
        for (now, open) in table {
            let outcome = may_join(&meeting, person, UnixMs(now), false);
            assert_eq!(outcome.is_ok(), open, "{now}");
            assert!(open || outcome.unwrap_err().code == Code::WindowClosed);
        }
    }

    #[test]
    fn the_table_of_who_is_let_in() {
        let (person, other) = (PersonId::fresh(), PersonId::fresh());
        let now = UnixMs(START);
        let code = |meeting: &Stored, who, setting| may_join(meeting, who, now, setting).map(|_| ()).map_err(|it| (it.code, it.rule));
        let open = meeting(Classification::Terbuka, person);
        assert_eq!(code(&open, person, false), Ok(()));
        assert_eq!(code(&open, other, false), Err((Code::NotListed, Some(Rule::Meet8))));

        let mut removed = open.clone();
        removed.people[0].removed = true;
        assert_eq!(code(&removed, person, false), Err((Code::NotListed, Some(Rule::Meet8))));

        let mut ended = open.clone();
        ended.ended_at = Some(now);
        assert_eq!(code(&ended, person, false), Err((Code::MeetingEnded, None)));
        assert_eq!(code(&ended, other, false), Err((Code::NotListed, Some(Rule::Meet8))), "nothing is told to people not listed");

        let secret = meeting(Classification::Sulit, person);
        assert_eq!(code(&secret, person, false), Err((Code::SecurityFunctionsMissing, Some(Rule::Class4))));
        assert_eq!(code(&secret, person, true), Ok(()));
        let highest = meeting(Classification::RahsiaBesar, person);
        assert_eq!(code(&highest, person, true), Err((Code::ClassificationTooHigh, Some(Rule::Class2))));
    }

    #[test]
    fn the_table_of_drafts() {
        let now = UnixMs(START);
        let draft = |from: i64, to: i64, classification| MeetingDraft {
            title: "t".into(),
            classification,
            starts_at_ms: UnixMs(START + from),
            ends_at_ms: UnixMs(START + to),
            people: vec![],
            lobby: wire::grant::LobbyPolicy::Off,
        };
        let hour = 3_600_000;
        let table = [
            (draft(0, hour, Classification::Terbuka), None),
            (draft(-hour, 1, Classification::Terbuka), None),
            (draft(-hour, 0, Classification::Terbuka), Some(Code::SlotInvalid)),
            (draft(0, 0, Classification::Terbuka), Some(Code::SlotInvalid)),
            (draft(0, 12 * hour, Classification::Terbuka), None),
            (draft(0, 12 * hour + 1, Classification::Terbuka), Some(Code::SlotInvalid)),
            (draft(181 * 24 * hour, 181 * 24 * hour + 1, Classification::Terbuka), Some(Code::SlotInvalid)),
            (draft(0, hour, Classification::Terhad), Some(Code::SecurityFunctionsMissing)),
            (draft(0, hour, Classification::Rahsia), Some(Code::ClassificationTooHigh)),
        ];
        for (draft, expected) in table {
            assert_eq!(judge(&draft, now, false).first().map(|it| it.code), expected, "{draft:?}");
        }
    }

    #[test]
    fn recordings_are_for_the_people_of_an_open_meeting_and_its_auditor() {
        let (person, other) = (PersonId::fresh(), PersonId::fresh());
        let code = |meeting: &Stored, who, audits| may_view_recordings(meeting, who, audits).map_err(|it| (it.code, it.rule));
        let open = meeting(Classification::Terbuka, person);
        assert_eq!(code(&open, person, false), Ok(()));
        assert_eq!(code(&open, other, true), Ok(()));
        assert_eq!(code(&open, other, false), Err((Code::NotFound, None)));
        let raised = meeting(Classification::Sulit, person);
        assert_eq!(code(&raised, person, true), Err((Code::RecordingForbidden, Some(Rule::Class3))));
        assert_eq!(code(&raised, other, false), Err((Code::NotFound, None)));
    }

    #[test]
    fn a_meeting_says_what_it_lacks() {
        assert_eq!(lacks(Classification::Terbuka), []);
        assert_eq!(lacks(Classification::Sulit), [Rule::Class4]);
    }
}
