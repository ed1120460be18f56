//! Accounts for headless people, made as an administrator makes them.

use crate::{api::Api, node::Node};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;

const PASSWORD: &str = "Ujian-Beban-2026!";

/// Creates the first administrator on an empty node's data and signs in with a password of their own.
pub async fn first_administrator(executable: &Path, data: &Path, node: &Node) -> Result<Api> {
    let printed =
        Node::admin(executable, data, &["create-administrator", "--email", "pentadbir@ujian.example", "--name", "Pentadbir Ujian"]).await?;
    let temporary = printed.lines().find_map(|line| line.strip_prefix("temporary password: ")).context("no temporary password printed")?;
    settle(&node.origin, "pentadbir@ujian.example", temporary).await
}

/// First sign-in with a temporary password, which must be changed (ID-2).
async fn settle(origin: &str, email: &str, temporary: &str) -> Result<Api> {
    let first = Api::sign_in(origin, email, temporary).await?;
    first.put("/me/password", json!({ "current_password": temporary, "new_password": PASSWORD })).await?.ok()?;
    Api::sign_in(origin, email, PASSWORD).await
}

/// Creates `count` officers in the administrator's agency and signs each in. `done` is called after each.
pub async fn officers(administrator: &Api, count: usize, mut done: impl FnMut()) -> Result<Vec<Api>> {
    let agency = administrator.person["agency"]["id"].clone();
    let mut people = Vec::with_capacity(count);
    for number in 1..=count {
        let email = format!("pegawai{number:03}@ujian.example");
        let body = json!({ "name": format!("Pegawai Ujian {number}"), "email": email, "position": "Pegawai", "agency": agency, "roles": ["officer"], "sites": [] });
        let created = administrator.post("/people", body).await?.ok()?;
        let temporary = created["temporary_password"].as_str().context("no temporary password")?;
        people.push(settle(administrator.origin(), &email, temporary).await?);
        done();
    }
    Ok(people)
}

/// An online meeting that is open now, hosted by the first of the people, with all of them listed.
pub async fn open_meeting(people: &[Api], now_ms: i64) -> Result<Value> {
    const QUARTER_MS: i64 = 15 * 60 * 1000;
    let starts = now_ms - now_ms.rem_euclid(QUARTER_MS);
    let listed: Vec<_> = people.iter().skip(1).map(|it| it.person["id"].clone()).collect();
    let body = json!({ "title": "Mesyuarat ujian beban", "classification": "TERBUKA", "starts_at_ms": starts, "ends_at_ms": starts + 8 * QUARTER_MS, "people": listed });
    people[0].post("/meetings", body).await?.ok()
}

/// One of the demonstration's people, as `DEMO=1` printed them.
#[derive(Clone, Debug)]
pub struct DemonstrationPerson {
    pub email: String,
    pub password: String,
    /// Roles and agency, in the words of the print.
    pub who: String,
}

pub fn demonstration(node: &Node) -> Vec<DemonstrationPerson> {
    node.printed
        .iter()
        .filter_map(|line| {
            let mut words = line.strip_prefix("  ")?.split_whitespace();
            let email = words.next().filter(|it| it.contains('@'))?.to_owned();
            let password = words.next()?.to_owned();
            Some(DemonstrationPerson { email, password, who: words.collect::<Vec<_>>().join(" ") })
        })
        .collect()
}

/// Signs in the demonstration person who has the role, such as `approver`.
pub async fn demonstration_person(node: &Node, role: &str) -> Result<Api> {
    let people = demonstration(node);
    let person =
        people.iter().find(|it| it.who.contains(role)).with_context(|| format!("no demonstration person is {role}: {people:?}"))?;
    Api::sign_in(&node.origin, &person.email, &person.password).await
}
