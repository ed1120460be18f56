//! The acts upon an override: ask, confirm or decline, use, and record one that another act brought about.

use super::{Decided, Exemption, Hand, Origin, Override, OverrideState, rules, store};
use crate::{
    notices::{self, AboutOverride, Notice},
    policy::{self, Slot},
    reservations, sites, text,
};
use identity::PersonRole;
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    extract::malformed,
    idempotency::{self, Claim},
};
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{AgencyId, OverrideId, PersonId, ReservationId, SiteId},
};

/// What an approver asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The agency whose application it is to let through, or a reservation that waits.
    pub subject: Subject,
    pub exempt: BTreeSet<Exemption>,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub enum Subject {
    /// An application that is still to come.
    Use { agency: AgencyId, sites: BTreeSet<SiteId>, slot: Slot },
    /// One that waits for the consent of those who look after its rooms.
    Reservation(ReservationId),
}

/// Asks for an exception. It lets nothing through until a second person has confirmed it.
pub async fn ask(db: &Db, now: UnixMs, by: Hand, wish: &Wish, claim: Option<&Claim>) -> Result<OverrideId> {
    let id = OverrideId::fresh();
    let outcome = try_ask(db, now, by, wish, claim, id).await;
    audit::record_refusal(db, outcome, || entry(now, "override.ask", id, by)).await
}

async fn try_ask(db: &Db, now: UnixMs, by: Hand, wish: &Wish, claim: Option<&Claim>, id: OverrideId) -> Result<OverrideId> {
    kernel::transact!(db, tx => {
        if let Some(claim) = claim
            && let Some(carried_out) = idempotency::claim(tx, claim).await?
        {
            return Ok(carried_out);
        }
        let reason = text::paragraph("reason", &wish.reason, rules::REASON_CHARS_MAX)?;
        let (agency, sites, slot, reservation) = subject(tx, wish).await?;
        if agency == by.agency {
            return Err(Refusal::by(Code::OwnAgency, Rule::Tp4).into());
        }
        let terms = policy::at(tx, now).await?.terms;
        rules::askable(now, slot, &sites, &sites::all(tx).await?, &wish.exempt, &terms)?;
        let it = Override {
            id,
            origin: Origin::Asked,
            state: OverrideState::Asked,
            agency,
            slot,
            sites,
            exempt: wish.exempt.clone(),
            reservation,
            reason,
            asked_by: Some(by.person),
            asked_for: by.acting_for,
            asked_at: now,
            decided: None,
        };
        store::insert(tx, &it).await?;
        if let Some(reservation) = reservation {
            reservations::store::note(tx, reservation, now, reservations::HistoryAct::OverrideAsk, Some(by.person), None).await?;
        }
        audit::record(tx, described(entry(now, "override.ask", id, by), &it));
        let people: Vec<PersonId> = identity::holders(tx, PersonRole::Approver, None).await?.into_iter().filter(|it| *it != by.person).collect();
        let exception = about(tx, &it).await?;
        notices::tell(tx, now, &people, &Notice::OverrideAsked { exception, at_ms: now }).await?;
        if let Some(claim) = claim {
            idempotency::answer(tx, claim, &id).await?;
        }
        Ok(id)
    })
}

async fn subject(tx: &mut Tx, wish: &Wish) -> Result<(AgencyId, BTreeSet<SiteId>, Slot, Option<ReservationId>)> {
    match &wish.subject {
        Subject::Use { agency, sites, slot } => {
            identity::agency(tx, *agency).await?.ok_or_else(|| malformed("agency", "a known agency"))?;
            Ok((*agency, sites.clone(), *slot, None))
        }
        Subject::Reservation(id) => {
            let it = reservations::found(tx, *id).await?;
            if it.state != reservations::State::Submitted {
                return Err(reservations::in_state(it.state));
            }
            // Its time and hours were judged when it came; consent is what it can lack.
            if wish.exempt.iter().any(|it| *it != Exemption::RestDay) {
                return Err(malformed("exempt", Exemption::RestDay.text()).into());
            }
            Ok((it.agency, it.sites.iter().map(|it| it.site).collect(), it.slot, Some(*id)))
        }
    }
}

/// The second person's word: confirmed, or declined. Of two at once one decides.
pub async fn decide(db: &Db, now: UnixMs, by: Hand, id: OverrideId, confirm: bool, words: Option<&str>) -> Result<Override> {
    let act = if confirm { "override.confirm" } else { "override.decline" };
    let outcome = try_decide(db, now, by, id, confirm, words).await;
    audit::record_refusal(db, outcome, || entry(now, act, id, by)).await
}

async fn try_decide(db: &Db, now: UnixMs, by: Hand, id: OverrideId, confirm: bool, words: Option<&str>) -> Result<Override> {
    kernel::transact!(db, tx => {
        let it = store::by_id(tx, id).await?.ok_or(Code::NotFound)?;
        rules::second_person(&it, by)?;
        let words = text::optional("words", words, rules::REASON_CHARS_MAX, text::paragraph)?;
        if !confirm && words.is_none() {
            return Err(Refusal::by(Code::ReasonMissing, Rule::Tp4).into());
        }
        let to = if confirm { OverrideState::Confirmed } else { OverrideState::Declined };
        let in_time = it.slot.starts_at > now;
        if !in_time || !store::decide(tx, id, to, by, now, words.as_deref()).await? {
            let state = store::by_id(tx, id).await?.map_or(it.state, |it| it.state);
            return Err(Refusal::new(Code::OverrideState).with("state", if in_time { state.text() } else { "lapsed" }).into());
        }
        if let Some(reservation) = it.reservation {
            let act = if confirm { reservations::HistoryAct::OverrideConfirm } else { reservations::HistoryAct::OverrideDecline };
            reservations::store::note(tx, reservation, now, act, Some(by.person), None).await?;
        }
        let act = if confirm { "override.confirm" } else { "override.decline" };
        audit::record(tx, described(entry(now, act, id, by), &it).detail("asked_by", it.asked_by.map(|it| it.to_string())));
        // Asked on behalf of an approver who is away, it is theirs as well.
        let mut people: Vec<PersonId> = it.asked_by.into_iter().chain(it.asked_for).collect();
        if confirm {
            people.extend(identity::holders(tx, PersonRole::UcAdministrator, Some(it.agency)).await?);
        }
        let exception = about(tx, &it).await?;
        notices::tell(tx, now, &people, &Notice::OverrideDecided { exception, confirmed: confirm, at_ms: now }).await?;
        Ok(Override { state: to, decided: Some(Decided { by: by.person, acting_for: by.acting_for, at: now, words }), ..it })
    })
}

/// Takes out of the refusals of an application what a confirmed override of its agency lets through, and answers which override that is.
/// The caller stores it with the reservation and calls [`used`].
pub async fn cover(
    tx: &mut Tx,
    now: UnixMs,
    agency: AgencyId,
    sites: &BTreeSet<SiteId>,
    slot: Slot,
    reservation: Option<ReservationId>,
    refusals: &mut Vec<Refusal>,
) -> Result<Option<OverrideId>> {
    if !refusals.iter().any(|it| rules::needed(it).is_some()) {
        return Ok(None);
    }
    for it in store::unused(tx, agency, now, reservation).await? {
        if !rules::is_for(&it, agency, sites, slot, reservation) {
            continue;
        }
        let before = refusals.len();
        refusals.retain(|refusal| rules::needed(refusal).is_none_or(|needed| !it.exempt.contains(&needed)));
        if refusals.len() < before {
            return Ok(Some(it.id));
        }
    }
    Ok(None)
}

/// The reservation makes use of the override: no other can.
pub async fn used(tx: &mut Tx, now: UnixMs, by: Hand, id: OverrideId, reservation: ReservationId) -> Result<()> {
    if !store::used(tx, id, reservation).await? {
        return Err(Refusal::new(Code::OverrideState).with("state", "used").into());
    }
    reservations::store::note(tx, reservation, now, reservations::HistoryAct::OverrideUse, Some(by.person), None).await?;
    audit::record(tx, entry(now, "override.use", id, by).detail("reservation", reservation.to_string()));
    Ok(())
}

/// As [`used`], for a reservation that is there already and is to stand by the override from now on: called before what it lets through.
pub async fn stand_by(tx: &mut Tx, now: UnixMs, by: Hand, id: OverrideId, reservation: ReservationId) -> Result<()> {
    used(tx, now, by, id, reservation).await?;
    store::mark(tx, reservation, id).await
}

/// An exception that another act brought about, such as moving a reservation away from a room out of order.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    pub reservation: ReservationId,
    pub agency: AgencyId,
    pub slot: Slot,
    pub sites: BTreeSet<SiteId>,
    pub exempt: BTreeSet<Exemption>,
    pub reason: &'a str,
    /// Nobody where the service proposed it by itself.
    pub asked_by: Option<PersonId>,
    /// Who took it; another person than the one who asked.
    pub confirmed_by: Hand,
}

/// Records such an exception, marks the reservation with it and lists it with the month's. In the transaction of the act itself.
pub async fn record(tx: &mut Tx, now: UnixMs, of: &Record<'_>) -> Result<OverrideId> {
    let by = of.confirmed_by;
    if of.asked_by == Some(by.person) {
        return Err(Refusal::by(Code::OverrideSecondPerson, Rule::Tp4).with("why", "first").into());
    }
    let it = Override {
        id: OverrideId::fresh(),
        origin: Origin::Resiting,
        state: OverrideState::Confirmed,
        agency: of.agency,
        slot: of.slot,
        sites: of.sites.clone(),
        exempt: of.exempt.clone(),
        reservation: Some(of.reservation),
        reason: text::paragraph("reason", of.reason, rules::REASON_CHARS_MAX)?,
        asked_by: of.asked_by,
        asked_for: None,
        asked_at: now,
        decided: Some(Decided { by: by.person, acting_for: by.acting_for, at: now, words: None }),
    };
    store::insert(tx, &it).await?;
    store::mark(tx, of.reservation, it.id).await?;
    reservations::store::note(tx, of.reservation, now, reservations::HistoryAct::OverrideUse, Some(by.person), None).await?;
    audit::record(tx, described(entry(now, "override.record", it.id, by), &it));
    Ok(it.id)
}

fn entry(now: UnixMs, act: &'static str, id: OverrideId, by: Hand) -> Entry {
    let entry = Entry::new(now, act, "override", id).by(by.person).on_behalf_of(by.agency).rule(Rule::Tp4);
    match by.acting_for {
        Some(lender) => entry.detail("acting_for", lender.to_string()),
        None => entry,
    }
}

async fn about(tx: &mut Tx, it: &Override) -> Result<AboutOverride> {
    let agency = identity::agency(tx, it.agency).await?.map(|it| it.name).unwrap_or_default();
    Ok(AboutOverride { id: it.id, agency, starts_at_ms: it.slot.starts_at, ends_at_ms: it.slot.ends_at })
}

fn described(entry: Entry, it: &Override) -> Entry {
    let exempt: Vec<&str> = it.exempt.iter().map(|it| it.text()).collect();
    let entry = entry
        .detail("exempt", exempt)
        .detail("agency", it.agency.to_string())
        .detail("starts_at_ms", it.slot.starts_at.0)
        .detail("origin", it.origin.text());
    match it.reservation {
        Some(reservation) => entry.detail("reservation", reservation.to_string()),
        None => entry,
    }
}
