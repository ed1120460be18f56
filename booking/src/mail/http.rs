//! Routes of mail, for the one who runs the service: what waits, what left, what could not; never an act upon what it tells of.

use super::{
    Failure, MailState,
    compose::{self, Composed},
    store::{self, Stored},
};
use crate::{Booking, notices::Kind};
use axum::extract::State;
use identity::{Actor, PersonRole, Recipient};
use kernel::{
    Result,
    audit::{self, Entry},
    extract::{Json, Path, Query},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wire::{
    Code, UnixMs,
    id::{MailId, PersonId},
};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(inline)]
    state: Option<MailState>,
    /// Those older than this one.
    before: Option<MailId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Mails {
    pub mails: Vec<Mail>,
    /// A mail server is named in the settings. Otherwise all mail waits.
    pub sends: bool,
    /// Counted to 1000.
    pub waiting: i64,
    pub failed: i64,
    /// There are older ones: ask with `before` and this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<MailId>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Mail {
    pub id: MailId,
    pub created_at_ms: UnixMs,
    pub state: MailState,
    #[schema(inline)]
    pub kind: Kind,
    /// As the recipient reads it; nothing where it cannot be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub to: MailTo,
    pub attempts: i64,
    /// Of one that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at_ms: Option<UnixMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub failure: Option<Failure>,
    /// What it asks of a calendar: `REQUEST` or `CANCEL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MailTo {
    pub person: PersonId,
    pub name: String,
    pub email: String,
}

/// A mail with what it says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WholeMail {
    pub mail: Mail,
    pub message_id: String,
    /// Of its words.
    pub language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The part that a calendar reads (RFC 5545).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

fn may(actor: &Actor) -> Result<()> {
    actor.require(&[PersonRole::SystemAdministrator])
}

/// Mail, the newest first.
#[utoipa::path(get, path = "/mail", tag = "mail", params(ListQuery),
    responses((status = 200, body = Mails), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(booking): State<Arc<Booking>>, actor: Actor, Query(query): Query<ListQuery>) -> Result<Json<Mails>> {
    may(&actor)?;
    let mut tx = booking.db.read().await?;
    let (found, next) = store::list(&mut tx, query.state, query.before).await?;
    let people = identity::recipients(&mut tx, &found.iter().map(|it| it.person).collect::<Vec<_>>()).await?;
    let shown = |mail: &Stored| shown(mail, people.iter().find(|it| it.id.0 == mail.person), &booking).0;
    Ok(Json(Mails {
        mails: found.iter().map(shown).collect(),
        sends: booking.settings.mail.smtp.is_some(),
        waiting: store::count(&mut tx, MailState::Waiting).await?,
        failed: store::count(&mut tx, MailState::Failed).await?,
        next,
    }))
}

fn shown(mail: &Stored, to: Option<&Recipient>, booking: &Booking) -> (Mail, Option<Composed>) {
    let composed = to.and_then(|to| compose::compose(mail, to, &booking.settings).ok());
    let waits = mail.state == MailState::Waiting;
    let row = Mail {
        id: mail.id,
        created_at_ms: mail.created_at,
        state: mail.state,
        kind: mail.notice.key().kind,
        subject: composed.as_ref().map(|it| it.subject.clone()),
        to: MailTo {
            person: mail.person,
            name: to.map(|it| it.name.clone()).unwrap_or_default(),
            email: to.map(|it| it.email.clone()).unwrap_or_default(),
        },
        attempts: mail.attempts,
        next_try_at_ms: (waits && booking.settings.mail.smtp.is_some()).then_some(mail.due_at),
        settled_at_ms: mail.settled_at,
        failure: mail.failure,
        method: mail.calendar.as_ref().map(|it| it.method.text().to_owned()),
    };
    (row, composed)
}

/// One mail with what it says. That it was read is recorded: it is addressed to somebody else.
#[utoipa::path(get, path = "/mail/{id}", tag = "mail", params(("id" = MailId, Path)),
    responses((status = 200, body = WholeMail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MailId>) -> Result<Json<WholeMail>> {
    may(&actor)?;
    let whole = whole(&booking, id).await?;
    let entry = Entry::new(booking.clock.now(), "mail.read", "mail", id).by(actor.person).on_behalf_of(actor.agency.id);
    audit::record_alone(&booking.db, entry.detail("person", whole.mail.to.person.to_string())).await?;
    Ok(Json(whole))
}

async fn whole(booking: &Booking, id: MailId) -> Result<WholeMail> {
    let mut tx = booking.db.read().await?;
    let mail = store::by_id(&mut tx, id).await?.ok_or(Code::NotFound)?;
    let people = identity::recipients(&mut tx, &[mail.person]).await?;
    let (row, composed) = shown(&mail, people.first(), booking);
    Ok(WholeMail {
        mail: row,
        message_id: compose::message_id(id, &booking.settings),
        language: composed.as_ref().map(|it| it.language.text().to_owned()).unwrap_or_default(),
        text: composed.as_ref().map(|it| it.text.clone()),
        calendar: composed.and_then(|it| it.calendar).map(|it| it.1),
    })
}

/// Sends it, or sends it again: under its own Message-ID, so that whoever has it sees it once.
#[utoipa::path(post, path = "/mail/{id}/resend", tag = "mail", params(("id" = MailId, Path)),
    responses((status = 200, body = WholeMail), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn resend(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MailId>) -> Result<Json<WholeMail>> {
    may(&actor)?;
    let now = booking.clock.now();
    kernel::transact!(booking.db, tx => {
        if !store::resend(tx, id, now).await? {
            return Err(Code::NotFound.into());
        }
        audit::record(tx, Entry::new(now, "mail.resend", "mail", id).by(actor.person).on_behalf_of(actor.agency.id));
        Ok(())
    })?;
    Ok(Json(whole(&booking, id).await?))
}
