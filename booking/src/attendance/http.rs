//! Attendance over HTTP: for those who chair the meeting and for auditors, and letting somebody back in whom the host removed.

use super::{KeptChoice, KeptLine, KeptPoll, Stay, csv, store};
use crate::{
    Booking,
    media::commands,
    meetings::{self, Stored},
    people::People,
    sites,
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::{Actor, PersonRef, PersonRole};
use kernel::{
    Error, Result, Tx,
    audit::{self, Entry},
    extract::{Json, Path},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use wire::{
    Classification, Code, Refusal, Rule, UnixMs,
    control::{Command, Fact},
    id::{MeetingId, PersonId},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Attendance {
    pub title: String,
    pub classification: Classification,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// In the order of coming; who came back has one stay for each time.
    pub stays: Vec<Stay>,
    /// Those of the group who were never inside.
    pub absent: Vec<PersonRef>,
    /// Whom the host sent away: they stay out until they are let back in.
    pub removed: Vec<PersonRef>,
    /// What was said to everyone, where it may be kept (CLASS-5).
    pub lines: Vec<KeptLine>,
    pub polls: Vec<KeptPoll>,
    /// This reader may let somebody back in.
    pub may_readmit: bool,
}

/// The meeting, for those who chair it and for auditors; of its existence nobody else is told, and its members are told that this is not theirs.
async fn readable(tx: &mut Tx, id: MeetingId, actor: &Actor) -> Result<(Stored, bool)> {
    let meeting = meetings::store::by_id(tx, id).await?.ok_or(Error::from(Code::NotFound))?;
    let listed = meeting.people.iter().find(|it| it.person == actor.person);
    let chairs = listed.is_some_and(|it| it.role.chairs() && !it.removed);
    match (chairs || actor.has(PersonRole::Auditor), listed) {
        (true, _) => Ok((meeting, chairs)),
        (false, Some(_)) => Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", serde_json::json!(["host", "auditor"])).into()),
        (false, None) => Err(Code::NotFound.into()),
    }
}

async fn attendance(tx: &mut Tx, id: MeetingId, actor: &Actor) -> Result<Attendance> {
    let (meeting, may_readmit) = readable(tx, id, actor).await?;
    let (stored, kept, sites) = (store::stays(tx, id).await?, store::kept(tx, id).await?, sites::all(tx).await?);
    let inside = stored.iter().filter(|it| !it.room_system).map(|it| it.person);
    let people = People::of(tx, meeting.people.iter().map(|it| it.person).chain(inside).collect()).await?;
    let roles: BTreeMap<PersonId, _> = meeting.people.iter().map(|it| (it.person, it.role)).collect();
    let absent = meeting.people.iter().filter(|it| !it.removed && !stored.iter().any(|stay| stay.person == it.person));
    let absent = absent.map(|it| people.get(it.person)).collect();
    let mut rooms = store::rooms(tx, id).await?;
    let stays = stored
        .into_iter()
        .map(|it| Stay {
            person: (!it.room_system).then(|| people.get(it.person)),
            role: roles.get(&it.person).copied(),
            site: it.site.and_then(|id| sites.iter().find(|site| site.id == id)).map(|site| site.name.clone()),
            room_system: it.room_system,
            joined_at_ms: it.joined_at,
            rooms: rooms.remove(&it.session).unwrap_or_default(),
            left_at_ms: it.left_at,
            reason: it.reason,
        })
        .collect();
    let (mut lines, mut polls) = (Vec::new(), Vec::new());
    for (at_ms, fact) in kept {
        match fact {
            Fact::Said { name, text, breakout, .. } => lines.push(KeptLine { name, text, breakout, at_ms }),
            Fact::PollClosed { poll } => {
                let choices = poll.choices.into_iter().zip(poll.results);
                let choices = choices.map(|(choice, result)| KeptChoice { choice, votes: result.votes, names: result.names }).collect();
                polls.push(KeptPoll { question: poll.question, anonymous: poll.anonymous, closed_at_ms: at_ms, choices });
            }
            _ => {}
        }
    }
    Ok(Attendance {
        title: meeting.title,
        classification: meeting.classification,
        starts_at_ms: meeting.slot.starts_at,
        ends_at_ms: meeting.slot.ends_at,
        stays,
        absent,
        removed: meeting.people.iter().filter(|it| it.removed).map(|it| people.get(it.person)).collect(),
        lines,
        polls,
        may_readmit,
    })
}

/// Who was in the meeting, and what was kept of it: for those who chair it and for auditors.
#[utoipa::path(get, path = "/meetings/{id}/attendance", tag = "meetings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = Attendance), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn read(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Json<Attendance>> {
    let mut tx = booking.db.read().await?;
    Ok(Json(attendance(&mut tx, id, &actor).await?))
}

/// The stays as CSV. That they were taken out stands in the audit trail.
#[utoipa::path(get, path = "/meetings/{id}/attendance.csv", tag = "meetings", params(("id" = MeetingId, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn table(State(booking): State<Arc<Booking>>, actor: Actor, Path(id): Path<MeetingId>) -> Result<Response> {
    let now = booking.clock.now();
    let file = kernel::transact!(&booking.db, tx => {
        let found = attendance(tx, id, &actor).await?;
        audit::record(tx, Entry::new(now, "attendance.view", "meeting", id).by(actor.person));
        csv::file(&found.stays)
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"sidang-{id}.csv\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file).into_response())
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Readmission {
    pub person: PersonId,
}

/// Somebody whom the host removed may come again.
#[utoipa::path(post, path = "/meetings/{id}/readmission", tag = "meetings", params(("id" = MeetingId, Path)), request_body = Readmission,
    responses((status = 204), (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn readmit(
    State(booking): State<Arc<Booking>>,
    actor: Actor,
    Path(id): Path<MeetingId>,
    Json(asked): Json<Readmission>,
) -> Result<StatusCode> {
    let (now, person) = (booking.clock.now(), asked.person);
    kernel::transact!(&booking.db, tx => {
        let (meeting, chairs) = readable(tx, id, &actor).await?;
        if !chairs {
            return Err(Refusal::by(Code::RoleMissing, Rule::Sec3).with("roles", serde_json::json!(["host"])).into());
        }
        if !meeting.people.iter().any(|it| it.person == person && it.removed) {
            return Err(Code::NotFound.into());
        }
        meetings::store::readmit(tx, id, person).await?;
        commands::push(tx, now, &Command::ReadmitPerson { room: id, person, at_ms: now })?;
        audit::record(tx, Entry::new(now, "meeting.readmit", "meeting", id).by(actor.person).detail("person", person.to_string()));
        Ok(StatusCode::NO_CONTENT)
    })
}
