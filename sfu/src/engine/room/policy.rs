//! What is allowed, decided by the media plane on its own: pure functions over the grant, the classification and what is remembered of
//! the meeting. The control plane has asked the same questions before; nothing here trusts that it did.

use super::{Settings, memory::Memory, roster::Roster};
use std::collections::BTreeSet;
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    grant::{Act, GrantClaims, Role, RoomSystem},
    limits::{CLOCK_LEEWAY_S, PEOPLE_PER_SITE_MAX},
    signal::LeaveReason,
};

/// Bytes of a name shown to all: the longest Malaysian names with titles are below 120.
const NAME_BYTES_MAX: usize = 256;

/// What is asked for where the classification forbids it to be held.
const HIGHEST_HELD: Classification = Classification::Sulit;

/// CLASS-2 and CLASS-4: may a meeting of this classification live here, and which rules does it then lack?
pub fn may_be_held(classification: Classification, settings: &Settings) -> Result<Vec<Rule>, Refusal> {
    let policy = classification.policy();
    if !policy.may_be_held {
        return Err(Refusal::by(Code::ClassificationTooHigh, Rule::Class2)
            .with("classification", classification.name())
            .with("highest_allowed", HIGHEST_HELD.name()));
    }
    match (policy.needs_security_functions, settings.classified_without_e2ee) {
        (false, _) => Ok(Vec::new()),
        (true, true) => Ok(vec![Rule::Class4]),
        (true, false) => Err(Refusal::by(Code::SecurityFunctionsMissing, Rule::Class4)
            .with("classification", classification.name())
            .with("lacks", serde_json::json!(["end_to_end_encryption"]))),
    }
}

/// May the bearer of this grant come in now, as far as the grant and the meeting's past say?
pub fn admits(grant: &GrantClaims, memory: Option<&Memory>, now_ms: UnixMs) -> Result<(), Refusal> {
    if [&grant.name, &grant.agency].into_iter().any(|name| name.is_empty() || name.len() > NAME_BYTES_MAX)
        || grant.seat.as_ref().is_some_and(|seat| seat.site_name.len() > NAME_BYTES_MAX)
    {
        return Err(Refusal::by(Code::GrantMalformed, Rule::Meet8));
    }
    if let Some(system) = &grant.room_system
        && (system.people_max > PEOPLE_PER_SITE_MAX
            || system.site_name.len() > NAME_BYTES_MAX
            || grant.cnf.is_none()
            || grant.seat.is_some())
    {
        return Err(Refusal::by(Code::GrantMalformed, Rule::Meet8));
    }
    let closes_at = memory.and_then(|it| it.closes_at).map_or(grant.closes_at, |extended| extended.max(grant.closes_at));
    let (opens_at_ms, closes_at_ms) = (UnixMs::from_seconds(grant.opens_at), UnixMs::from_seconds(closes_at));
    if now_ms.saturating_add_ms(CLOCK_LEEWAY_S * 1000) < opens_at_ms || now_ms >= closes_at_ms {
        return Err(Refusal::by(Code::WindowClosed, Rule::Meet8).with("opens_at_ms", opens_at_ms.0).with("closes_at_ms", closes_at_ms.0));
    }
    let Some(memory) = memory else { return Ok(()) };
    if grant.epoch < memory.epoch_min {
        return Err(match memory.ended_by {
            LeaveReason::MeetingEnded => Refusal::new(Code::MeetingEnded),
            _ => Refusal::by(Code::GrantRevoked, Rule::Meet8),
        });
    }
    // Whom the host removed has no token that counts: the control plane may not have heard of it yet.
    if memory.person(grant.sub).is_some_and(|person| person.banned || grant.iat < person.not_before) {
        return Err(Refusal::by(Code::GrantRevoked, Rule::Meet8));
    }
    Ok(())
}

/// CLASS-4: where officers must be identified, nobody comes in as a guest.
pub fn admits_role(role: Role, classification: Classification) -> Result<(), Refusal> {
    match role == Role::Guest && !classification.policy().may_admit_guests {
        true => Err(Refusal::by(Code::GuestsForbidden, Rule::Class4).with("classification", classification.name())),
        false => Ok(()),
    }
}

/// One endpoint stands for a site: a second one would be a seventh seat by another door (TP-3). The same device comes back as itself.
pub fn one_room_system(own: &RoomSystem, roster: &Roster) -> Result<(), Refusal> {
    let others = roster.values().filter_map(|member| member.grant.room_system.as_ref());
    match others.into_iter().any(|other| other.site == own.site && other.device != own.device) {
        true => Err(Refusal::by(Code::RoomSystemPresent, Rule::Tp3).with("site_name", own.site_name.clone())),
        false => Ok(()),
    }
}

/// May someone with these acts do this in a meeting of this classification? What the classification forbids is forbidden by its rule,
/// whoever asks.
pub fn may(act: Act, acts: &BTreeSet<Act>, classification: Classification) -> Result<(), Refusal> {
    if let Some(rule) = classification.forbids(act) {
        let code = if act == Act::Record { Code::RecordingForbidden } else { Code::ActForbidden };
        return Err(Refusal::by(code, rule).with("classification", classification.name()));
    }
    if !acts.contains(&act) {
        return Err(Refusal::by(Code::ActForbidden, Rule::Sec3).with("act", serde_json::to_value(act).unwrap_or_default()));
    }
    Ok(())
}

/// CLASS-6: may the classification become `to`? Answers with what the meeting then lacks.
pub fn may_become(from: Classification, to: Classification, settings: &Settings) -> Result<Vec<Rule>, Refusal> {
    if to < from {
        return Err(Refusal::by(Code::ClassificationLowered, Rule::Class6).with("classification", from.name()));
    }
    may_be_held(to, settings)
}
