//! The one statement that amends a reservation.

use super::super::{State, Stored, store};
use crate::policy::LeadVerdict;
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{UnixMs, id::PersonId};

kernel::sql! {
    /// The version that was judged is part of the condition.
    AMEND = "UPDATE reservation SET version = version + 1, sequence = sequence + 1, title = $3, purpose = $4, classification = $5, state = $6,
            applicant_id = $7, chair_id = $8, contact = $9, needs = $10, starts_at_ms = $11, ends_at_ms = $12, hold_expires_at_ms = $13
        WHERE id = $1 AND version = $2 RETURNING id";
    /// What has to come in time anew was received now.
    RECEIVED = "UPDATE reservation SET received_at_ms = $2, lawful_until_ms = $3, days_before_use = $4, use_date = $5, policy_version = $6
        WHERE id = $1";
    UNDECIDED = "UPDATE reservation SET decided_by = NULL, decided_at_ms = NULL, reason_code = NULL, reason = NULL WHERE id = $1";
}

/// What a reservation is from now on.
pub struct Amended<'a> {
    pub draft: &'a super::super::Draft,
    pub state: State,
    pub applicant: PersonId,
    pub hold_expires_at: Option<UnixMs>,
}

/// When it was received, where it had to come in time anew.
pub struct Received {
    pub at: UnixMs,
    pub lead: LeadVerdict,
    pub policy_version: i64,
}

/// False where it has changed since it was read.
pub async fn amend(tx: &mut Tx, old: &Stored, it: &Amended<'_>, received: Option<&Received>) -> Result<bool> {
    let draft = it.draft;
    let text = |text: &Option<String>| text.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
    let refused = |name: &str| store::refusal_of(name, None, None);
    if let Some(received) = received {
        on!(tx, c => sqlx::query(RECEIVED)
            .bind(Text(old.id)).bind(received.at.0).bind(received.lead.lawful_until.0).bind(received.lead.days_before_use)
            .bind(kernel::clock::date_text(received.lead.use_date)).bind(received.policy_version)
            .execute(c).await.map(drop))
        .on_constraint(refused)?;
    }
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(AMEND)
        .bind(Text(old.id)).bind(old.version).bind(draft.title.trim()).bind(draft.purpose.trim()).bind(draft.classification.name())
        .bind(it.state.text()).bind(Text(it.applicant)).bind(Text(draft.chair)).bind(text(&draft.contact)).bind(text(&draft.needs))
        .bind(draft.starts_at_ms.0).bind(draft.ends_at_ms.0).bind(it.hold_expires_at.map(|it| it.0))
        .fetch_optional(c).await)
    .on_constraint(refused)?;
    if found.is_some() && it.state == State::Submitted {
        on!(tx, c => sqlx::query(UNDECIDED).bind(Text(old.id)).execute(c).await.map(drop))?;
    }
    Ok(found.is_some())
}
