//! What a condition report must be (TP-7), when it opens, who signs it, and when one that is owed is called to mind. Pure.

use super::{ConditionDraft, Point, SecondSignature, SignatureDraft, Signer, store};
use crate::{
    photographs,
    policy::Slot,
    reservations::{self, State, view},
    text,
};
use identity::Actor;
use kernel::extract::malformed;
use wire::{Code, Refusal, Rule, UnixMs, id::SiteId};

pub const NOTE_CHARS_MAX: usize = 1000;
/// People pack up before the minute: the report opens this long before the end.
pub const OPENS_BEFORE_END_MS: i64 = 5 * 60_000;
/// Who was told three times will not file after a fourth.
pub const REMINDERS_MAX: i64 = 3;
/// What is owed longer is for the report of the month, and for nobody's morning.
pub const REMINDED_FOR_MS: i64 = 30 * 24 * 3_600_000;

/// From when on a report on a use can be filed.
pub const fn opens_at(slot: Slot) -> UnixMs {
    slot.ends_at.saturating_add_ms(-OPENS_BEFORE_END_MS)
}

/// As what the person signs for that site; none where they may not.
pub fn signer(it: &reservations::Stored, actor: &Actor, site: SiteId) -> Option<Signer> {
    match (actor.facilitates(site), view::sits(it, actor.person, Some(site))) {
        (true, _) => Some(Signer::Facilitator),
        (false, true) => Some(Signer::User),
        (false, false) => None,
    }
}

/// Whether a report on this site can be filed now, by somebody who may.
pub fn may_be_filed(it: &reservations::Stored, site: SiteId, now: UnixMs) -> Result<(), Refusal> {
    if !it.sites.iter().any(|used| used.site == site) {
        return Err(Refusal::new(Code::NotFound));
    }
    // One that lost a site to a fault still had the others.
    if !matches!(it.state, State::Approved | State::Displaced) {
        return Err(Refusal::new(Code::ReservationState).with("state", it.state.text()));
    }
    if now < opens_at(it.slot) {
        let refusal = Refusal::by(Code::ConditionTooEarly, Rule::Tp7).with("ends_at_ms", it.slot.ends_at.0);
        return Err(refusal.with("opens_at_ms", opens_at(it.slot).0));
    }
    Ok(())
}

/// All six points, each once, with notes that can be kept, photographs that can be counted, and faults where something is wrong.
pub fn judge(draft: &ConditionDraft) -> Result<(), Refusal> {
    let each_once = draft.points.len() == Point::ALL.len()
        && Point::ALL.iter().all(|point| draft.points.iter().filter(|it| it.point == *point).count() == 1);
    if !each_once {
        let six: Vec<&str> = Point::ALL.iter().map(|it| it.text()).collect();
        return Err(Refusal::by(Code::RequestMalformed, Rule::Tp7)
            .with("field", "points")
            .with("expected", "each_once")
            .with("points", six));
    }
    for note in draft.points.iter().map(|it| &it.note).chain([&draft.note]) {
        text::optional("note", note.as_deref(), NOTE_CHARS_MAX, text::paragraph)?;
    }
    if draft.points.iter().any(|it| it.sound && it.fault.is_some()) {
        return Err(malformed("points.fault", "only of a point that is not sound"));
    }
    if draft.points.iter().map(|it| it.photographs.len()).sum::<usize>() + draft.photographs.len() > photographs::PER_SUBJECT_MAX {
        return Err(malformed("photographs", format!("at most {}", photographs::PER_SUBJECT_MAX)));
    }
    Ok(())
}

/// Whether the person is the other side of that report: the facilitator of what a user filed, a user of what the facilitator filed.
pub fn is_other_side(report: &store::Stored, of: &reservations::Stored, actor: &Actor) -> bool {
    match report.filed_as {
        Signer::User => actor.facilitates(report.site) && actor.person != report.filed_by,
        Signer::Facilitator => view::sits(of, actor.person, Some(report.site)) && actor.person != report.filed_by,
    }
}

/// A dissent says why.
pub fn judge_signature(draft: &SignatureDraft) -> Result<Option<String>, Refusal> {
    let note = text::optional("note", draft.note.as_deref(), NOTE_CHARS_MAX, text::paragraph)?;
    match (draft.answer, &note) {
        (SecondSignature::Dissented, None) => Err(malformed("note", "what was different")),
        _ => Ok(note),
    }
}

/// Whether a report that is owed is called to mind on that day: so many times, once a day. `before` is the last reminder's number and day.
pub fn is_reminded(before: Option<(i64, &str)>, today: &str) -> bool {
    before.is_none_or(|(number, day)| number < REMINDERS_MAX && day < today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        conditions::{DefectDraft, PointDraft},
        faults::Severity,
    };

    fn points(of: &[Point]) -> ConditionDraft {
        let point = |point: &Point| PointDraft { point: *point, sound: true, note: None, photographs: Vec::new(), fault: None };
        ConditionDraft { points: of.iter().map(point).collect(), note: None, photographs: Vec::new() }
    }

    #[test]
    fn the_table_of_reports() {
        assert_eq!(judge(&points(Point::ALL)), Ok(()));
        let five = &Point::ALL[..5];
        let twice = [five, &[Point::Camera]].concat();
        for wrong in [vec![], five.to_vec(), twice, [Point::ALL, &[Point::Sound]].concat()] {
            assert_eq!(judge(&points(&wrong)).unwrap_err().rule, Some(Rule::Tp7), "{wrong:?}");
        }
        let mut noted = points(Point::ALL);
        noted.points[0].note = Some("a\u{0}".into());
        assert!(judge(&noted).is_err());
    }

    #[test]
    fn a_fault_is_of_what_is_not_sound() {
        let mut draft = points(Point::ALL);
        draft.points[2].fault = Some(DefectDraft { severity: Severity::S3, equipment: None, description: "Gelap".into() });
        assert!(judge(&draft).is_err());
        draft.points[2].sound = false;
        assert_eq!(judge(&draft), Ok(()));
        draft.photographs = vec![wire::id::PhotographId::fresh(); 8];
        draft.points[2].photographs = vec![wire::id::PhotographId::fresh(); 4];
        assert_eq!(judge(&draft), Ok(()));
        draft.points[3].photographs = vec![wire::id::PhotographId::fresh()];
        assert!(judge(&draft).is_err(), "thirteen photographs");
    }

    #[test]
    fn a_dissent_says_why() {
        let draft = |answer, note: Option<&str>| SignatureDraft { answer, note: note.map(str::to_owned) };
        assert_eq!(judge_signature(&draft(SecondSignature::Confirmed, None)), Ok(None));
        assert_eq!(judge_signature(&draft(SecondSignature::Dissented, Some(" Bersih "))), Ok(Some("Bersih".into())));
        for blank in [None, Some("  ")] {
            assert!(judge_signature(&draft(SecondSignature::Dissented, blank)).is_err());
        }
    }

    #[test]
    fn somebody_is_reminded_once_a_day_and_three_times() {
        let table = [
            (None, true),
            (Some((1, "2026-12-04")), false),
            (Some((1, "2026-12-03")), true),
            (Some((2, "2026-12-03")), true),
            (Some((3, "2026-11-03")), false),
        ];
        for (before, expected) in table {
            assert_eq!(is_reminded(before, "2026-12-04"), expected, "{before:?}");
        }
    }
}
