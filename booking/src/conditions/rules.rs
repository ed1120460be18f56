//! What a condition report must be (TP-7). Pure.

use super::{ConditionDraft, Point};
use crate::{
    reservations::{self, State},
    text,
};
use wire::{Code, Refusal, Rule, UnixMs, id::SiteId};

pub const NOTE_CHARS_MAX: usize = 1000;

/// Whether a report on this site can be filed now, by somebody who may.
pub fn may_be_filed(it: &reservations::Stored, site: SiteId, now: UnixMs) -> Result<(), Refusal> {
    if !it.sites.iter().any(|used| used.site == site) {
        return Err(Refusal::new(Code::NotFound));
    }
    if it.state != State::Approved {
        return Err(Refusal::new(Code::ReservationState).with("state", it.state.text()));
    }
    if now < it.slot.ends_at {
        return Err(Refusal::by(Code::ConditionTooEarly, Rule::Tp7).with("ends_at_ms", it.slot.ends_at.0));
    }
    Ok(())
}

/// All six points, each once, with notes that can be kept.
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditions::PointReport;

    fn points(of: &[Point]) -> ConditionDraft {
        ConditionDraft { points: of.iter().map(|point| PointReport { point: *point, sound: true, note: None }).collect(), note: None }
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
}
