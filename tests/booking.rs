//! The booking of telepresence rooms against the whole executable, over the HTTP API.

mod common;

use anyhow::{Context, Result};
use common::{at, demonstration, today, working_day_after};
use loadtest::{api::Api, people::demonstration_person};
use serde_json::{Value, json};

struct Desk {
    applicant: Api,
    approver: Api,
    sites: Vec<Value>,
    colleagues: Vec<Value>,
    node: loadtest::node::Node,
    _data: tempfile::TempDir,
}

async fn desk() -> Result<Desk> {
    let data = tempfile::tempdir()?;
    let node = demonstration(data.path()).await?;
    let applicant = demonstration_person(&node, "uc_administrator").await?;
    let approver = demonstration_person(&node, "approver").await?;
    let sites = applicant.get("/sites").await?["sites"].as_array().context("no sites")?.clone();
    let domain = applicant.person["email"].as_str().and_then(|it| it.split('@').nth(1)).context("no e-mail")?.to_owned();
    let colleagues = applicant.get(&format!("/people?q={domain}&limit=50")).await?["people"].as_array().context("no people")?.clone();
    Ok(Desk { applicant, approver, sites, colleagues, node, _data: data })
}

impl Desk {
    fn draft(&self, starts_at_ms: i64) -> Value {
        json!({
            "title": "Mesyuarat penyelarasan", "purpose": "Penyelarasan projek antara negeri", "official": true, "classification": "TERBUKA",
            "sites": [
                { "site": self.sites[0]["id"], "people": [self.colleagues[0]["id"]] },
                { "site": self.sites[1]["id"], "people": [self.colleagues[1]["id"]] },
            ],
            "starts_at_ms": starts_at_ms, "ends_at_ms": starts_at_ms + 3_600_000, "chair": self.colleagues[0]["id"],
        })
    }
}

#[tokio::test]
async fn an_application_four_days_ahead_is_approved_by_the_central_agency_and_seats_its_people() -> Result<()> {
    let desk = desk().await?;
    let booked = desk.applicant.post("/reservations", desk.draft(at(working_day_after(4), 9))).await?.ok()?;
    assert_eq!(booked["state"], "submitted");
    let id = booked["id"].as_str().context("no id")?;
    let by_applicant = desk.applicant.post(&format!("/reservations/{id}/decision"), json!({ "decision": "approve" })).await?;
    assert_eq!(by_applicant.status, 403);
    let approved = desk.approver.post(&format!("/reservations/{id}/decision"), json!({ "decision": "approve" })).await?.ok()?;
    assert_eq!(approved["state"], "approved");
    let seated = demonstration_person(&desk.node, desk.colleagues[0]["name"].as_str().context("no name")?).await?;
    let meeting = seated.get(&format!("/meetings/{}", approved["meeting"].as_str().context("no meeting")?)).await?;
    assert_eq!(meeting["kind"], "telepresence");
    assert!(meeting["people"].as_array().context("no people")?.iter().filter(|it| it["seat"].is_object()).count() >= 2);
    Ok(())
}

#[tokio::test]
async fn each_refusal_names_its_rule_and_the_nearest_thing_that_would_be_allowed() -> Result<()> {
    let desk = desk().await?;
    let refused = async |change: &dyn Fn(&mut Value), starts: i64| -> Result<Value> {
        let mut draft = desk.draft(starts);
        change(&mut draft);
        let answer = desk.applicant.post("/reservations", draft).await?;
        assert!(!answer.status.is_success(), "accepted: {}", answer.body);
        Ok(answer.body)
    };
    let far = at(working_day_after(5), 11);

    let soon = refused(&|_| (), at(today() + chrono::Duration::days(2), 10)).await?;
    assert_eq!((soon["code"].as_str(), soon["rule"].as_str()), (Some("reservation.lead_time"), Some("TP-2")));
    assert!(
        soon["values"]["earliest_date"].as_str().is_some_and(|it| it >= (today() + chrono::Duration::days(3)).to_string().as_str()),
        "{soon}"
    );

    let crowd: Vec<Value> = desk.colleagues.iter().map(|it| it["id"].clone()).collect();
    assert!(crowd.len() >= 8, "the demonstration has people enough: {}", crowd.len());
    let full = refused(
        &|draft| {
            draft["sites"][0]["people"] = json!(crowd[..7]);
            draft["sites"][1]["people"] = json!([crowd[7]])
        },
        far,
    )
    .await?;
    assert_eq!((full["code"].as_str(), full["rule"].as_str()), (Some("reservation.site_full"), Some("TP-3")));
    assert_eq!(full["values"]["people_max"], 6);

    let secret = refused(&|draft| draft["classification"] = json!("RAHSIA"), far).await?;
    assert_eq!((secret["code"].as_str(), secret["rule"].as_str()), (Some("classification.too_high"), Some("CLASS-2")));

    let alone = refused(
        &|draft| {
            draft["sites"].as_array_mut().map(|it| it.truncate(1));
        },
        far,
    )
    .await?;
    assert_eq!((alone["code"].as_str(), alone["rule"].as_str()), (Some("reservation.sites_too_few"), Some("TP-1")));

    let private = refused(&|draft| draft["official"] = json!(false), far).await?;
    assert_eq!(private["rule"], "TP-5");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_applications_for_one_site_and_hour_at_the_same_instant_one_wins() -> Result<()> {
    let desk = desk().await?;
    let draft = desk.draft(at(working_day_after(6), 14));
    let (first, second) =
        tokio::join!(desk.applicant.post("/reservations", draft.clone()), desk.applicant.post("/reservations", draft.clone()));
    let mut answers = [first?, second?];
    answers.sort_by_key(|it| it.status);
    assert_eq!(answers[0].status, 201, "{}", answers[0].body);
    assert_eq!(answers[1].refused_with(), Some("reservation.slot_taken"), "{}", answers[1].body);
    assert!(answers[1].body["values"]["alternatives"].as_array().is_some_and(|it| !it.is_empty()), "{}", answers[1].body);
    Ok(())
}
