//! The audit trail: who did what, when, on whose behalf, by which rule, and with what outcome. A row commits with the change it tells of.
//!
//! Rows are numbered without gaps and each holds the hash of the one before it, so that a row changed, taken out or put in between shows
//! ([`verify`]). The database itself refuses UPDATE and DELETE on them.

use crate::{
    db::{Db, Text, Tx},
    digest,
    error::{Error, Result},
    on,
};
use serde_json::{Map, Value};
use wire::{
    Code, Rule, UnixMs,
    id::{AgencyId, AuditId, PersonId},
};

/// Rows read at once when the chain is verified.
const VERIFY_PAGE: i64 = 500;
/// Rows in one answer to a reader.
pub const PAGE_MAX: i64 = 200;
/// How long another process's commit may go unnoticed.
const POLL: std::time::Duration = std::time::Duration::from_secs(1);
/// The hash before the first row.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
}

impl Outcome {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One act to be recorded. No secret, password, token or text of a classified meeting belongs into it.
#[derive(Clone, Debug)]
pub struct Entry {
    at: UnixMs,
    act: &'static str,
    person: Option<PersonId>,
    on_behalf_of: Option<AgencyId>,
    object_kind: &'static str,
    object_id: String,
    rule: Option<Rule>,
    outcome: Outcome,
    details: Map<String, Value>,
}

impl Entry {
    /// `act` is the name of a [`wire::AuditAct`] (`reservation.approve`); the object is what it was done to.
    pub fn new(at: UnixMs, act: &'static str, object_kind: &'static str, object_id: impl std::fmt::Display) -> Self {
        debug_assert!(wire::AuditAct::named(act).is_some(), "{act} is no act of the trail");
        Self {
            at,
            act,
            person: None,
            on_behalf_of: None,
            object_kind,
            object_id: object_id.to_string(),
            rule: None,
            outcome: Outcome::Done,
            details: Map::new(),
        }
    }

    pub(crate) const fn act(&self) -> &'static str {
        self.act
    }

    /// Who acts. Without it the service itself does.
    #[must_use]
    pub fn by(mut self, person: PersonId) -> Self {
        self.person = Some(person);
        self
    }

    /// For which agency.
    #[must_use]
    pub fn on_behalf_of(mut self, agency: AgencyId) -> Self {
        self.on_behalf_of = Some(agency);
        self
    }

    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = Some(rule);
        self
    }

    /// The act was refused, and why.
    #[must_use]
    pub fn refused(mut self, refusal: &wire::Refusal) -> Self {
        self.outcome = Outcome::Refused;
        self.rule = self.rule.or(refusal.rule);
        self.detail("code", refusal.code.text())
    }

    #[must_use]
    pub fn detail(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}

/// Records an act in the transaction that carries it out. The row is written as the transaction commits.
pub fn record(tx: &mut Tx, entry: Entry) {
    tx.audit.push(entry);
}

/// Records an act that changed nothing, such as a refusal, in a transaction of its own.
pub async fn record_alone(db: &Db, entry: Entry) -> Result<()> {
    crate::transact!(db, tx => {
        record(tx, entry.clone());
        Ok(())
    })
}

crate::sql! {
    /// Takes the next number of the trail, and with it the right to write the next row until the transaction ends.
    NEXT = "UPDATE ledger SET number = number + 1 WHERE name = 'audit' RETURNING number, hash";
    /// Leaves the hash for the next row.
    CLOSE = "UPDATE ledger SET hash = $1 WHERE name = 'audit'";
    INSERT = "INSERT INTO audit (number, id, at_ms, act, person, on_behalf_of, object_kind, object_id, rule, outcome, details, previous_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    PAGE = "SELECT number, id, at_ms, act, person, on_behalf_of, object_kind, object_id, rule, outcome, details, previous_hash, hash FROM audit
        WHERE number < $1
          AND (CAST($2 AS TEXT) IS NULL OR act = $2)
          AND (CAST($3 AS TEXT) IS NULL OR rule = $3)
          AND (CAST($4 AS TEXT) IS NULL OR person = $4)
        ORDER BY number DESC LIMIT $5";
    FORWARD = "SELECT number, id, at_ms, act, person, on_behalf_of, object_kind, object_id, rule, outcome, details, previous_hash, hash FROM audit
        WHERE number > $1 ORDER BY number LIMIT $2";
    LAST_ABOUT = "SELECT MAX(number) FROM audit WHERE number > $1 AND object_id = $2";
    HEAD = "SELECT number, hash FROM ledger WHERE name = 'audit'";
}

/// The number of the last row: it grows with every act, so that whoever shows something can ask whether to read it anew.
pub async fn last_number(tx: &mut Tx) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_as::<_, (i64, String)>(HEAD).fetch_one(c).await)?.0)
}

/// The number of the last row after `after` that is about this object.
pub async fn last_about(tx: &mut Tx, after: i64, object_id: &str) -> Result<Option<i64>> {
    Ok(on!(tx, c => sqlx::query_scalar(LAST_ABOUT).bind(after).bind(object_id).fetch_one(c).await)?)
}

/// Waits for commits that leave rows: those of this process at once, those of others by asking again each second.
#[derive(Debug)]
pub struct Watch(tokio::sync::watch::Receiver<()>);

impl Watch {
    /// To be made before what is shown is read, so that no commit falls between the two.
    pub fn new(db: &Db) -> Self {
        Self(db.audit_rows())
    }

    pub async fn changed(&mut self) {
        let _ = tokio::time::timeout(POLL, self.0.changed()).await;
    }
}

/// A row as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    /// Its place in the trail, from 1, without gaps.
    pub number: i64,
    id: Text<AuditId>,
    pub at_ms: i64,
    pub act: String,
    person: Option<Text<PersonId>>,
    on_behalf_of: Option<Text<AgencyId>>,
    pub object_kind: String,
    pub object_id: String,
    pub rule: Option<String>,
    /// `done` or `refused`.
    pub outcome: String,
    /// A JSON object.
    pub details: String,
    pub previous_hash: String,
    pub hash: String,
}

impl Row {
    pub fn id(&self) -> AuditId {
        self.id.0
    }

    pub fn person(&self) -> Option<PersonId> {
        self.person.map(|Text(person)| person)
    }

    pub fn on_behalf_of(&self) -> Option<AgencyId> {
        self.on_behalf_of.map(|Text(agency)| agency)
    }

    fn computed_hash(&self) -> String {
        let optional = |text: Option<String>| text.map_or_else(|| "-".to_owned(), |text| format!("+{text}"));
        let fields = [
            self.previous_hash.clone(),
            self.number.to_string(),
            self.id.0.to_string(),
            self.at_ms.to_string(),
            self.act.clone(),
            optional(self.person().map(|person| person.to_string())),
            optional(self.on_behalf_of().map(|agency| agency.to_string())),
            self.object_kind.clone(),
            self.object_id.clone(),
            optional(self.rule.clone()),
            self.outcome.clone(),
            self.details.clone(),
        ];
        digest::sha256_fields(fields.iter().map(String::as_str))
    }
}

pub(crate) async fn write_kept_back(tx: &mut Tx) -> Result<()> {
    let entries = std::mem::take(&mut tx.audit);
    let mut last = None;
    for entry in entries {
        let (number, head): (i64, String) = on!(tx, c => sqlx::query_as(NEXT).fetch_one(c).await)?;
        let mut row = Row {
            number,
            id: Text(AuditId::fresh()),
            at_ms: entry.at.0,
            act: entry.act.to_owned(),
            person: entry.person.map(Text),
            on_behalf_of: entry.on_behalf_of.map(Text),
            object_kind: entry.object_kind.to_owned(),
            object_id: entry.object_id,
            rule: entry.rule.map(|rule| rule.id().to_owned()),
            outcome: entry.outcome.text().to_owned(),
            details: Value::Object(entry.details).to_string(),
            previous_hash: last.take().unwrap_or(head),
            hash: String::new(),
        };
        row.hash = row.computed_hash();
        insert(tx, &row).await?;
        last = Some(row.hash);
    }
    if let Some(hash) = last {
        on!(tx, c => sqlx::query(CLOSE).bind(hash).execute(c).await.map(drop))?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, row: &Row) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(row.number).bind(row.id).bind(row.at_ms).bind(&row.act).bind(row.person).bind(row.on_behalf_of)
        .bind(&row.object_kind).bind(&row.object_id).bind(&row.rule).bind(&row.outcome).bind(&row.details)
        .bind(&row.previous_hash).bind(&row.hash)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// Which rows a reader asks for, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only rows before this number.
    pub before: Option<i64>,
    pub act: Option<String>,
    pub rule: Option<Rule>,
    pub person: Option<PersonId>,
}

/// At most `limit` rows (and never more than [`PAGE_MAX`]).
pub async fn page(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<Row>> {
    let before = filter.before.unwrap_or(i64::MAX);
    let rule = filter.rule.map(|rule| rule.id().to_owned());
    let limit = limit.clamp(0, PAGE_MAX);
    Ok(
        on!(tx, c => sqlx::query_as(PAGE).bind(before).bind(&filter.act).bind(rule).bind(filter.person.map(Text)).bind(limit).fetch_all(c).await)?,
    )
}

/// At most `limit` rows after number `after`, the oldest first: the trail as a stream, for who makes something from it.
pub async fn forward(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Row>> {
    Ok(on!(tx, c => sqlx::query_as(FORWARD).bind(after).bind(limit).fetch_all(c).await)?)
}

/// What is wrong with the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    #[error("row {0} does not hold what its hash was made of")]
    Changed(i64),
    #[error("row {0} does not follow the one before it")]
    Unlinked(i64),
    #[error("row {0} is missing")]
    Missing(i64),
}

/// Walks the whole trail. `Ok` holds the number of rows.
pub async fn verify(db: &Db) -> Result<std::result::Result<i64, Tampered>> {
    let mut tx = db.read().await?;
    let (head, head_hash): (i64, String) = on!(&mut tx, c => sqlx::query_as(HEAD).fetch_one(c).await)?;
    let (mut number, mut hash) = (0, GENESIS.to_owned());
    loop {
        let rows: Vec<Row> = on!(&mut tx, c => sqlx::query_as(FORWARD).bind(number).bind(VERIFY_PAGE).fetch_all(c).await)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            number += 1;
            if row.number != number {
                return Ok(Err(Tampered::Missing(number)));
            }
            if row.previous_hash != hash {
                return Ok(Err(Tampered::Unlinked(number)));
            }
            if row.hash != row.computed_hash() {
                return Ok(Err(Tampered::Changed(number)));
            }
            hash = row.hash;
        }
    }
    Ok(match number == head && hash == head_hash {
        true => Ok(number),
        false => Err(Tampered::Missing(number + 1)),
    })
}

/// Records the refusal of an act where `result` is one, and hands the result on.
pub async fn record_refusal<T>(db: &Db, result: Result<T>, entry: impl FnOnce() -> Entry) -> Result<T> {
    if let Err(Error::Refused(refusal)) = &result
        && refusal.code != Code::NotFound
    {
        record_alone(db, entry().refused(refusal)).await?;
    }
    result
}
