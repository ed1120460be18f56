//! The minutes of the day of use. Pure.

use super::CheckedInBy;
use crate::policy::{OPENS_BEFORE_START_MS, Policy, Slot};
use wire::{Code, Refusal, UnixMs};

/// The unit of the schema's own check.
pub const QUARTER_MS: i64 = 15 * 60_000;
const MINUTE_MS: i64 = 60_000;
/// How long the facilitator can take back a check-in: time to see that the wrong session was pressed.
pub const UNDO_MS: i64 = 5 * MINUTE_MS;

/// However late a warning was: those who are warned are given this time to come.
const AFTER_WARNING_MINUTES_MIN: i64 = 5;

/// What the policy says of the day of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsePolicy {
    pub warn_minutes: i64,
    pub release_minutes: i64,
    pub extension_minutes_max: i64,
}

impl From<&Policy> for UsePolicy {
    fn from(policy: &Policy) -> Self {
        Self {
            warn_minutes: policy.terms.no_show_warn_minutes,
            release_minutes: policy.terms.no_show_minutes,
            extension_minutes_max: policy.terms.extension_minutes_max,
        }
    }
}

impl UsePolicy {
    /// When those concerned are told that nobody has come.
    pub fn warn_at(&self, slot: Slot) -> UnixMs {
        slot.starts_at.saturating_add_ms(self.warn_minutes * MINUTE_MS)
    }

    /// When the rest is let go: never sooner after the warning than the policy has it, however late the warning was.
    pub fn release_at(&self, slot: Slot, warned_at: UnixMs) -> UnixMs {
        let by_policy = slot.starts_at.saturating_add_ms(self.release_minutes * MINUTE_MS);
        by_policy.max(warned_at.saturating_add_ms((self.release_minutes - self.warn_minutes).max(AFTER_WARNING_MINUTES_MIN) * MINUTE_MS))
    }
}

/// What time alone asks of a session to which nobody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Warning,
    Release,
}

/// A slot that ends before it could be let go is only warned about: there would be nothing to give to others.
pub fn due(policy: &UsePolicy, slot: Slot, warned_at: Option<UnixMs>, now: UnixMs) -> Due {
    if now >= slot.ends_at {
        return Due::Nothing;
    }
    match warned_at {
        None if now >= policy.warn_at(slot) => Due::Warning,
        Some(at) if now >= policy.release_at(slot, at) => Due::Release,
        _ => Due::Nothing,
    }
}

/// One can check in from the opening of the door to the end.
pub fn may_check_in(slot: Slot, now: UnixMs) -> Result<(), Refusal> {
    let from = slot.starts_at.saturating_add_ms(-OPENS_BEFORE_START_MS);
    match from <= now && now < slot.ends_at {
        true => Ok(()),
        false => Err(Refusal::new(Code::CheckInTime).with("from_ms", from.0).with("until_ms", slot.ends_at.0)),
    }
}

/// Whether a check-in can still be taken back: what the facilitator said, for some minutes. What a panel or the meeting itself says is a fact.
pub fn may_undo(checked_in: Option<(UnixMs, CheckedInBy)>, slot: Slot, now: UnixMs) -> bool {
    matches!(checked_in, Some((at, CheckedInBy::Facilitator)) if now < slot.ends_at && now < at.saturating_add_ms(UNDO_MS))
}

/// The first quarter hour that nobody of this session has begun: from there on the site is others'.
pub fn released_from(slot: Slot, now: UnixMs) -> UnixMs {
    let next = now.0.div_euclid(QUARTER_MS).saturating_add(i64::from(now.0.rem_euclid(QUARTER_MS) != 0)).saturating_mul(QUARTER_MS);
    UnixMs(next.max(slot.starts_at.0.saturating_add(QUARTER_MS)))
}

/// The most that may be added now, in whole quarters: what the policy leaves, and what lies free at the site where least does.
pub fn extension_minutes(policy: &UsePolicy, extended: i64, free_ms: i64) -> i64 {
    let left = policy.extension_minutes_max.saturating_sub(extended).max(0);
    left.min(free_ms.max(0) / MINUTE_MS) / 15 * 15
}

/// Whether so much may be asked for at all.
pub fn judge_extension(policy: &UsePolicy, slot: Slot, extended: i64, minutes: i64, now: UnixMs) -> Result<(), Refusal> {
    if now < slot.starts_at || now >= slot.ends_at {
        return Err(Refusal::new(Code::ExtensionTime).with("from_ms", slot.starts_at.0).with("until_ms", slot.ends_at.0));
    }
    if minutes <= 0 || minutes % 15 != 0 {
        return Err(Refusal::new(Code::RequestMalformed).with("field", "minutes").with("expected", "a multiple of 15"));
    }
    if extended.saturating_add(minutes) > policy.extension_minutes_max {
        let left = policy.extension_minutes_max.saturating_sub(extended).max(0);
        return Err(Refusal::new(Code::ExtensionTooLong).with("minutes_max", left));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: UsePolicy = UsePolicy { warn_minutes: 10, release_minutes: 20, extension_minutes_max: 60 };
    const START: i64 = 1_796_349_600_000;
    const SLOT: Slot = Slot { starts_at: UnixMs(START), ends_at: UnixMs(START + 3_600_000) };

    fn at(minutes: i64) -> UnixMs {
        UnixMs(START + minutes * MINUTE_MS)
    }

    #[test]
    fn the_table_of_what_time_asks() {
        let ms = |it: UnixMs, by| it.saturating_add_ms(by);
        let table = [
            (None, ms(at(10), -1), Due::Nothing),
            (None, at(10), Due::Warning),
            (None, at(59), Due::Warning),
            (None, at(60), Due::Nothing),
            (Some(at(10)), ms(at(20), -1), Due::Nothing),
            (Some(at(10)), at(20), Due::Release),
            // The service was down: the warning came late, and is given its time.
            (Some(at(40)), ms(at(50), -1), Due::Nothing),
            (Some(at(40)), at(50), Due::Release),
            (Some(at(55)), at(60), Due::Nothing),
        ];
        for (warned, now, expected) in table {
            assert_eq!(due(&POLICY, SLOT, warned, now), expected, "{warned:?} {now:?}");
        }
    }

    #[test]
    fn check_in_on_both_sides_of_each_bound() {
        for (now, open) in [(-15 * MINUTE_MS - 1, false), (-15 * MINUTE_MS, true), (3_600_000 - 1, true), (3_600_000, false)] {
            assert_eq!(may_check_in(SLOT, UnixMs(START + now)).is_ok(), open, "{now}");
        }
    }

    #[test]
    fn only_what_the_facilitator_said_is_taken_back_and_not_for_long() {
        let said = |minutes, by| Some((at(minutes), by));
        let table = [
            (None, at(0), false),
            (said(0, CheckedInBy::Facilitator), at(0), true),
            (said(0, CheckedInBy::Facilitator), UnixMs(at(5).0 - 1), true),
            (said(0, CheckedInBy::Facilitator), at(5), false),
            (said(58, CheckedInBy::Facilitator), at(60), false),
            (said(0, CheckedInBy::Panel), at(0), false),
            (said(0, CheckedInBy::Joining), at(0), false),
        ];
        for (checked_in, now, may) in table {
            assert_eq!(may_undo(checked_in, SLOT, now), may, "{checked_in:?} {now:?}");
        }
    }

    #[test]
    fn what_is_let_go_begins_on_a_quarter() {
        assert_eq!(released_from(SLOT, at(20)), at(30));
        assert_eq!(released_from(SLOT, at(30)), at(30));
        assert_eq!(released_from(SLOT, at(0)), at(15), "an occupancy is never empty");
    }

    #[test]
    fn the_table_of_extensions() {
        let quarter = QUARTER_MS;
        for (extended, free, minutes) in
            [(0, i64::MAX, 60), (45, i64::MAX, 15), (60, i64::MAX, 0), (0, quarter, 15), (0, 2 * quarter - 1, 15), (0, 0, 0), (0, -1, 0)]
        {
            assert_eq!(extension_minutes(&POLICY, extended, free), minutes, "{extended} {free}");
        }
        let code = |extended, minutes, now| judge_extension(&POLICY, SLOT, extended, minutes, now).map_err(|it| it.code);
        assert_eq!(code(0, 15, at(0)), Ok(()));
        assert_eq!(code(0, 60, at(59)), Ok(()));
        assert_eq!(code(0, 75, at(59)), Err(Code::ExtensionTooLong));
        assert_eq!(code(45, 30, at(59)), Err(Code::ExtensionTooLong));
        assert_eq!(code(0, 15, at(60)), Err(Code::ExtensionTime));
        assert_eq!(code(0, 15, UnixMs(START - 1)), Err(Code::ExtensionTime));
        for wrong in [0, -15, 10, i64::MIN] {
            assert_eq!(code(0, wrong, at(1)), Err(Code::RequestMalformed), "{wrong}");
        }
    }
}
