//! The acts upon a fault: report it, and everything that is done about it after. Each is one transaction with its history row, its audit row,
//! its notices, and what it does to the room.

use super::{Event, EventKind, FaultAct, FaultDraft, FaultState, Reporter, rules, store, store::Stored, tell};
use crate::{
    blocks::{self, BlockKind, NewBlock},
    photographs::{self, Subject, Uploader},
    reservations, sites, text,
};
use identity::Actor;
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    clock::{MALAYSIA, civil_date},
    extract::malformed,
    idempotency::{self, Claim},
};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{FaultId, PersonId, PhotographId},
};

/// Characters of what is wrong, or of a comment.
const DESCRIPTION_CHARS_MAX: usize = 2000;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 1000;

/// Reports a fault (TP-6). What is critical and out of order blocks its room in the same transaction.
pub async fn report(db: &Db, now: UnixMs, by: Reporter, draft: &FaultDraft, claim: Option<&Claim>) -> Result<FaultId> {
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        let id = report_in(tx, now, by, draft).await?;
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

/// Reports a fault with the change that it comes with: a condition report's defect.
pub async fn report_in(tx: &mut Tx, now: UnixMs, by: Reporter, draft: &FaultDraft) -> Result<FaultId> {
    text::paragraph("description", &draft.description, DESCRIPTION_CHARS_MAX)?;
    let id = FaultId::fresh();
    let site = sites::by_id(tx, draft.site).await?.ok_or_else(|| malformed("site", "known_site"))?;
    if draft.equipment.is_some_and(|equipment| !site.equipment.iter().any(|it| it.id == equipment)) {
        return Err(malformed("equipment", "equipment_of_the_site").into());
    }
    if let Some(reservation) = draft.reservation {
        let used = reservations::store::by_id(tx, reservation).await?;
        if !used.is_some_and(|it| it.sites.iter().any(|it| it.site == draft.site)) {
            return Err(malformed("reservation", "a_use_of_the_site").into());
        }
    }
    let series = format!("F-{}", civil_date(now, MALAYSIA).format("%Y"));
    let number = reservations::store::next_number(tx, &series).await?;
    store::insert(tx, id, &format!("{series}-{number:05}"), draft, by, now).await?;
    let uploader = match by {
        Reporter::Person { person, .. } => Uploader::Person(person),
        Reporter::Device(device) => Uploader::Device(device),
    };
    photographs::attach(tx, uploader, &draft.photographs, Subject::Fault(id)).await?;
    let value = Some(draft.severity.text().to_owned());
    store::note(tx, id, &Event { at: now, kind: EventKind::Report, value, note: None, by: by.person() }).await?;
    let row = Entry::new(now, "fault.report", "fault", id)
        .rule(Rule::Tp6)
        .detail("site", draft.site.to_string())
        .detail("severity", draft.severity.text());
    audit::record(
        tx,
        match by {
            Reporter::Person { person, agency, .. } => row.by(person).on_behalf_of(agency),
            Reporter::Device(device) => row.detail("device", device.to_string()),
        },
    );
    let fault = found(tx, id).await?;
    tell::reported(tx, now, &fault).await?;
    let keeper = matches!(by, Reporter::Person { keeper: true, .. });
    square(tx, now, &fault, by.person(), keeper).await?;
    Ok(id)
}

async fn found(tx: &mut Tx, id: FaultId) -> Result<Stored> {
    store::by_id(tx, id).await?.ok_or_else(|| Code::NotFound.into())
}

/// Carries out one act upon a fault.
pub async fn perform(db: &Db, now: UnixMs, actor: &Actor, id: FaultId, act: &FaultAct, claim: Option<&Claim>) -> Result<()> {
    let outcome = try_perform(db, now, actor, id, act, claim).await;
    audit::record_refusal(db, outcome, || entry(now, act, actor, id)).await
}

async fn try_perform(db: &Db, now: UnixMs, actor: &Actor, id: FaultId, act: &FaultAct, claim: Option<&Claim>) -> Result<()> {
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && idempotency::claim::<FaultId>(tx, claim).await?.is_some()
        {
            return Ok(());
        }
        let before = store::locked(tx, id).await?.filter(|it| rules::sees(it, actor)).ok_or(Code::NotFound)?;
        let Some(to) = rules::next(before.state, act.kind(), before.assigned_to) else {
            return Err(Refusal::new(Code::FaultState).with("state", before.state.text()).with("act", act.kind().text()).into());
        };
        if !rules::may(&before, actor, now).contains(&act.kind()) {
            return Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", vec!["facilitator"]).into());
        }
        let (after, event) = changed(tx, now, actor, &before, to, act).await?;
        store::update(tx, &after).await?;
        store::note(tx, id, &event).await?;
        if let FaultAct::Comment { photographs, .. } = act {
            attach(tx, actor.person, photographs, id).await?;
        }
        if matches!(act.kind(), EventKind::Wait | EventKind::Severity | EventKind::Mend | EventKind::Reopen) {
            store::forget_reminded(tx, id).await?;
        }
        audit::record(tx, entry(now, act, actor, id).detail("state", after.state.text()).detail("value", event.value.clone()));
        tell::changed(tx, now, &before, &after, actor.person).await?;
        if act.kind() != EventKind::Comment {
            square(tx, now, &after, Some(actor.person), rules::keeps(actor, after.site)).await?;
        }
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(())
    })
}

async fn attach(tx: &mut Tx, by: PersonId, ids: &[PhotographId], id: FaultId) -> Result<()> {
    photographs::attach(tx, Uploader::Person(by), ids, Subject::Fault(id)).await
}

fn entry(now: UnixMs, act: &FaultAct, actor: &Actor, id: FaultId) -> Entry {
    let name = match act.kind() {
        EventKind::Assign => "fault.assign",
        EventKind::Severity => "fault.severity",
        EventKind::Start => "fault.start",
        EventKind::Wait => "fault.wait",
        EventKind::Resume => "fault.resume",
        EventKind::Mend => "fault.mend",
        EventKind::Close => "fault.close",
        EventKind::Reopen => "fault.reopen",
        _ => "fault.comment",
    };
    Entry::new(now, name, "fault", id).by(actor.person).on_behalf_of(actor.agency.id).rule(Rule::Tp6)
}

/// The fault after the act, and the row that tells of it.
async fn changed(tx: &mut Tx, now: UnixMs, actor: &Actor, before: &Stored, to: FaultState, act: &FaultAct) -> Result<(Stored, Event)> {
    let mut after = Stored { state: to, changed_at: now, ..before.clone() };
    let optional = |text: &Option<String>| text::optional("note", text.as_deref(), REASON_CHARS_MAX, text::paragraph);
    let reason = |text: &str| text::paragraph("reason", text, REASON_CHARS_MAX).map(Some);
    let (value, note) = match act {
        FaultAct::Assign { person, note } => {
            let person = person.unwrap_or(actor.person);
            if !identity::inactive_among(tx, &[person]).await?.is_empty() {
                return Err(malformed("person", "known_person").into());
            }
            after.assigned_to = Some(person);
            (Some(person.to_string()), optional(note)?)
        }
        FaultAct::Severity { severity, reason: why } => {
            after.severity = *severity;
            (Some(severity.text().to_owned()), reason(why)?)
        }
        FaultAct::Start => {
            after.assigned_to = before.assigned_to.or(Some(actor.person));
            (None, None)
        }
        FaultAct::Wait { waits_for, reason: why } => {
            after.waits_for = Some(*waits_for);
            (Some(waits_for.text().to_owned()), reason(why)?)
        }
        FaultAct::Resume | FaultAct::Close => (None, None),
        FaultAct::Mend { outcome, note } => {
            let note = optional(note)?;
            if note.is_none() && *outcome == super::FaultOutcome::NotMended {
                return Err(malformed("note", "text").into());
            }
            (after.outcome, after.outcome_note) = (Some(*outcome), note.clone());
            (Some(outcome.text().to_owned()), note)
        }
        FaultAct::Reopen { reason: why } => {
            (after.outcome, after.outcome_note) = (None, None);
            (None, reason(why)?)
        }
        FaultAct::Comment { text, .. } => {
            // Words change nothing: a closed fault stays as old as its closing.
            after.changed_at = before.changed_at;
            (None, Some(text::paragraph("text", text, DESCRIPTION_CHARS_MAX)?))
        }
    };
    if to != FaultState::Waiting {
        after.waits_for = None;
    }
    Ok((after, Event { at: now, kind: act.kind(), value, note, by: Some(actor.person) }))
}

/// Makes the room agree with the fault: blocked while something critical is out of order, free again when it is not.
async fn square(tx: &mut Tx, now: UnixMs, fault: &Stored, by: Option<PersonId>, keeper: bool) -> Result<()> {
    let site = sites::by_id(tx, fault.site).await?.ok_or(Code::NotFound)?;
    let critical = fault.equipment.is_some_and(|id| site.equipment.iter().any(|it| it.id == id && it.critical));
    let standing = blocks::of_fault(tx, fault.id).await?.into_iter().find(|it| it.stands(now));
    let event = |kind| Event { at: now, kind, value: None, note: None, by };
    match (rules::blocks(fault.severity, fault.state, critical), standing) {
        (true, None) => {
            let new = NewBlock {
                site: fault.site,
                kind: BlockKind::Fault,
                from: now,
                until: (!keeper).then(|| rules::unconfirmed_until(now)),
                note: None,
                fault: Some(fault.id),
                by,
            };
            blocks::block(tx, now, &new).await?;
            store::note(tx, fault.id, &event(EventKind::Block)).await
        }
        (true, Some(block)) if keeper && block.ends_at.is_some() => blocks::keep_open(tx, now, block.id, by).await.map(drop),
        (false, Some(block)) => {
            blocks::lift(tx, now, block.id, by).await?;
            store::note(tx, fault.id, &event(EventKind::Unblock)).await
        }
        _ => Ok(()),
    }
}
