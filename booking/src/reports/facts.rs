//! What a row of the audit trail means to a report. A row that means nothing to it is passed over; the trail is never asked for more than it
//! holds.

use crate::reservations::State;
use kernel::audit;
use serde_json::Value;
use std::str::FromStr;
use wire::{
    AuditAct, UnixMs,
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
        /// It waits for another decision.
        decided_anew: bool,
    },
    Extended {
        reservation: ReservationId,
        ends_at: UnixMs,
    },
    /// Its instants moved, as the zone's rules have changed.
    Shifted {
        reservation: ReservationId,
        by_ms: i64,
    },
    /// What became of one that had lost a room.
    Settled {
        reservation: ReservationId,
        /// The rooms that it has now.
        sites: Vec<SiteId>,
        state: State,
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
    /// Nobody came to these of its sites.
    NoShow {
        reservation: ReservationId,
        sites: Vec<SiteId>,
    },
    ConditionFiled {
        reservation: ReservationId,
        site: SiteId,
    },
    FaultReported {
        fault: FaultId,
        site: SiteId,
    },
    FaultMended {
        fault: FaultId,
    },
    FaultReopened {
        fault: FaultId,
    },
    /// An exception was made for an agency.
    Overridden {
        rule: String,
        agency: AgencyId,
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
    let act = AuditAct::named(&row.act)?;
    if row.outcome != "done" {
        // A taken slot and a malformed field are no rule of the source documents: they are counted by their code.
        let rule = || row.rule.clone().or_else(|| text(&details, "code"));
        return (act == AuditAct::ReservationApply)
            .then(|| Some(Fact::RefusedByRule { agency: row.on_behalf_of(), rule: rule()? }))
            .flatten();
    }
    let ended = |how| Some(Fact::Ended { reservation: id(&row.object_id)?, how });
    match act {
        AuditAct::AgencyCreate => Some(Fact::AgencyCreated { agency: id(&row.object_id)? }),
        AuditAct::ReservationWithdraw | AuditAct::ReservationDeclineOffer => ended(Ending::Withdrawn),
        AuditAct::ReservationLapse | AuditAct::ReservationOfferExpire => ended(Ending::Lapsed),
        AuditAct::ReservationDisplace => ended(Ending::Displaced),
        AuditAct::FaultReport | AuditAct::FaultMend | AuditAct::FaultReopen => of_fault(act, row, &details),
        AuditAct::OverrideConfirm | AuditAct::OverrideRecord => {
            Some(Fact::Overridden { agency: id(details["agency"].as_str()?)?, rule: row.rule.clone()? })
        }
        AuditAct::MeetingCreate => Some(Fact::MeetingCreated { agency: row.on_behalf_of()? }),
        _ => of_reservation(act, row, &details),
    }
}

fn of_reservation(act: AuditAct, row: &audit::Row, details: &Value) -> Option<Fact> {
    let reservation = id(&row.object_id)?;
    Some(match act {
        AuditAct::ReservationApply => Fact::Applied {
            reservation,
            agency: row.on_behalf_of()?,
            span: span(details)?,
            days_before_use: details["days_before_use"].as_i64()?,
        },
        AuditAct::ReservationAmend => {
            Fact::Amended { reservation, span: span(details)?, decided_anew: details["needs_approval"].as_bool().unwrap_or_default() }
        }
        AuditAct::ReservationApprove => Fact::Approved { reservation },
        AuditAct::ReservationRefuse => {
            Fact::Declined { reservation, reason: text(details, "reason_code").unwrap_or_else(|| "other".into()) }
        }
        AuditAct::ReservationReturn => Fact::Returned { reservation },
        AuditAct::ReservationResite | AuditAct::ReservationGoOnline | AuditAct::ReservationRestore => {
            Fact::Settled { reservation, sites: sites(details)?, state: details["state"].as_str()?.parse().ok()? }
        }
        AuditAct::ReservationExtend => Fact::Extended { reservation, ends_at: instant(details, "ends_at_ms")? },
        AuditAct::ReservationKeepWallTime => {
            Fact::Shifted { reservation, by_ms: instant(details, "to_ms")?.0.saturating_sub(instant(details, "from_ms")?.0) }
        }
        AuditAct::ReservationNoShow => Fact::NoShow { reservation, sites: sites(details)? },
        AuditAct::ConditionFile => Fact::ConditionFiled { reservation, site: site(details)? },
        _ => return None,
    })
}

fn of_fault(act: AuditAct, row: &audit::Row, details: &Value) -> Option<Fact> {
    let fault = id(&row.object_id)?;
    Some(match act {
        AuditAct::FaultReport => Fact::FaultReported { fault, site: site(details)? },
        AuditAct::FaultMend => Fact::FaultMended { fault },
        AuditAct::FaultReopen => Fact::FaultReopened { fault },
        _ => return None,
    })
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

fn sites(details: &Value) -> Option<Vec<SiteId>> {
    Some(details["sites"].as_array()?.iter().filter_map(|it| id(it.as_str()?)).collect())
}

fn instant(details: &Value, key: &str) -> Option<UnixMs> {
    details[key].as_i64().map(UnixMs)
}

fn span(details: &Value) -> Option<Span> {
    Some(Span { sites: sites(details)?, starts_at: instant(details, "starts_at_ms")?, ends_at: instant(details, "ends_at_ms")? })
}
