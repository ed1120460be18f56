//! The acts upon a condition report: file it, and sign it as the other side.

use super::{ConditionDraft, DefectDraft, PointDraft, SignatureDraft, Signer, rules, store};
use crate::{
    Booking,
    faults::{self, FaultDraft, Reporter},
    photographs::{self, Subject, Uploader},
    reservations::{self, view},
};
use identity::{Actor, PersonRole};
use kernel::{
    Result, Tx,
    audit::{self, Entry},
    idempotency::{self, Claim},
};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{ConditionId, FaultId, ReservationId, SiteId},
};

/// Files the report on a use at one site, with the faults that its defects become.
pub async fn file(
    booking: &Booking,
    actor: &Actor,
    (id, site): (ReservationId, SiteId),
    draft: &ConditionDraft,
    claim: Option<&Claim>,
) -> Result<ConditionId> {
    let now = booking.clock.now();
    let row = || {
        let row = Entry::new(now, "condition.file", "reservation", id).by(actor.person).on_behalf_of(actor.agency.id);
        row.rule(Rule::Tp7).detail("site", site.to_string())
    };
    let outcome = try_file(booking, actor, now, (id, site), draft, claim, row()).await;
    audit::record_refusal(&booking.db, outcome, row).await
}

async fn try_file(
    booking: &Booking,
    actor: &Actor,
    now: UnixMs,
    (id, site): (ReservationId, SiteId),
    draft: &ConditionDraft,
    claim: Option<&Claim>,
    row: Entry,
) -> Result<ConditionId> {
    let condition = ConditionId::fresh();
    kernel::transact!(booking.db, tx => {
        if let Some(claim) = claim
            && let Some(before) = idempotency::claim::<ConditionId>(tx, claim).await?
        {
            return Ok(before);
        }
        let reservation = view::seen(tx, id, actor).await?;
        let signer = rules::signer(&reservation, actor, site)
            .ok_or_else(|| Refusal::by(Code::RoleMissing, Rule::Tp7).with("role", PersonRole::Facilitator.text()))?;
        rules::may_be_filed(&reservation, site, now)?;
        rules::judge(draft)?;
        store::file(tx, condition, (id, site), draft.note.as_deref(), signer, actor.person, now).await?;
        let by = Uploader::Person(actor.person);
        photographs::attach(tx, by, &draft.photographs, Subject::Condition(condition)).await?;
        for point in &draft.points {
            let fault = match &point.fault {
                Some(defect) => Some(reported(tx, now, actor, (id, site), point, defect).await?),
                None => {
                    photographs::attach(tx, by, &point.photographs, Subject::Condition(condition)).await?;
                    None
                }
            };
            store::add_point(tx, condition, point, fault).await?;
        }
        let unsound: Vec<&str> = draft.points.iter().filter(|it| !it.sound).map(|it| it.point.text()).collect();
        audit::record(tx, row.clone().detail("unsound", unsound).detail("filed_as", signer.text()));
        reservations::store::note(tx, id, now, reservations::HistoryAct::ConditionFile, Some(actor.person), Some(Rule::Tp7)).await?;
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &condition).await?;
        }
        Ok(condition)
    })
}

async fn reported(
    tx: &mut Tx,
    now: UnixMs,
    actor: &Actor,
    (reservation, site): (ReservationId, SiteId),
    point: &PointDraft,
    defect: &DefectDraft,
) -> Result<FaultId> {
    let fault = FaultDraft {
        site,
        equipment: defect.equipment,
        reservation: Some(reservation),
        severity: defect.severity,
        description: defect.description.clone(),
        photographs: point.photographs.clone(),
    };
    let by = Reporter::Person { person: actor.person, agency: actor.agency.id, keeper: faults::rules::keeps(actor, site) };
    faults::report_in(tx, now, by, &fault).await
}

/// The other side says whether it was so.
pub async fn sign(booking: &Booking, actor: &Actor, id: ConditionId, draft: &SignatureDraft) -> Result<()> {
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        let report = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        let of = view::seen(tx, report.reservation, actor).await?;
        if !rules::is_other_side(&report, &of, actor) {
            let role = if report.filed_as == Signer::User { PersonRole::Facilitator } else { PersonRole::Officer };
            return Err(Refusal::by(Code::RoleMissing, Rule::Tp7).with("role", role.text()).into());
        }
        let note = rules::judge_signature(draft)?;
        if !store::sign(tx, id, draft.answer, note.as_deref(), actor.person, now).await? {
            return Err(Refusal::by(Code::ConditionSigned, Rule::Tp7).into());
        }
        let row = Entry::new(now, "condition.sign", "condition", id).by(actor.person).on_behalf_of(actor.agency.id).rule(Rule::Tp7);
        audit::record(tx, row.detail("answer", draft.answer.text()));
        Ok(())
    })
}
