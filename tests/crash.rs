//! The whole executable, ended at every labelled point of a commit as `kill -9` ends it, on both databases: what was acknowledged stands after it
//! is started again, what was not is there whole or not at all, and asked for again under the same key it is there once.

mod common;

use anyhow::{Context, Result, bail, ensure};
use common::{executable, smtp};
use kernel::{
    Db,
    crash::{self, COMMIT_AUDITED, COMMIT_BEGUN, COMMIT_DONE, COMMIT_WRITTEN},
    db::Kind,
    testing::on_fresh_url,
};
use loadtest::{
    api::{Answer, Api},
    node::Node,
    people::demonstration_person,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, os::unix::process::ExitStatusExt, time::Duration};

/// Everything here is over long before; it only keeps a broken build from hanging.
const PATIENCE: Duration = Duration::from_secs(240);
/// The signal that no process can catch (POSIX.1).
const SIGKILL: i32 = 9;
const COMMIT: [&str; 4] = [COMMIT_BEGUN, COMMIT_AUDITED, COMMIT_WRITTEN, COMMIT_DONE];

/// A service with people who act in it, and what it has acknowledged.
struct Stage {
    node: Node,
    url: String,
    data: tempfile::TempDir,
    applicant: Api,
    approver: Api,
    auditor: Api,
    administrator: Api,
    sites: [Value; 2],
    colleagues: [Value; 2],
    /// State and version of every reservation, as they were last told.
    acknowledged: BTreeMap<String, (Value, Value)>,
}

impl Stage {
    async fn new(url: String) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let environment = [("DEMO", "1"), ("SIDANG_LOG_FILTER", "error"), ("SIDANG_DATABASE_URL", url.as_str())];
        let node = Node::start(&executable(), data.path(), &environment).await?;
        let applicant = demonstration_person(&node, "uc_administrator").await?;
        let approver = demonstration_person(&node, "approver").await?;
        let auditor = demonstration_person(&node, "auditor").await?;
        let administrator = demonstration_person(&node, "system_administrator").await?;
        let sites = applicant.get("/sites").await?["sites"].clone();
        let domain = applicant.person["email"].as_str().and_then(|it| it.split('@').nth(1)).context("no e-mail")?.to_owned();
        let people = applicant.get(&format!("/people?q={domain}&limit=50")).await?["people"].clone();
        Ok(Self {
            node,
            url,
            data,
            applicant,
            approver,
            auditor,
            administrator,
            sites: [sites[0]["id"].clone(), sites[1]["id"].clone()],
            colleagues: [people[0]["id"].clone(), people[1]["id"].clone()],
            acknowledged: BTreeMap::new(),
        })
    }

    /// Starts it again after its end, so that it ends once more at that point, or never.
    async fn again(&mut self, crash_at: Option<&str>, more: &[(&str, &str)]) -> Result<()> {
        let url = self.url.clone();
        let mut environment = vec![("SIDANG_LOG_FILTER", "error"), ("SIDANG_DATABASE_URL", url.as_str())];
        environment.extend(crash_at.map(|it| ("SIDANG_TEST_CRASH_AT", it)));
        environment.extend(more);
        self.node.start_again_with(&environment).await
    }

    /// Ends it, starts it again to end at that point, lets `act` lead it there, and starts it again.
    async fn ended_in(&mut self, point: &str, act: impl AsyncFnOnce(&Self) -> Result<Answer>) -> Result<()> {
        self.node.kill().await?;
        self.again(Some(point), &[]).await?;
        if let Ok(answer) = act(self).await {
            bail!("{point}: answered {} {}", answer.status, answer.body);
        }
        let status = self.node.ended().await?;
        ensure!(status.signal() == Some(SIGKILL), "{point}: it ended otherwise: {status}");
        self.again(None, &[]).await?;
        self.all_stands().await.with_context(|| format!("after {point}"))
    }

    /// What was ever acknowledged is as it was told, and the trail is whole.
    async fn all_stands(&self) -> Result<()> {
        for (id, (state, version)) in &self.acknowledged {
            let found = self.applicant.get(&format!("/reservations/{id}")).await?;
            ensure!(found["state"] == *state && found["version"] == *version, "{id} was {state} {version} and is now {found}");
        }
        let db = Db::connect(&self.url).await?;
        let verified = kernel::audit::verify(&db).await?;
        db.close().await;
        verified.map(drop).context("the audit trail")
    }

    fn acknowledge(&mut self, answer: &Value) -> Result<String> {
        let id = answer["id"].as_str().with_context(|| format!("no id: {answer}"))?.to_owned();
        self.acknowledged.insert(id.clone(), (answer["state"].clone(), answer["version"].clone()));
        Ok(id)
    }

    /// The nearest hour on a working day that both sites have free.
    async fn free_hour(&self) -> Result<(i64, i64)> {
        let found = self.applicant.post("/availability/search", json!({ "sites": self.sites, "minutes": 60 })).await?.ok()?;
        let slot = &found["slots"][0];
        slot["starts_at_ms"].as_i64().zip(slot["ends_at_ms"].as_i64()).context("nothing is free")
    }

    async fn draft(&self, title: &str) -> Result<Value> {
        let (starts, ends) = self.free_hour().await?;
        Ok(json!({
            "title": title, "purpose": "Penyelarasan projek antara negeri", "official": true, "classification": "TERBUKA",
            "sites": [
                { "site": self.sites[0], "people": [self.colleagues[0]] },
                { "site": self.sites[1], "people": [self.colleagues[1]] },
            ],
            "starts_at_ms": starts, "ends_at_ms": ends, "chair": self.colleagues[0],
        }))
    }

    async fn titled(&self, title: &str) -> Result<Vec<Value>> {
        let all = self.applicant.get("/reservations?view=agency").await?;
        Ok(all["reservations"].as_array().context("no list")?.iter().filter(|it| it["title"] == title).cloned().collect())
    }

    /// How often the trail has it that this was done to that.
    async fn recorded(&self, act: &str, id: &str) -> Result<usize> {
        let trail = self.auditor.get(&format!("/audit?act={act}&limit=200")).await?;
        let rows = trail["rows"].as_array().context("no rows")?;
        Ok(rows.iter().filter(|it| it["object_id"] == id && it["outcome"] == "done").count())
    }

    /// How often each who was to be told of the approval was told: everybody once.
    async fn told_of_approval(&self, id: &str) -> Result<usize> {
        let told = self.applicant.get("/notices").await?;
        let notices = told["notices"].as_array().context("no notices")?;
        Ok(notices.iter().filter(|it| it["notice"]["kind"] == "approved" && it["notice"]["about"]["reservation"] == id).count())
    }

    /// The stretches that the reservation holds: one at each site, as long as its slot.
    async fn held(&self, id: &str) -> Result<Vec<(Value, Value)>> {
        let found = self.applicant.get(&format!("/reservations/{id}")).await?;
        let (from, to) = found["starts_at_ms"].as_i64().zip(found["ends_at_ms"].as_i64()).context("no slot")?;
        let grid = self.applicant.get(&format!("/availability?from_ms={from}&to_ms={to}")).await?;
        let rows = grid["occupancies"].as_array().context("no grid")?.iter();
        Ok(rows
            .filter(|it| it["reservation"] == id && it["state"] != "buffer")
            .map(|it| (it["site"].clone(), it["starts_at_ms"].clone()))
            .collect())
    }
}

async fn applications(stage: &mut Stage) -> Result<()> {
    for point in COMMIT {
        let title = format!("Permohonan {point}");
        let draft = stage.draft(&title).await?;
        let apply = async |it: &Stage| it.applicant.post_under(point, "/reservations", draft.clone()).await;
        stage.ended_in(&format!("{point}:reservation.apply"), apply).await?;

        let left = stage.titled(&title).await?.len();
        ensure!(left == usize::from(point == COMMIT_DONE), "{point}: {left} left behind");
        let first = apply(stage).await?.ok().with_context(|| format!("{point}: asked for again"))?;
        let second = apply(stage).await?.ok()?;
        ensure!(first["id"] == second["id"], "{point}: {first} and {second}");
        let id = stage.acknowledge(&first)?;
        ensure!(stage.titled(&title).await?.len() == 1, "{point}: not one");
        ensure!(stage.held(&id).await?.len() == 2, "{point}: it holds {:?}", stage.held(&id).await?);
        ensure!(stage.recorded("reservation.apply", &id).await? == 1, "{point}: not one row in the trail");
    }
    Ok(())
}

async fn amendments(stage: &mut Stage) -> Result<()> {
    for point in COMMIT {
        let draft = stage.draft(&format!("Pindaan {point}")).await?;
        let before = stage.applicant.post("/reservations", draft.clone()).await?.ok()?;
        let id = stage.acknowledge(&before)?;
        let mut moved = draft;
        (moved["starts_at_ms"], moved["ends_at_ms"]) = stage.free_hour().await.map(|(starts, ends)| (json!(starts), json!(ends)))?;
        let request = json!({ "version": before["version"], "draft": moved });
        let amend = async |it: &Stage| it.applicant.put(&format!("/reservations/{id}"), request.clone()).await;
        // Whether it took place is not acknowledged: it may be either, and is looked at below.
        stage.acknowledged.remove(&id);
        stage.ended_in(&format!("{point}:reservation.amend"), amend).await?;

        let took_place = point == COMMIT_DONE;
        let left = stage.applicant.get(&format!("/reservations/{id}")).await?;
        let whole = if took_place { &moved } else { &before };
        ensure!(left["starts_at_ms"] == whole["starts_at_ms"] && left["ends_at_ms"] == whole["ends_at_ms"], "{point}: {left}");
        ensure!((left["version"] == before["version"]) != took_place, "{point}: {left}");
        ensure!(stage.held(&id).await?.len() == 2, "{point}: it holds {:?}", stage.held(&id).await?);
        let again = amend(stage).await?;
        let expected = if took_place { 409 } else { 200 };
        ensure!(again.status == expected, "{point}: again {} {}", again.status, again.body);
        let after = stage.applicant.get(&format!("/reservations/{id}")).await?;
        ensure!(after["starts_at_ms"] == moved["starts_at_ms"], "{point}: {after}");
        ensure!(stage.recorded("reservation.amend", &id).await? == 1, "{point}: not one row in the trail");
        stage.acknowledge(&after)?;
    }
    Ok(())
}

async fn approvals(stage: &mut Stage) -> Result<()> {
    for point in COMMIT {
        let draft = stage.draft(&format!("Kelulusan {point}")).await?;
        let id = stage.applicant.post("/reservations", draft).await?.ok()?["id"].as_str().context("no id")?.to_owned();
        let approve = async |it: &Stage| it.approver.post(&format!("/reservations/{id}/decision"), json!({ "decision": "approve" })).await;
        stage.ended_in(&format!("{point}:reservation.approve"), approve).await?;

        let took_place = point == COMMIT_DONE;
        let left = stage.applicant.get(&format!("/reservations/{id}")).await?;
        ensure!(left["state"] == if took_place { "approved" } else { "submitted" }, "{point}: {left}");
        ensure!(left["meeting"].is_string() == took_place, "{point}: half a meeting: {left}");
        ensure!(stage.told_of_approval(&id).await? == usize::from(took_place), "{point}: told of what is not");
        let again = approve(stage).await?;
        ensure!(again.status == if took_place { 409 } else { 200 }, "{point}: again {} {}", again.status, again.body);
        let after = stage.applicant.get(&format!("/reservations/{id}")).await?;
        ensure!(after["state"] == "approved" && after["meeting"].is_string(), "{point}: {after}");
        ensure!(stage.told_of_approval(&id).await? == 1, "{point}: not told once");
        ensure!(stage.recorded("reservation.approve", &id).await? == 1, "{point}: not one row in the trail");
        stage.acknowledge(&after)?;
    }
    Ok(())
}

/// Commands to the media plane: taken back as it is approved, so that a meeting that was to come is ended.
async fn commands(stage: &mut Stage) -> Result<()> {
    for point in [crash::COMMANDS_TAKEN, crash::COMMANDS_SENT] {
        let draft = stage.draft(&format!("Arahan {point}")).await?;
        let id = stage.applicant.post("/reservations", draft).await?.ok()?["id"].as_str().context("no id")?.to_owned();
        stage.approver.post(&format!("/reservations/{id}/decision"), json!({ "decision": "approve" })).await?.ok()?;
        stage.node.kill().await?;
        stage.again(Some(point), &[]).await?;
        // It may still be answered: the command leaves by itself.
        let _ = stage.applicant.post(&format!("/reservations/{id}/withdrawal"), json!({})).await;
        let status = stage.node.ended().await?;
        ensure!(status.signal() == Some(SIGKILL), "{point}: it ended otherwise: {status}");
        stage.again(None, &[]).await?;
        stage.all_stands().await?;
        let left = stage.applicant.get(&format!("/reservations/{id}")).await?;
        ensure!(left["state"] == "withdrawn", "{point}: {left}");
        stage.acknowledge(&left)?;
        let db = Db::connect(&stage.url).await?;
        while open_messages(&db).await? > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        db.close().await;
    }
    Ok(())
}

async fn open_messages(db: &Db) -> Result<usize> {
    Ok(kernel::outbox::open_after(&mut db.read().await?, booking::media::commands::TOPIC, 0).await?.len())
}

/// Mail: what the mail server has not taken over comes once. What it had taken over as the process ended, which nobody could write down any
/// more, comes again under the same Message-ID, by which its reader has it once.
async fn mails(stage: &mut Stage) -> Result<()> {
    let (port, received) = smtp::start().await?;
    let port = port.to_string();
    let settings = [
        ("SIDANG_MAIL_SMTP_HOST", "127.0.0.1"),
        ("SIDANG_MAIL_SMTP_PORT", port.as_str()),
        ("SIDANG_MAIL_SMTP_SECURITY", "none"),
        ("SIDANG_MAIL_FROM", "Sidang <sidang@sidang.example>"),
    ];
    due_now(&stage.url).await?;
    let mut before = 0;
    for (point, more) in [(crash::MAIL_TAKEN, 0), (crash::MAIL_SENT, 1), (crash::MAIL_MARKED, 1)] {
        stage.node.kill().await?;
        // It may end before it has said that it is there.
        if stage.again(Some(point), &settings).await.is_ok() {
            stage.node.ended().await?;
        }
        before += more;
        ensure!(received.counts().len() == before, "{point}: {:?}", received.counts());
    }
    let unknown: Vec<String> = received.counts().into_keys().collect();
    due_now(&stage.url).await?;
    stage.again(None, &settings).await?;
    while stage.administrator.get("/mail?state=waiting").await?["mails"].as_array().is_none_or(|it| !it.is_empty()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let twice: Vec<String> = received.counts().into_iter().filter(|(_, times)| *times > 1).map(|(id, _)| id).collect();
    ensure!(
        received.counts().values().all(|times| *times <= 2) && twice.len() == 1 && unknown.contains(&twice[0]),
        "{:?}",
        received.counts()
    );
    ensure!(received.counts().len() > 10, "hardly a mail: {:?}", received.counts());
    stage.all_stands().await
}

/// Every mail that waits is due: none has waited too long to be sent, and whoever had taken one has had the five minutes that it was given.
async fn due_now(url: &str) -> Result<()> {
    let db = Db::connect(url).await?;
    db.execute_for_tests("UPDATE mail SET next_try_at_ms = (SELECT MAX(created_at_ms) FROM mail) WHERE state = 'waiting'").await?;
    db.close().await;
    Ok(())
}

async fn story(url: String) -> Result<()> {
    let mut stage = Stage::new(url).await?;
    applications(&mut stage).await.context("applications")?;
    amendments(&mut stage).await.context("amendments")?;
    approvals(&mut stage).await.context("approvals")?;
    commands(&mut stage).await.context("commands")?;
    mails(&mut stage).await.context("mails")?;
    stage.node.kill().await?;
    stage.data.close()?;
    Ok(())
}

async fn on(kind: Kind) {
    on_fresh_url(kind, async |url| {
        let outcome = tokio::time::timeout(PATIENCE, story(url)).await.context("it took too long").flatten();
        outcome.unwrap_or_else(|error| panic!("{error:?}"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_outlives_every_point_of_a_commit_on_sqlite() {
    on(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_outlives_every_point_of_a_commit_on_postgres() {
    on(Kind::Postgres).await;
}

#[test]
fn every_point_is_tried() {
    let tried =
        [&COMMIT[..], &[crash::COMMANDS_TAKEN, crash::COMMANDS_SENT, crash::MAIL_TAKEN, crash::MAIL_SENT, crash::MAIL_MARKED]].concat();
    assert_eq!(tried, crash::POINTS);
}
