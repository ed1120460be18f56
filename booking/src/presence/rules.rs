//! The state of a person, from what is known of them.

use super::{Said, State};
use wire::UnixMs;

/// Seen within this time at a page of the service is here.
const HERE_MS: i64 = 5 * 60_000;

/// What is known of one person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// In a meeting of the service now.
    pub inside: bool,
    /// A meeting of theirs runs until then, whether they are inside or not.
    pub meeting_until: Option<UnixMs>,
    pub seen_at: Option<UnixMs>,
    /// Their own word, and until when it holds.
    pub said: Option<(Said, UnixMs)>,
}

/// The state, and until when it holds where that is known. What happens counts before what was said, and what was said before what is guessed.
pub fn state(known: &Known, now: UnixMs) -> (State, Option<UnixMs>) {
    if known.inside {
        return (State::InMeeting, known.meeting_until);
    }
    if let Some((said, until)) = known.said.filter(|(_, until)| *until > now) {
        let state = match said {
            Said::Busy => State::Busy,
            Said::Away => State::Away,
        };
        return (state, Some(until));
    }
    if let Some(until) = known.meeting_until.filter(|until| *until > now) {
        return (State::Busy, Some(until));
    }
    match known.seen_at {
        Some(seen) if now.saturating_since_ms(seen) < HERE_MS => (State::Available, None),
        _ => (State::Away, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_states() {
        let now = UnixMs(1_000_000_000);
        let later = now.saturating_add_ms(60_000);
        let at = |ms: i64| Some(UnixMs(now.0 + ms));
        let base = Known::default();
        let table = [
            (base, (State::Away, None)),
            (Known { seen_at: at(-HERE_MS + 1), ..base }, (State::Available, None)),
            (Known { seen_at: at(-HERE_MS), ..base }, (State::Away, None)),
            (Known { seen_at: at(0), meeting_until: Some(later), ..base }, (State::Busy, Some(later))),
            (Known { seen_at: at(0), meeting_until: Some(now), ..base }, (State::Available, None)),
            (Known { seen_at: at(0), said: Some((Said::Away, later)), ..base }, (State::Away, Some(later))),
            (Known { seen_at: at(0), said: Some((Said::Busy, now)), ..base }, (State::Available, None)),
            (Known { inside: true, said: Some((Said::Away, later)), ..base }, (State::InMeeting, None)),
        ];
        for (known, expected) in table {
            assert_eq!(state(&known, now), expected, "{known:?}");
        }
    }
}
