//! Consent to use on a rest day or a public holiday: asked of those who look after the room, shown to the approver, and needed for approval
//! where the policy says so. An answer is to one slot; one that is moved is asked about again.

use super::store;
use crate::{
    holidays::{self, Calendar, DayFlag},
    names::names,
    notices::{self, About, Notice, Place, audience},
    overrides::Hand,
    policy::{MALAYSIA, RestDayUse, Slot, Terms},
    reservations::{self, State, Stored},
    sites::{self, Site},
    text,
};
use kernel::{
    Db, Result, Tx,
    audit::{self, Entry},
    clock::civil_date,
};
use wire::{
    Code, Refusal, Rule, UnixMs,
    id::{PersonId, ReservationId, SiteId},
};

/// Characters of the words of an answer.
const WORDS_CHARS_MAX: usize = 500;

names! {
    ConsentAnswer {
        Given = "given",
        Withheld = "withheld",
    }
}

/// Where the consent of one site stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub site: SiteId,
    pub slot: Slot,
    pub asked_at: UnixMs,
    pub answered: Option<Answered>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub answer: ConsentAnswer,
    pub by: PersonId,
    pub at: UnixMs,
    pub words: Option<String>,
}

/// What there is to know of the days of a use, at each of its sites: pure.
pub fn flags(it: &Stored, known: &[Site], calendar: &Calendar) -> Vec<DayFlag> {
    let used = known.iter().filter(|site| it.sites.iter().any(|used| used.site == site.id));
    used.flat_map(|site| holidays::flags(calendar, site, it.slot)).collect()
}

/// The sites whose consent the policy asks for: pure.
pub fn needed(flags: &[DayFlag], terms: &Terms) -> Vec<SiteId> {
    match terms.rest_day_use {
        RestDayUse::Consent => flags.iter().filter(|it| it.is_rest()).map(|it| it.site).collect(),
        RestDayUse::Free | RestDayUse::Refused => Vec::new(),
    }
}

/// Why it cannot be approved yet, if consent is missing: pure.
pub fn missing(needed: &[SiteId], slot: Slot, consents: &[Consent]) -> Option<Refusal> {
    let given = |site: SiteId| {
        let of_slot = |it: &&Consent| it.site == site && it.slot == slot;
        consents.iter().filter(of_slot).any(|it| it.answered.as_ref().is_some_and(|it| it.answer == ConsentAnswer::Given))
    };
    let missing: Vec<String> = needed.iter().filter(|site| !given(**site)).map(SiteId::to_string).collect();
    (!missing.is_empty()).then(|| Refusal::by(Code::ConsentMissing, Rule::Tp4).with("sites", missing))
}

/// The calendar of a use.
pub async fn calendar_of(tx: &mut Tx, slot: Slot) -> Result<Calendar> {
    holidays::calendar(tx, civil_date(slot.starts_at, MALAYSIA), civil_date(slot.ends_at, MALAYSIA)).await
}

/// Asks the facilitators of every site where an application needs their consent, by the version of the policy that it keeps, and was not
/// asked about yet. Answers how many sites.
pub async fn ask_due(db: &Db, now: UnixMs) -> Result<usize> {
    let unasked = store::unasked(&mut db.read().await?, now).await?;
    let mut asked = 0;
    for (id, site) in unasked {
        asked += usize::from(ask(db, now, id, site).await?);
    }
    Ok(asked)
}

async fn ask(db: &Db, now: UnixMs, id: ReservationId, site: SiteId) -> Result<bool> {
    // Most days are no rest days: that is found out without holding anybody up.
    let rests = {
        let mut tx = db.read().await?;
        let Some(it) = reservations::store::by_id(&mut tx, id).await? else { return Ok(false) };
        let calendar = calendar_of(&mut tx, it.slot).await?;
        flags(&it, &sites::all(&mut tx).await?, &calendar).iter().any(|it| it.site == site && it.is_rest())
    };
    if !rests {
        return Ok(false);
    }
    kernel::transact!(db, tx => {
        let it = reservations::found(tx, id).await?;
        if it.state != State::Submitted || !store::ask_consent(tx, id, site, it.slot, now).await? {
            return Ok(false);
        }
        let known = sites::all(tx).await?;
        let people = identity::facilitators(tx, site).await?;
        if let Some(place) = known.iter().find(|it| it.id == site).map(Place::from) {
            let about = About::of(tx, &it).await?;
            notices::tell(tx, now, &people, &Notice::ConsentAsked { about, site: place, at_ms: now }).await?;
        }
        reservations::store::note(tx, id, now, reservations::HistoryAct::ConsentAsk, None, None).await?;
        let entry = Entry::new(now, "consent.ask", "reservation", id).rule(Rule::Tp4).detail("site", site.to_string());
        audit::record(tx, entry.detail("people", people.len()));
        Ok(true)
    })
}

/// A facilitator's answer for their own site. It can be changed until the application is decided on.
pub async fn answer(
    db: &Db,
    now: UnixMs,
    by: Hand,
    id: ReservationId,
    site: SiteId,
    given: ConsentAnswer,
    words: Option<&str>,
) -> Result<()> {
    let outcome = try_answer(db, now, by, id, site, given, words).await;
    let entry = || Entry::new(now, "consent.answer", "reservation", id).by(by.person).on_behalf_of(by.agency).rule(Rule::Tp4);
    audit::record_refusal(db, outcome, entry).await
}

async fn try_answer(
    db: &Db,
    now: UnixMs,
    by: Hand,
    id: ReservationId,
    site: SiteId,
    given: ConsentAnswer,
    words: Option<&str>,
) -> Result<()> {
    kernel::transact!(db, tx => {
        let it = reservations::found(tx, id).await?;
        if !it.sites.iter().any(|used| used.site == site) {
            return Err(Code::NotFound.into());
        }
        if !matches!(it.state, State::Submitted | State::Returned) || it.slot.starts_at <= now {
            return Err(reservations::in_state(it.state));
        }
        let words = text::optional("words", words, WORDS_CHARS_MAX, text::paragraph)?;
        if given == ConsentAnswer::Withheld && words.is_none() {
            return Err(Refusal::by(Code::ReasonMissing, Rule::Tp4).into());
        }
        let said = words.clone();
        let answered = Answered { answer: given, by: by.person, at: now, words };
        store::answer_consent(tx, id, &Consent { site, slot: it.slot, asked_at: now, answered: Some(answered) }).await?;
        let act = if given == ConsentAnswer::Given { reservations::HistoryAct::ConsentGive } else { reservations::HistoryAct::ConsentWithhold };
        reservations::store::note(tx, id, now, act, Some(by.person), Some(Rule::Tp4)).await?;
        let entry = Entry::new(now, "consent.answer", "reservation", id).by(by.person).on_behalf_of(by.agency).rule(Rule::Tp4);
        audit::record(tx, entry.detail("site", site.to_string()).detail("answer", given.text()));
        match given {
            ConsentAnswer::Given => Ok(()),
            ConsentAnswer::Withheld => withheld(tx, now, &it, site, said).await,
        }
    })
}

/// Whoever applied and whoever decides are told at once: neither would look for it.
async fn withheld(tx: &mut Tx, now: UnixMs, it: &Stored, site: SiteId, reason: Option<String>) -> Result<()> {
    let Some(site) = sites::by_id(tx, site).await? else { return Ok(()) };
    let mut people = audience::applicants(tx, it).await?;
    people.extend(audience::approvers(tx, it, now).await?);
    let about = About::of(tx, it).await?;
    notices::tell(tx, now, &people, &Notice::ConsentWithheld { about, site: Place::from(&site), reason, at_ms: now }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(hour: i64) -> Slot {
        Slot { starts_at: UnixMs(hour * 3_600_000), ends_at: UnixMs((hour + 1) * 3_600_000) }
    }

    #[test]
    fn an_answer_is_to_one_slot_of_one_site() {
        let (one, other) = (SiteId::fresh(), SiteId::fresh());
        let consent = |site, at: i64, answer: Option<ConsentAnswer>| Consent {
            site,
            slot: slot(at),
            asked_at: UnixMs(0),
            answered: answer.map(|answer| Answered { answer, by: PersonId::fresh(), at: UnixMs(0), words: None }),
        };
        let given = consent(one, 9, Some(ConsentAnswer::Given));
        assert_eq!(missing(&[], slot(9), &[]), None);
        assert!(missing(&[one], slot(9), &[]).is_some(), "not asked");
        assert!(missing(&[one], slot(9), &[consent(one, 9, None)]).is_some(), "asked");
        assert!(missing(&[one], slot(9), &[consent(one, 9, Some(ConsentAnswer::Withheld))]).is_some());
        assert_eq!(missing(&[one], slot(9), std::slice::from_ref(&given)), None);
        assert!(missing(&[one], slot(10), std::slice::from_ref(&given)).is_some(), "moved");
        let refusal = missing(&[one, other], slot(9), &[given]).unwrap();
        assert_eq!(refusal.values["sites"], serde_json::json!([other.to_string()]));
    }
}
