//! The acts upon planned work: plan it, and what is done about it after. Each is one transaction with the block, its audit row and its notices.

use super::{MaintenanceAct, MaintenanceDraft, MaintenanceState, Stored, WorkOutcome, rules, store};
use crate::{
    blocks::{self, BlockKind, NewBlock},
    notices::{self, Notice, audience},
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
use wire::{Code, Refusal, UnixMs, id::MaintenanceId};

const TITLE_CHARS_MAX: usize = 120;
const NOTE_CHARS_MAX: usize = 1000;
const ITEM_CHARS_MAX: usize = 200;

/// Plans works: all of them, or none. Every booking that they meet is displaced, and its people are told. Answers the first of them.
pub async fn plan(db: &Db, now: UnixMs, actor: &Actor, draft: &MaintenanceDraft, claim: Option<&Claim>) -> Result<MaintenanceId> {
    let outcome = try_plan(db, now, actor, draft, claim).await;
    audit::record_refusal(db, outcome, || {
        Entry::new(now, "maintenance.plan", "site", draft.site).by(actor.person).on_behalf_of(actor.agency.id)
    })
    .await
}

async fn try_plan(db: &Db, now: UnixMs, actor: &Actor, draft: &MaintenanceDraft, claim: Option<&Claim>) -> Result<MaintenanceId> {
    let title = text::line("title", &draft.title, TITLE_CHARS_MAX)?;
    let note = text::optional("note", draft.note.as_deref(), NOTE_CHARS_MAX, text::paragraph)?;
    let urgent = text::optional("urgent_reason", draft.urgent_reason.as_deref(), NOTE_CHARS_MAX, text::paragraph)?;
    rules::judge(draft, now)?;
    let items: Vec<String> = draft.checklist.iter().map(|it| text::line("checklist", it, ITEM_CHARS_MAX)).collect::<Result<_, _>>()?;
    let mut dates = draft.occurrences.clone();
    dates.sort_by_key(|it| it.starts_at_ms);
    let ids: Vec<MaintenanceId> = dates.iter().map(|_| MaintenanceId::fresh()).collect();
    let Some(first) = ids.first().copied() else { return Err(malformed("occurrences", "1 to 12").into()) };
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        let site = sites::by_id(tx, draft.site).await?.ok_or_else(|| malformed("site", "known_site"))?;
        let keepers = audience::facilitators(tx, [site.id]).await?;
        for (id, date) in ids.iter().copied().zip(&dates) {
            let new = NewBlock {
                site: site.id,
                kind: BlockKind::Maintenance,
                from: date.starts_at_ms,
                until: Some(date.ends_at_ms),
                note: Some(&title),
                fault: None,
                by: Some(actor.person),
            };
            let (block, changed) = blocks::block(tx, now, &new).await?;
            let series = format!("M-{}", civil_date(now, MALAYSIA).format("%Y"));
            let number = reservations::store::next_number(tx, &series).await?;
            let it = Stored {
                id,
                reference: format!("{series}-{number:05}"),
                series: first,
                site: site.id,
                block,
                title: title.clone(),
                note: note.clone(),
                urgent_reason: urgent.clone().filter(|_| date.starts_at_ms < rules::earliest(now)),
                slot: date.slot(),
                state: MaintenanceState::Planned,
                outcome: None,
                outcome_note: None,
                planned_by: actor.person,
                ended_at: None,
            };
            store::insert(tx, &it, &items, now).await?;
            audit::record(tx, entry(now, "maintenance.plan", id, actor)
                .detail("reference", it.reference.as_str())
                .detail("starts_at_ms", it.slot.starts_at.0)
                .detail("ends_at_ms", it.slot.ends_at.0)
                .detail("urgent", it.urgent_reason.is_some())
                .detail("displaced", changed.displaced.len()));
            let others: Vec<_> = keepers.iter().copied().filter(|it| *it != actor.person).collect();
            let planned = Notice::MaintenancePlanned {
                block: block.0,
                site: (&site).into(),
                starts_at_ms: it.slot.starts_at,
                ends_at_ms: it.slot.ends_at,
            };
            notices::tell(tx, now, &others, &planned).await?;
        }
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &first).await?;
        }
        Ok(first)
    })
}

fn entry(now: UnixMs, act: &'static str, id: MaintenanceId, actor: &Actor) -> Entry {
    Entry::new(now, act, "maintenance", id).by(actor.person).on_behalf_of(actor.agency.id)
}

const fn name(act: &MaintenanceAct) -> &'static str {
    match act {
        MaintenanceAct::Start => "maintenance.start",
        MaintenanceAct::Tick { .. } => "maintenance.tick",
        MaintenanceAct::MoveEnd { .. } => "maintenance.move_end",
        MaintenanceAct::Finish { .. } => "maintenance.finish",
        MaintenanceAct::Cancel { .. } => "maintenance.cancel",
    }
}

/// Carries out one act. Whoever calls it has asked whether this person answers for the room.
pub async fn perform(db: &Db, now: UnixMs, actor: &Actor, id: MaintenanceId, act: &MaintenanceAct) -> Result<()> {
    let outcome = kernel::transact!(db, tx => try_perform(tx, now, actor, id, act).await);
    audit::record_refusal(db, outcome, || entry(now, name(act), id, actor)).await
}

async fn try_perform(tx: &mut Tx, now: UnixMs, actor: &Actor, id: MaintenanceId, act: &MaintenanceAct) -> Result<()> {
    let mut it = store::locked(tx, id).await?.ok_or(Code::NotFound)?;
    let Some(to) = rules::next(it.state, act) else {
        return Err(Refusal::new(Code::MaintenanceState).with("state", it.state.text()).into());
    };
    it.state = to;
    let optional = |note: &Option<String>| text::optional("note", note.as_deref(), NOTE_CHARS_MAX, text::paragraph);
    match act {
        MaintenanceAct::Start => {}
        MaintenanceAct::Tick { item, done, note } => {
            if !store::tick(tx, id, *item, *done, optional(note)?.as_deref()).await? {
                return Err(malformed("item", "an item of the checklist").into());
            }
        }
        MaintenanceAct::MoveEnd { ends_at_ms } => {
            blocks::move_end(tx, now, it.block, *ends_at_ms, Some(actor.person)).await?;
            it.slot.ends_at = *ends_at_ms;
        }
        MaintenanceAct::Finish { outcome, note } => {
            let note = optional(note)?;
            if note.is_none() && *outcome != WorkOutcome::Done {
                return Err(malformed("note", "text").into());
            }
            (it.outcome, it.outcome_note, it.ended_at) = (Some(*outcome), note, Some(now));
            free(tx, now, &it, actor).await?;
        }
        MaintenanceAct::Cancel { reason } => {
            (it.outcome_note, it.ended_at) = (Some(text::paragraph("reason", reason, NOTE_CHARS_MAX)?), Some(now));
            free(tx, now, &it, actor).await?;
        }
    }
    store::update(tx, &it, actor.person).await?;
    audit::record(
        tx,
        entry(now, name(act), id, actor).detail("state", it.state.text()).detail("outcome", it.outcome.map(WorkOutcome::text)),
    );
    Ok(())
}

/// Gives back what is left of the block.
async fn free(tx: &mut Tx, now: UnixMs, it: &Stored, actor: &Actor) -> Result<()> {
    let stands = blocks::by_id(tx, it.block).await?.is_some_and(|block| block.stands(now));
    match stands {
        true => blocks::lift(tx, now, it.block, Some(actor.person)).await.map(drop),
        false => Ok(()),
    }
}
