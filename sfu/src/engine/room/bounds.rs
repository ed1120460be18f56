//! What a meeting leaves of a grant, by its classification, its rules for roles and its floor: a pure function over plain values.

use std::collections::BTreeSet;
use wire::{
    Classification,
    grant::{Act, Role},
    id::SessionId,
    signal::{Floor, RoleRules},
};

/// What holds for everyone in a meeting.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub classification: Classification,
    pub rules: RoleRules,
    pub floor: Option<Floor>,
}

/// Of one participant, what the bounds look at.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub session: SessionId,
    pub role: Role,
    /// Beyond the rules for the role.
    pub allowed: &'a BTreeSet<Act>,
    /// In a breakout room, where the floor is not given.
    pub apart: bool,
}

impl Bounds {
    /// The acts that are left of those that the grant permits. Nothing here adds one.
    pub fn leave(&self, permitted: &BTreeSet<Act>, who: Standing<'_>) -> BTreeSet<Act> {
        permitted.iter().copied().filter(|act| self.permit(*act, who)).collect()
    }

    fn permit(&self, act: Act, who: Standing<'_>) -> bool {
        self.classification.forbids(act).is_none()
            && (self.rules.permit(who.role, act) || who.allowed.contains(&act))
            && (act != Act::PublishAudio || self.may_speak(who))
    }

    fn may_speak(&self, who: Standing<'_>) -> bool {
        who.role.chairs() || who.apart || self.floor.as_ref().is_none_or(|floor| floor.holder == Some(who.session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_who_may_what() {
        let (me, other) = (SessionId::fresh(), SessionId::fresh());
        let held_by = |holder| Some(Floor { holder, seconds: None, ends_at_ms: None });
        let silent = RoleRules { members: [Act::Chat].into(), guests: BTreeSet::new() };
        let audio: BTreeSet<_> = [Act::PublishAudio].into();
        use Role::*;
        let table = [
            (Member, RoleRules::default(), None, false, true),
            (Member, silent.clone(), None, false, false),
            (Member, silent.clone(), None, true, true),
            (Guest, silent.clone(), None, false, false),
            (CoHost, silent, None, false, true),
            (Member, RoleRules::default(), held_by(None), false, false),
            (Member, RoleRules::default(), held_by(Some(other)), true, false),
            (Member, RoleRules::default(), held_by(Some(me)), false, true),
            (Host, RoleRules::default(), held_by(Some(other)), false, true),
        ];
        for (role, rules, floor, allowed, speaks) in table {
            let bounds = Bounds { classification: Classification::Terbuka, rules: rules.clone(), floor: floor.clone() };
            let allowed = if allowed { audio.clone() } else { BTreeSet::new() };
            let left = bounds.leave(&role.acts(), Standing { session: me, role, allowed: &allowed, apart: false });
            assert_eq!(left.contains(&Act::PublishAudio), speaks, "{role:?} {rules:?} {floor:?} {allowed:?}");
            assert!(left.contains(&Act::RaiseHand), "a hand can always be raised");
            let apart = bounds.leave(&role.acts(), Standing { session: me, role, allowed: &allowed, apart: true });
            let ruled = rules.permit(role, Act::PublishAudio) || allowed.contains(&Act::PublishAudio);
            assert_eq!(apart.contains(&Act::PublishAudio), ruled, "the floor binds in the main room alone");
        }
    }

    #[test]
    fn nothing_is_added_to_a_grant() {
        let everything = RoleRules::ACTS.into();
        let bounds = Bounds { classification: Classification::Terbuka, rules: RoleRules::default(), floor: None };
        let who = Standing { session: SessionId::fresh(), role: Role::Host, allowed: &everything, apart: false };
        assert!(bounds.leave(&BTreeSet::new(), who).is_empty());
        let secret = Bounds { classification: Classification::Sulit, ..bounds };
        assert!(!secret.leave(&Role::Host.acts(), who).contains(&Act::Chat), "CLASS-5");
    }
}
