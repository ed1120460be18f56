//! What is told, to whom, how often; what is never told; and both languages of every kind.

use super::{
    words::{Language, mail},
    *,
};
use crate::testing::{NOW, Plane};
use proptest::prelude::*;
use serde_json::{Value, json};

fn about(classification: Classification) -> About {
    About {
        reservation: ReservationId(uuid::Uuid::from_u128(7)),
        reference: "TP-2026-00012".into(),
        classification,
        title: Some("Rundingan harga vaksin".into()),
        sites: vec!["MAMPU Cyberjaya".into(), "MAMPU Cawangan Sabah".into()],
        // Friday 2026-12-04, 09:00 to 11:00 in Malaysia
        starts_at_ms: UnixMs(1_796_346_000_000),
        ends_at_ms: UnixMs(1_796_353_200_000),
    }
}

fn meeting(classification: Classification) -> AboutMeeting {
    AboutMeeting {
        meeting: MeetingId(uuid::Uuid::from_u128(8)),
        reference: Some("TP-2026-00012".into()),
        classification,
        title: Some("Rundingan harga vaksin".into()),
        sites: vec![Place { id: SiteId(uuid::Uuid::from_u128(9)), name: "MAMPU Cyberjaya".into() }],
        host: Some("Dato' Hamzah".into()),
        starts_at_ms: UnixMs(1_796_346_000_000),
        ends_at_ms: UnixMs(1_796_353_200_000),
        sequence: 3,
    }
}

/// One of each kind.
pub(crate) fn every(classification: Classification) -> Vec<Notice> {
    let (about, event) = (about(classification), meeting(classification));
    let site = Place { id: SiteId(uuid::Uuid::from_u128(9)), name: "MAMPU Cawangan Sarawak".into() };
    let fault = AboutFault {
        fault: FaultId(uuid::Uuid::from_u128(10)),
        reference: "F-2026-00003".into(),
        severity: Severity::S1,
        site: site.clone(),
        equipment: Some("SWK-CAM-1".into()),
    };
    let exception = AboutOverride {
        id: OverrideId(uuid::Uuid::from_u128(13)),
        agency: "KKM".into(),
        starts_at_ms: UnixMs(1_796_346_000_000),
        ends_at_ms: UnixMs(1_796_353_200_000),
    };
    let (at, reason) = (NOW, Some("Vaksin bukan urusan kami.".to_owned()));
    vec![
        Notice::ApplicationReceived { about: about.clone(), agency: "KKM".into(), received_at_ms: at },
        Notice::ApplicationReturned {
            about: about.clone(),
            reason_code: Some(ReasonCode::PurposeUnclear),
            reason: reason.clone(),
            at_ms: at,
        },
        Notice::Approved { about: about.clone(), meeting: Some(event.meeting), at_ms: at },
        Notice::Refused { about: about.clone(), reason_code: Some(ReasonCode::Other), reason: reason.clone(), at_ms: at },
        Notice::HoldExpiring { about: about.clone(), expires_at_ms: at },
        Notice::Lapsed { about: about.clone(), at_ms: at },
        Notice::Withdrawn { about: about.clone(), at_ms: at },
        Notice::Flagged { about: about.clone(), site: site.clone(), why: crate::affected::Kind::Seats, at_ms: at },
        Notice::Displaced { about: about.clone(), cause: Cause::Fault, site: Some(site.clone()), at_ms: at },
        Notice::RoomSettled { about: about.clone(), outcome: blocks::Outcome::Resited, site: Some(site.clone()), at_ms: at },
        Notice::WaitingListOffer { about: about.clone(), until_ms: at },
        Notice::DecisionReminder { about: about.clone(), received_at_ms: at, remind_at_ms: at },
        Notice::DecisionEscalated { about: about.clone(), received_at_ms: at, escalated_at_ms: at },
        Notice::CheckInWarning { about: about.clone(), site: site.clone(), release_at_ms: at },
        Notice::NoShow { about: about.clone(), site: site.clone(), at_ms: at },
        Notice::ConditionOverdue { about: about.clone(), site: site.clone(), reminder: 1 },
        Notice::FaultReported { fault: fault.clone(), at_ms: at },
        Notice::FaultAssigned { fault: fault.clone(), at_ms: at },
        Notice::FaultChanged { fault: fault.clone(), state: FaultState::InWork, at_ms: at },
        Notice::FaultDue { fault: fault.clone(), overdue: true, due_at_ms: at, at_ms: at },
        Notice::FaultAffects { about: about.clone(), fault },
        Notice::MaintenancePlanned { block: uuid::Uuid::from_u128(11), site: site.clone(), starts_at_ms: at, ends_at_ms: at },
        Notice::OverrideAsked { exception: exception.clone(), at_ms: at },
        Notice::OverrideDecided { exception, confirmed: true, at_ms: at },
        Notice::ConsentAsked { about: about.clone(), site: site.clone(), at_ms: at },
        Notice::ConsentWithheld { about: about.clone(), site: site.clone(), reason, at_ms: at },
        Notice::SlotLost { about: about.clone(), alternatives: vec![FreeSlot { starts_at_ms: at, ends_at_ms: at }], at_ms: at },
        Notice::DelegationMade {
            delegation: DelegationId(uuid::Uuid::from_u128(12)),
            lender: "Aisyah".into(),
            from: "2026-12-01".into(),
            to: "2026-12-04".into(),
        },
        Notice::SeriesResult { about, occurrences: 5, accepted: 4, at_ms: at },
        Notice::Invited { event: event.clone() },
        Notice::InvitationChanged { event: event.clone() },
        Notice::InvitationCancelled { event },
    ]
}

#[test]
fn there_is_one_of_each_kind_and_it_reads_back() {
    let kinds: BTreeSet<Kind> = every(Classification::Terbuka).iter().map(|it| it.key().kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len());
    for notice in every(Classification::Terbuka) {
        let json = serde_json::to_value(&notice).unwrap();
        assert_eq!(json["kind"], notice.key().kind.text(), "the name in the store is the name on the wire");
        assert_eq!(serde_json::from_value::<Notice>(json).unwrap(), notice);
    }
}

#[test]
fn every_kind_has_a_mail_in_both_languages() {
    for notice in every(Classification::Terbuka) {
        let [ms, en] = [Language::Ms, Language::En].map(|language| mail(&notice, language, "https://sidang.example"));
        assert_ne!(ms, en, "{notice:?}");
        for words in [&ms, &en] {
            assert!(!words.subject.is_empty() && !words.subject.contains(['\r', '\n']), "{words:?}");
            assert!(words.paragraphs.len() >= 3, "{words:?}");
            assert!(words.paragraphs.iter().any(|it| it.ends_with(&format!("https://sidang.example{}", notice.path()))), "{words:?}");
        }
    }
    let words = mail(&every(Classification::Terbuka)[2], Language::Ms, "https://sidang.example");
    assert_eq!(words.subject, "Permohonan diluluskan: TP-2026-00012");
    assert_eq!(words.paragraphs[1], "Masa: Jumaat, 4 Disember 2026, 09:00\u{2013}11:00 (waktu Malaysia)");
    let words = mail(&every(Classification::Terbuka)[2], Language::En, "https://sidang.example");
    assert_eq!(words.paragraphs[1], "Time: Friday, 4 December 2026, 09:00\u{2013}11:00 (Malaysian time)");
}

#[test]
fn of_what_is_classified_only_reference_and_time_are_kept() {
    for classification in [Classification::Terhad, Classification::Sulit, Classification::RahsiaBesar] {
        for notice in every(classification) {
            let kept = serde_json::to_string(&notice.clone().guarded()).unwrap();
            for secret in ["vaksin", "Vaksin", "Hamzah"] {
                assert!(!kept.contains(secret), "{kept}");
            }
            if let Some(about) = notice.guarded().about() {
                assert!(about.sites.is_empty() && about.reference == "TP-2026-00012");
            }
        }
    }
}

proptest! {
    #[test]
    fn words_are_bounded_and_never_more_lines_of_a_subject(title in any::<String>(), reason in any::<String>()) {
        let title = title.replace(char::is_control, " ");
        let about = About { title: Some(title), ..about(Classification::Terbuka) };
        let notice = Notice::Refused { about, reason_code: None, reason: Some(reason), at_ms: NOW }.guarded();
        let words = mail(&notice, Language::En, "https://sidang.example");
        prop_assert!(!words.subject.contains(['\r', '\n']));
        let Notice::Refused { reason: Some(reason), .. } = notice else { unreachable!() };
        prop_assert!(reason.chars().count() <= WORDS_CHARS_MAX);
    }
}

async fn listed(plane: &Plane, who: &crate::testing::Someone) -> Value {
    plane.get(Some(who), "/api/v1/notices").await.ok()
}

kernel::on_both! {
    async fn everyone_is_told_once_and_reads_their_own(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let (one, other) = (plane.someone("satu", plane.ministry, &[identity::PersonRole::Officer], &[]).await, plane.someone("dua", plane.ministry, &[identity::PersonRole::Officer], &[]).await);
        let notice = Notice::Approved { about: about(Classification::Sulit), meeting: None, at_ms: NOW };
        for _ in 0..3 {
            kernel::transact!(db, tx => tell(tx, NOW, &[one.id, one.id, other.id], &notice).await).unwrap();
        }
        let later = Notice::Approved { about: about(Classification::Terbuka), meeting: None, at_ms: UnixMs(NOW.0 + 1) };
        kernel::transact!(db, tx => tell(tx, NOW, &[one.id], &later).await).unwrap();

        let mine = listed(&plane, &one).await;
        assert_eq!((mine["notices"].as_array().unwrap().len(), &mine["unread"]), (2, &json!(2)));
        assert_eq!(mine["notices"][0]["notice"]["about"]["title"], "Rundingan harga vaksin");
        assert_eq!(mine["notices"][1]["notice"]["about"]["title"], Value::Null, "SULIT");
        assert_eq!(listed(&plane, &other).await["unread"], 1);

        let first = mine["notices"][1]["id"].clone();
        plane.post(Some(&other), "/api/v1/notices/read", json!({ "notices": [first] })).await.ok();
        assert_eq!(listed(&plane, &one).await["unread"], 2, "nobody reads for another");
        plane.post(Some(&one), "/api/v1/notices/read", json!({ "notices": [first] })).await.ok();
        assert_eq!(listed(&plane, &one).await["unread"], 1);
        plane.post(Some(&one), "/api/v1/notices/read", json!({ "up_to": mine["notices"][0]["id"] })).await.ok();
        let read = listed(&plane, &one).await;
        assert_eq!((&read["unread"], &read["notices"][0]["read"]), (&json!(0), &json!(true)));
        let many: Vec<_> = (0..51).map(|_| first.clone()).collect();
        plane.post(Some(&one), "/api/v1/notices/read", json!({ "notices": many })).await.refused(422, "request.malformed");
    }

    async fn a_long_list_comes_in_pages_and_old_ones_are_taken_out(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let one = plane.someone("satu", plane.ministry, &[identity::PersonRole::Officer], &[]).await;
        for n in 0..70 {
            let notice = Notice::Lapsed { about: about(Classification::Terbuka), at_ms: UnixMs(n) };
            kernel::transact!(db, tx => tell(tx, NOW, &[one.id], &notice).await).unwrap();
        }
        let first = listed(&plane, &one).await;
        assert_eq!((first["notices"].as_array().unwrap().len(), &first["unread"]), (50, &json!(70)));
        let rest = plane.get(Some(&one), &format!("/api/v1/notices?before={}", first["next"].as_str().unwrap())).await.ok();
        assert_eq!((rest["notices"].as_array().unwrap().len(), rest.get("next")), (20, None));

        kernel::transact!(db, tx => store::forget_old(tx, UnixMs(NOW.0 + store::KEPT_MS)).await).unwrap();
        assert_eq!(listed(&plane, &one).await["unread"], 70);
        kernel::transact!(db, tx => store::forget_old(tx, UnixMs(NOW.0 + store::KEPT_MS + 1)).await).unwrap();
        assert_eq!(listed(&plane, &one).await["unread"], 0);
    }
}
