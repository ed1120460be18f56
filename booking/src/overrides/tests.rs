//! Overrides on both databases.

use super::{act::*, *};
use crate::{
    reservations::world::*,
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::Db;
use wire::{Code, Rule};

fn hand(by: crate::reservations::By) -> Hand {
    Hand { person: by.person, agency: by.agency, acting_for: None }
}

/// An agency that the service knows, and a central approver and another.
async fn asking(db: &Db, world: &World) -> (AgencyId, Hand, Hand) {
    db.execute_for_tests("INSERT INTO agency (id, name, short_name, is_central, created_at_ms) SELECT '019aa000-0000-7000-8000-0000000000a1', 'Kementerian', 'KEM', 1 = 0, 0")
        .await
        .unwrap();
    let first = hand(world.approver);
    ("019aa000-0000-7000-8000-0000000000a1".parse().unwrap(), first, Hand { person: PersonId::fresh(), ..first })
}

fn wish(agency: AgencyId, sites: &[SiteId], exempt: &[Exemption]) -> Wish {
    // The day after tomorrow: two days before use, where TP-2 asks for three.
    let slot = Slot { starts_at: USE.saturating_add_ms(-DAY), ends_at: USE.saturating_add_ms(-DAY + 2 * HOUR) };
    Wish {
        subject: Subject::Use { agency, sites: sites.iter().copied().collect(), slot },
        exempt: exempt.iter().copied().collect(),
        reason: "Arahan Ketua Setiausaha Negara".into(),
    }
}

kernel::on_both! {
    async fn vector_50_an_override_has_a_reason_a_second_person_and_its_place_in_the_months_list(db: Db) {
        let world = World::new(&db).await;
        let (agency, first, second) = asking(&db, &world).await;
        let asked = wish(agency, &world.sites[..2], &[Exemption::LeadTime]);
        let unreasoned = Wish { reason: "  ".into(), ..asked.clone() };
        assert_eq!(refusal(ask(&db, NOW, first, &unreasoned, None).await).code, Code::RequestMalformed);
        assert_eq!(refusal(ask(&db, NOW, Hand { agency, ..first }, &asked, None).await).code, Code::OwnAgency);
        let id = ask(&db, NOW, first, &asked, None).await.unwrap();

        // Not the one who asked, not somebody of the agency, not who acts for the first.
        for wrong in [first, Hand { agency, ..second }, Hand { acting_for: Some(first.person), ..second }] {
            let refused = refusal(decide(&db, NOW, wrong, id, true, None).await);
            assert_eq!((refused.code, refused.rule), (Code::OverrideSecondPerson, Some(Rule::Tp4)));
        }
        let confirmed = decide(&db, NOW, second, id, true, None).await.unwrap();
        assert_eq!(confirmed.decided.as_ref().map(|it| it.by), Some(second.person));
        assert_eq!(refusal(decide(&db, NOW, Hand { person: PersonId::fresh(), ..second }, id, false, Some("x")).await).code, Code::OverrideState);

        let mut tx = db.read().await.unwrap();
        let listed = store::decided_within(&mut tx, NOW, NOW.saturating_add_ms(1)).await.unwrap();
        assert_eq!(listed, [confirmed]);
        assert_eq!(store::decided_within(&mut tx, NOW.saturating_add_ms(1), NOW.saturating_add_ms(DAY)).await.unwrap(), []);
        drop(tx);
        let trail = audit_rows(&db).await;
        assert_eq!(trail.first(), Some(&row("override.ask", "refused", Some("TP-4"))));
        assert!(trail.contains(&row("override.ask", "done", Some("TP-4"))) && trail.contains(&row("override.confirm", "done", Some("TP-4"))));
        assert_eq!(trail.iter().filter(|it| it.0 == "override.confirm" && it.1 == "refused").count(), 3);
    }

    async fn the_schema_wants_two_people_and_a_rule_of_time(db: Db) {
        let world = World::new(&db).await;
        let (agency, first, _) = asking(&db, &world).await;
        ask(&db, NOW, first, &wish(agency, &world.sites[..2], &[Exemption::LeadTime]), None).await.unwrap();
        let name = |outcome: Result<u64, sqlx::Error>| kernel::db::constraint::name(&outcome.unwrap_err());
        let behind = |sql| db.execute_for_tests(sql);
        assert_eq!(
            name(behind("UPDATE rule_override SET state = 'confirmed', decided_by = asked_by, decided_at_ms = asked_at_ms").await).as_deref(),
            Some("rule_override_two_people")
        );
        assert_eq!(name(behind("UPDATE rule_override SET state = 'confirmed'").await).as_deref(), Some("rule_override_decided"));
        assert_eq!(name(behind("UPDATE rule_override SET lead_time = (1 = 0)").await).as_deref(), Some("rule_override_something"));
        // A reservation that came too late stands by an override that there is, or not at all.
        world.applied(&db, &world.draft(USE, 2)).await;
        assert_eq!(name(behind("UPDATE reservation SET received_at_ms = lawful_until_ms + 1").await).as_deref(), Some("reservation_lead_time"));
        let unknown = "UPDATE reservation SET received_at_ms = lawful_until_ms + 1, override_id = '019aa000-0000-7000-8000-0000000000ff'";
        assert_eq!(name(behind(unknown).await).as_deref(), Some("foreign_key"));
        behind("UPDATE reservation SET received_at_ms = lawful_until_ms + 1, override_id = (SELECT id FROM rule_override)").await.unwrap();
    }

    async fn two_at_once_make_one_second_person(db: Db) {
        let world = World::new(&db).await;
        let (agency, first, second) = asking(&db, &world).await;
        let third = Hand { person: PersonId::fresh(), ..second };
        for _ in 0..4 {
            let id = ask(&db, NOW, first, &wish(agency, &world.sites[..2], &[Exemption::LeadTime]), None).await.unwrap();
            let (one, other) = tokio::join!(decide(&db, NOW, second, id, true, None), decide(&db, NOW, third, id, false, Some("Tidak perlu")));
            assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
            assert_eq!(refusal(if one.is_ok() { other } else { one }).code, Code::OverrideState);
        }
    }

    async fn it_lets_through_what_it_names_once(db: Db) {
        let world = World::new(&db).await;
        let (agency, first, second) = asking(&db, &world).await;
        let asked = wish(agency, &world.sites[..2], &[Exemption::LeadTime]);
        let Subject::Use { sites, slot, .. } = asked.subject.clone() else { unreachable!() };
        let late = || wire::Refusal::by(Code::LeadTime, Rule::Tp2);
        let full = || wire::Refusal::by(Code::SiteFull, Rule::Tp3);
        let covered = async |reservation, mut refusals: Vec<_>| {
            let mut tx = db.write().await.unwrap();
            let id = cover(&mut tx, NOW, agency, &sites, slot, reservation, &mut refusals).await.unwrap();
            (id, refusals.into_iter().map(|it| it.code).collect::<Vec<_>>())
        };
        let id = ask(&db, NOW, first, &asked, None).await.unwrap();
        assert_eq!(covered(None, vec![late()]).await, (None, vec![Code::LeadTime]), "asked for is not confirmed");
        decide(&db, NOW, second, id, true, None).await.unwrap();
        assert_eq!(covered(None, vec![late(), full()]).await, (Some(id), vec![Code::SiteFull]), "six at a site stay six");
        assert_eq!(covered(None, vec![full()]).await, (None, vec![Code::SiteFull]));
        let reservation = world.applied(&db, &world.draft(USE, 2)).await;
        let other = world.applied(&db, &world.draft(USE.saturating_add_ms(4 * HOUR), 2)).await;
        let mut tx = db.write().await.unwrap();
        used(&mut tx, NOW, first, id, reservation).await.unwrap();
        assert_eq!(refusal(used(&mut tx, NOW, first, id, other).await).code, Code::OverrideState);
        tx.commit().await.unwrap();
        assert_eq!(covered(Some(other), vec![late()]).await.0, None, "used");
        assert_eq!(covered(Some(reservation), vec![late()]).await.0, Some(id), "its own reservation's amendment");
    }

    async fn vector_44_moving_away_from_a_room_out_of_order_is_recorded_as_an_override(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let it = stored(&db, id).await;
        let taken = Record {
            reservation: id,
            agency: it.agency,
            slot: it.slot,
            sites: [world.sites[0], world.sites[2]].into(),
            exempt: [Exemption::LeadTime].into(),
            reason: "Kerosakan S1 di bilik asal",
            asked_by: None,
            confirmed_by: hand(world.applicant),
        };
        let mut tx = db.write().await.unwrap();
        let same = Record { asked_by: Some(world.applicant.person), ..taken.clone() };
        assert_eq!(refusal(record(&mut tx, NOW, &same).await).code, Code::OverrideSecondPerson);
        let recorded = record(&mut tx, NOW, &taken).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let listed = of_reservation(&mut tx, id).await.unwrap();
        assert_eq!(listed.iter().map(|it| (it.id, it.origin, it.state)).collect::<Vec<_>>(), [(recorded, Origin::Resiting, OverrideState::Confirmed)]);
        assert_eq!(store::decided_within(&mut tx, NOW, NOW.saturating_add_ms(1)).await.unwrap(), listed);
        drop(tx);
        assert_eq!(audit_rows(&db).await.last(), Some(&row("override.record", "done", Some("TP-4"))));
    }
}
