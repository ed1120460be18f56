//! Two hundred who apply for one slot at the same instant, over HTTP, on both databases: one has it, everybody else is told what else is free.

mod common;

use anyhow::{Context, Result, ensure};
use common::{at, executable, working_day_after};
use kernel::{db::Kind, testing::on_fresh_url};
use loadtest::{api::Answer, node::Node, people::demonstration_person};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const APPLICANTS: usize = 200;
/// It is over long before; it only keeps a broken build from hanging.
const PATIENCE: Duration = Duration::from_secs(120);

async fn rush(url: String) -> Result<()> {
    let data = tempfile::tempdir()?;
    let environment = [("DEMO", "1"), ("SIDANG_LOG_FILTER", "error"), ("SIDANG_DATABASE_URL", url.as_str())];
    let node = Node::start(&executable(), data.path(), &environment).await?;
    let applicant = demonstration_person(&node, "uc_administrator").await?;
    let sites = applicant.get("/sites").await?["sites"].clone();
    let domain = applicant.person["email"].as_str().and_then(|it| it.split('@').nth(1)).context("no e-mail")?;
    let people = applicant.get(&format!("/people?q={domain}&limit=50")).await?["people"].clone();
    let starts = at(working_day_after(10), 9);
    let draft = |nth: usize| {
        // Half of them name the sites in the other order, so that whoever locked them as they come would meet another halfway.
        let mut at_sites = vec![
            json!({ "site": sites[nth % 2]["id"], "people": [people[0]["id"]] }),
            json!({ "site": sites[nth % 2 + 1]["id"], "people": [people[1]["id"]] }),
        ];
        if nth % 4 > 1 {
            at_sites.reverse();
        }
        json!({
            "title": format!("Permohonan {nth}"), "purpose": "Penyelarasan", "official": true, "classification": "TERBUKA",
            "sites": at_sites, "starts_at_ms": starts, "ends_at_ms": starts + 3_600_000, "chair": people[0]["id"],
        })
    };
    let began = Instant::now();
    let mut asked = JoinSet::new();
    for nth in 0..APPLICANTS {
        let (applicant, draft) = (applicant.clone(), draft(nth));
        asked.spawn(async move { applicant.post("/reservations", draft).await });
    }
    let answers: Vec<Answer> = asked.join_all().await.into_iter().collect::<Result<_>>()?;
    println!("{APPLICANTS} were answered in {:?}", began.elapsed());

    // Each pair of sites has the middle one, so that one application has it and with it the slot.
    let won: Vec<_> = answers.iter().filter(|it| it.status == 201).collect();
    ensure!(won.len() == 1, "{} won", won.len());
    for lost in answers.iter().filter(|it| it.status != 201) {
        ensure!(lost.refused_with() == Some("reservation.slot_taken"), "{} {}", lost.status, lost.body);
        ensure!(lost.status == 409, "{}", lost.status);
        ensure!(lost.body["values"]["alternatives"].as_array().is_some_and(|it| !it.is_empty()), "nothing is offered: {}", lost.body);
    }
    let held = applicant.get(&format!("/availability?from_ms={starts}&to_ms={}", starts + 3_600_000)).await?;
    let held = held["occupancies"].as_array().context("no grid")?.iter().filter(|it| it["state"] == "held").count();
    ensure!(held == 2, "{held} sites are held");
    node.stop().await?;
    Ok(())
}

async fn on(kind: Kind) {
    on_fresh_url(kind, async |url| {
        let outcome = tokio::time::timeout(PATIENCE, rush(url)).await.context("it took too long").flatten();
        outcome.unwrap_or_else(|error| panic!("{error:?}"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_at_one_instant_one_wins_on_sqlite() {
    on(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_at_one_instant_one_wins_on_postgres() {
    on(Kind::Postgres).await;
}
