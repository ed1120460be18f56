//! Approving and refusing, each one transaction with its audit row; `now` is the server's clock.

use super::{Decision, ReasonCode, store};
use crate::{
    meetings,
    reservations::{self, By, State, entry, found, in_state, lapse},
    text,
};
use kernel::{Db, Result, audit};
use serde::Deserialize;
use wire::{Code, Refusal, Rule, UnixMs, id::ReservationId};

/// Characters of the words of a decision.
const REASON_CHARS_MAX: usize = 1000;

/// An approver's answer.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct Answer {
    pub decision: Decision,
    #[serde(default)]
    pub reason_code: Option<ReasonCode>,
    #[serde(default)]
    pub reason: Option<String>,
}

/// What became of an act that found the reservation's time had come.
enum Outcome {
    Done,
    Lapsed,
}

/// Approves or refuses (TP-4). Of two who decide at once, one does.
pub async fn decide(db: &Db, now: UnixMs, by: By, id: ReservationId, answer: &Answer) -> Result<()> {
    let outcome = match try_decide(db, now, by, id, answer).await {
        Ok(Outcome::Done) => Ok(()),
        Ok(Outcome::Lapsed) => Err(in_state(State::Lapsed)),
        Err(error) => Err(error),
    };
    let refused = || entry(now, decide_act(answer.decision), id, by).rule(Rule::Tp4);
    audit::record_refusal(db, outcome, refused).await
}

const fn decide_act(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "reservation.approve",
        Decision::Refuse => "reservation.refuse",
    }
}

async fn try_decide(db: &Db, now: UnixMs, by: By, id: ReservationId, answer: &Answer) -> Result<Outcome> {
    kernel::transact!(db, tx => {
        let stored = found(tx, id).await?;
        if stored.agency == by.agency {
            return Err(Refusal::by(Code::OwnAgency, Rule::Tp4).into());
        }
        let reason = text::optional("reason", answer.reason.as_deref(), REASON_CHARS_MAX, text::paragraph)?;
        let reasoned = match answer.reason_code {
            None => false,
            Some(ReasonCode::Other) => reason.is_some(),
            Some(_) => true,
        };
        if answer.decision == Decision::Refuse && !reasoned {
            return Err(Refusal::by(Code::ReasonMissing, Rule::Tp4).into());
        }
        if stored.state != State::Submitted {
            return Err(in_state(stored.state));
        }
        if stored.slot.starts_at <= now {
            lapse(tx, now, id).await?;
            return Ok(Outcome::Lapsed);
        }
        let (to, occupancies) = match answer.decision {
            Decision::Approve => (State::Approved, "approved"),
            Decision::Refuse => (State::Refused, "released"),
        };
        let reason_code = answer.reason_code.filter(|_| to == State::Refused);
        let decided = store::Decided { by: by.person, at: now, reason_code, reason };
        if !store::decide(tx, id, to, &decided).await? {
            let state = found(tx, id).await?.state;
            return Err(in_state(state));
        }
        reservations::store::occupancies_to(tx, id, occupancies).await?;
        if to == State::Refused {
            reservations::waiting::freed(tx, now, &stored).await?;
        }
        let mut row = entry(now, decide_act(answer.decision), id, by).rule(Rule::Tp4).detail("reference", stored.reference.as_str());
        match (answer.decision, reason_code) {
            (Decision::Approve, _) => row = row.detail("meeting", meetings::follow::stand(tx, now, &stored).await?.to_string()),
            (Decision::Refuse, code) => row = row.detail("reason_code", code.map(ReasonCode::text)),
        }
        reservations::store::note(tx, id, now, answer.decision.text(), Some(by.person), Some(Rule::Tp4)).await?;
        audit::record(tx, row);
        Ok(Outcome::Done)
    })
}
