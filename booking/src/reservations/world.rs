//! Who applies and who decides in the tests of reservations and decisions, and how they look at what came of it.

use super::*;
use crate::{
    decisions::{Answer, Decision, decide},
    sites,
    testing::{HOUR, NOW},
};
use kernel::{Db, Error};
use std::collections::BTreeSet;
use wire::Refusal;

pub struct World {
    pub sites: Vec<SiteId>,
    pub people: Vec<PersonId>,
    pub known: BTreeSet<PersonId>,
    pub applicant: By,
    pub approver: By,
}

impl World {
    pub async fn new(db: &Db) -> Self {
        let mut tx = db.read().await.unwrap();
        let sites = sites::all(&mut tx).await.unwrap().iter().map(|it| it.id).collect();
        let people: Vec<PersonId> = (0..24).map(|_| PersonId::fresh()).collect();
        let by = || By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        Self { sites, known: people.iter().copied().collect(), people, applicant: by(), approver: by() }
    }

    pub fn draft(&self, from: UnixMs, hours: i64) -> Draft {
        Draft {
            title: "Mesyuarat penyelarasan".into(),
            purpose: "Penyelarasan projek".into(),
            official: true,
            classification: Classification::Terbuka,
            sites: vec![
                DraftSite { site: self.sites[0], people: self.people[0..2].to_vec() },
                DraftSite { site: self.sites[1], people: self.people[2..3].to_vec() },
            ],
            starts_at_ms: from,
            ends_at_ms: from.saturating_add_ms(hours * HOUR),
            chair: self.people[0],
            contact: None,
            needs: None,
            online: vec![],
        }
    }

    pub fn application<'a>(&'a self, draft: &'a Draft) -> Application<'a> {
        Application {
            by: self.applicant,
            may_apply: true,
            draft,
            known: &self.known,
            classified_without_e2ee: false,
            claim: None,
            draft_id: None,
            wait: false,
        }
    }

    pub async fn applied(&self, db: &Db, draft: &Draft) -> ReservationId {
        apply(db, NOW, self.application(draft)).await.unwrap()
    }

    pub async fn approved(&self, db: &Db, draft: &Draft) -> ReservationId {
        let id = self.applied(db, draft).await;
        decide(db, NOW, self.approver, id, &answer(Decision::Approve)).await.unwrap();
        id
    }
}

pub fn answer(decision: Decision) -> Answer {
    Answer { decision, ..Answer::approve() }
}

pub fn refusal<T: std::fmt::Debug>(outcome: kernel::Result<T>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub async fn stored(db: &Db, id: ReservationId) -> Stored {
    store::by_id(&mut db.read().await.unwrap(), id).await.unwrap().unwrap()
}

pub async fn audit_rows(db: &Db) -> Vec<(String, String, Option<String>)> {
    let rows = kernel::audit::page(&mut db.read().await.unwrap(), &Default::default(), 200).await.unwrap();
    rows.into_iter().rev().map(|row| (row.act, row.outcome, row.rule)).collect()
}

pub fn row(act: &str, outcome: &str, rule: Option<&str>) -> (String, String, Option<String>) {
    (act.into(), outcome.into(), rule.map(str::to_owned))
}
