//! What a row of the audit trail means to a report. A row that means nothing to it is passed over; the trail is never asked for more than it
//! holds.

use kernel::audit;
use serde_json::Value;
use std::str::FromStr;
use wire::{
    UnixMs,
    id::{AgencyId, FaultId, ReservationId, SiteId},
};

/// The sites of a reservation and its span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub sites: Vec<SiteId>,
    pub starts_at: UnixMs,
    pub ends_at: UnixMs,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    AgencyCreated {
        agency: AgencyId,
    },
    /// Applied, and accepted as lawful.
    Applied {
        reservation: ReservationId,
        agency: AgencyId,
        span: Span,
        days_before_use: i64,
    },
    /// Refused by the rules as it was sent.
    RefusedByRule {
        agency: Option<AgencyId>,
        rule: String,
    },
    Amended {
        reservation: ReservationId,
        span: Span,
    },
    Approved {
        reservation: ReservationId,
    },
    Declined {
        reservation: ReservationId,
        reason: String,
    },
    Returned {
        reservation: ReservationId,
    },
    /// Withdrawn, lapsed or displaced: its sites are free.
    Ended {
        reservation: ReservationId,
        how: Ending,
    },
    NoShow {
        reservation: ReservationId,
        site: SiteId,
    },
    ConditionFiled {
        reservation: ReservationId,
        site: SiteId,
    },
    FaultReported {
        fault: FaultId,
        site: SiteId,
        severity: String,
    },
    FaultMended {
        fault: FaultId,
    },
    FaultReopened {
        fault: FaultId,
    },
    Overridden {
        rule: String,
        agency: Option<AgencyId>,
    },
    MeetingCreated {
        agency: AgencyId,
    },
}

/// How a reservation ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Withdrawn,
    Lapsed,
    Displaced,
}

/// Reads one row.
pub fn of(row: &audit::Row) -> Option<Fact> {
    let details: Value = serde_json::from_str(&row.details).ok()?;
    let fact = match (row.act.as_str(), row.outcome.as_str()) {
        ("agency.create", "done") => Fact::AgencyCreated { agency: id(&row.object_id)? },
        ("reservation.apply", "refused") => Fact::RefusedByRule {
            agency: row.on_behalf_of(),
            // A taken slot and a malformed field are no rule of the source documents: they are counted by their code.
            rule: row.rule.clone().or_else(|| text(&details, "code"))?,
        },
        ("reservation.apply", "done") => Fact::Applied {
            reservation: id(&row.object_id)?,
            agency: row.on_behalf_of()?,
            span: span(&details)?,
            days_before_use: details["days_before_use"].as_i64()?,
        },
        ("reservation.amend", "done") => Fact::Amended { reservation: id(&row.object_id)?, span: span(&details)? },
        ("reservation.approve", "done") => Fact::Approved { reservation: id(&row.object_id)? },
        ("reservation.refuse", "done") => {
            Fact::Declined { reservation: id(&row.object_id)?, reason: text(&details, "reason_code").unwrap_or_else(|| "other".into()) }
        }
        ("reservation.return", "done") => Fact::Returned { reservation: id(&row.object_id)? },
        ("reservation.withdraw", "done") => Fact::Ended { reservation: id(&row.object_id)?, how: Ending::Withdrawn },
        ("reservation.lapse", "done") => Fact::Ended { reservation: id(&row.object_id)?, how: Ending::Lapsed },
        ("reservation.displace", "done") => Fact::Ended { reservation: id(&row.object_id)?, how: Ending::Displaced },
        ("use.no_show", "done") => Fact::NoShow { reservation: id(&row.object_id)?, site: site(&details)? },
        ("condition.file", "done") => Fact::ConditionFiled { reservation: id(&row.object_id)?, site: site(&details)? },
        ("fault.report", "done") => {
            Fact::FaultReported { fault: id(&row.object_id)?, site: site(&details)?, severity: text(&details, "severity")? }
        }
        ("fault.mend", "done") => Fact::FaultMended { fault: id(&row.object_id)? },
        ("fault.reopen", "done") => Fact::FaultReopened { fault: id(&row.object_id)? },
        ("override.confirm", "done") => Fact::Overridden { rule: row.rule.clone()?, agency: row.on_behalf_of() },
        ("meeting.create", "done") => Fact::MeetingCreated { agency: row.on_behalf_of()? },
        _ => return None,
    };
    Some(fact)
}

fn id<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn text(details: &Value, key: &str) -> Option<String> {
    details[key].as_str().map(str::to_owned)
}

fn site(details: &Value) -> Option<SiteId> {
    id(details["site"].as_str()?)
}

fn span(details: &Value) -> Option<Span> {
    let sites = details["sites"].as_array()?.iter().filter_map(|it| id(it.as_str()?)).collect();
    Some(Span { sites, starts_at: UnixMs(details["starts_at_ms"].as_i64()?), ends_at: UnixMs(details["ends_at_ms"].as_i64()?) })
}
