//! Meetings, keys and grants on both databases.

use super::{act, grant::Shown, keys::Keys, store, *};
use crate::testing::{DAY, HOUR, NOW, settings};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use kernel::{Db, Error, clock::ManualClock};
use std::{collections::BTreeSet, sync::Arc};
use wire::{
    Code, Refusal, Rule,
    grant::{Act, GRANT_TYP, GrantClaims},
    id::AgencyId,
};

const KEY: [u8; 32] = [9; 32];

struct World {
    host: PersonId,
    member: PersonId,
    agency: AgencyId,
    keys: Keys,
    clock: Arc<ManualClock>,
}

impl World {
    async fn new(db: &Db) -> Self {
        let clock = ManualClock::at(NOW);
        let keys = Keys::open(db.clone(), clock.clone(), &KEY).await.unwrap();
        Self { host: PersonId::fresh(), member: PersonId::fresh(), agency: AgencyId::fresh(), keys, clock }
    }

    async fn meeting(&self, db: &Db, classification: Classification, without_e2ee: bool) -> kernel::Result<MeetingId> {
        let draft = MeetingDraft {
            title: "Perbincangan".into(),
            classification,
            starts_at_ms: NOW,
            ends_at_ms: NOW.saturating_add_ms(HOUR),
            people: vec![self.member, self.host, self.member],
            lobby: wire::grant::LobbyPolicy::ForGuests,
        };
        let known: BTreeSet<PersonId> = [self.member].into();
        let creation = act::Creation {
            host: self.host,
            agency: self.agency,
            draft: &draft,
            known: &known,
            classified_without_e2ee: without_e2ee,
            claim: None,
        };
        act::create(db, NOW, creation).await
    }

    async fn grant(&self, db: &Db, person: PersonId, meeting: MeetingId, without_e2ee: bool) -> kernel::Result<act::Grant> {
        let shown = Shown { name: "Nor Aini".into(), agency: "KKM".into() };
        let joining = act::Joining { person, agency: self.agency, shown };
        let settings = crate::Settings { classified_without_e2ee: without_e2ee, ..settings() };
        act::mint(db, kernel::Clock::now(&*self.clock), &self.keys, &settings, &joining, meeting).await
    }
}

fn refusal<T>(outcome: kernel::Result<T>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => panic!("broken: {error:?}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Verifies as a media node does: by the published key that the header names.
fn verified(set: &JwkSet, token: &str) -> GrantClaims {
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some(GRANT_TYP)));
    let jwk = set.find(&header.kid.unwrap()).expect("the key is published");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[settings().audience]);
    validation.set_issuer(&[settings().issuer]);
    validation.validate_exp = false;
    jsonwebtoken::decode(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap().claims
}

async fn acts_of_audit(db: &Db) -> Vec<(String, String, Option<String>)> {
    let rows = kernel::audit::page(&mut db.read().await.unwrap(), &Default::default(), 200).await.unwrap();
    rows.into_iter().rev().map(|row| (row.act, row.outcome, row.rule)).collect()
}

fn row(act: &str, outcome: &str, rule: Option<&str>) -> (String, String, Option<String>) {
    (act.into(), outcome.into(), rule.map(str::to_owned))
}

kernel::on_both! {
    async fn a_grant_says_what_the_meeting_and_the_role_say(db: Db) {
        let world = World::new(&db).await;
        let id = world.meeting(&db, Classification::Terbuka, false).await.unwrap();
        let minted = world.grant(&db, world.host, id, false).await.unwrap();
        let claims = verified(&world.keys.published(), &minted.token);
        assert_eq!((claims.room, claims.sub, claims.role, claims.epoch), (id, world.host, Role::Host, 0));
        assert_eq!((claims.iat, claims.nbf, claims.exp), (NOW.seconds(), NOW.seconds(), NOW.seconds() + 90));
        assert_eq!(minted.expires_at, UnixMs::from_seconds(claims.exp));
        assert!(claims.acts.contains(&Act::Record) && claims.seat.is_none());
        assert_eq!((claims.opens_at, claims.closes_at), (NOW.seconds() - 900, NOW.seconds() + 3600 + 900));
        let member = verified(&world.keys.published(), &world.grant(&db, world.member, id, false).await.unwrap().token);
        assert!(member.role == Role::Member && !member.acts.contains(&Act::Record) && member.jti != claims.jti);
        let rows = acts_of_audit(&db).await;
        assert_eq!(rows[1..], [row("meeting.create", "done", Some("CLASS-1")), row("grant.mint", "done", Some("MEET-8")), row("grant.mint", "done", Some("MEET-8"))]);
        let minted: i64 = kernel::on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar("SELECT COUNT(*) FROM minted_grant WHERE kind = 'join'").fetch_one(c).await).unwrap();
        assert_eq!(minted, 2);
    }

    async fn no_grant_for_others_nor_outside_the_window_nor_after_the_end(db: Db) {
        let world = World::new(&db).await;
        let id = world.meeting(&db, Classification::Terbuka, false).await.unwrap();
        let refused = refusal(world.grant(&db, PersonId::fresh(), id, false).await);
        assert_eq!((refused.code, refused.rule), (Code::NotListed, Some(Rule::Meet8)));
        assert_eq!(refusal(world.grant(&db, world.host, MeetingId::fresh(), false).await).code, Code::NotFound);
        world.clock.set(NOW.saturating_add_ms(HOUR + 15 * 60_000));
        let closed = refusal(world.grant(&db, world.host, id, false).await);
        assert_eq!((closed.code, closed.values["opens_at_ms"].as_i64()), (Code::WindowClosed, Some(NOW.0 - 900_000)));
        world.clock.set(NOW);
        let mut tx = db.write().await.unwrap();
        assert_eq!(store::end(&mut tx, id, NOW, EndReason::Ended).await.unwrap(), Some(1));
        assert_eq!(store::end(&mut tx, id, NOW, EndReason::Ended).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(refusal(world.grant(&db, world.host, id, false).await).code, Code::MeetingEnded);
        let refused: Vec<_> = acts_of_audit(&db).await.into_iter().filter(|it| it.1 == "refused").collect();
        assert_eq!(refused, [row("grant.mint", "refused", Some("MEET-8")), row("grant.mint", "refused", None), row("grant.mint", "refused", None)]);
    }

    async fn a_secret_meeting_is_made_only_where_the_setting_says_so(db: Db) {
        let world = World::new(&db).await;
        let refused = refusal(world.meeting(&db, Classification::Sulit, false).await);
        assert_eq!((refused.code, refused.rule), (Code::SecurityFunctionsMissing, Some(Rule::Class4)));
        let highest = refusal(world.meeting(&db, Classification::Rahsia, true).await);
        assert_eq!((highest.code, highest.rule), (Code::ClassificationTooHigh, Some(Rule::Class2)));
        let id = world.meeting(&db, Classification::Sulit, true).await.unwrap();
        let claims = verified(&world.keys.published(), &world.grant(&db, world.host, id, true).await.unwrap().token);
        assert!(!claims.acts.contains(&Act::Record) && !claims.acts.contains(&Act::Chat));
        let off = refusal(world.grant(&db, world.host, id, false).await);
        assert_eq!(off.rule, Some(Rule::Class4), "a setting that is switched off again holds at the next grant");
    }

    async fn no_living_meeting_is_above_sulit(db: Db) {
        let world = World::new(&db).await;
        let id = world.meeting(&db, Classification::Terbuka, false).await.unwrap();
        let mut tx = db.write().await.unwrap();
        assert!(store::raise(&mut tx, id, Classification::Rahsia).await.is_err());
    }

    async fn rotation_makes_no_break(db: Db) {
        let world = World::new(&db).await;
        let id = world.meeting(&db, Classification::Terbuka, false).await.unwrap();
        let before = world.grant(&db, world.host, id, false).await.unwrap();
        let mut watching = world.keys.subscribe();
        // Another process holds the same ring.
        let other = Keys::open(db.clone(), world.clock.clone(), &KEY).await.unwrap();
        let fresh = other.rotate().await.unwrap();
        assert_eq!(world.keys.published().keys.len(), 1);
        world.keys.refresh().await.unwrap();
        assert!(watching.has_changed().unwrap());
        assert_eq!(watching.borrow_and_update().keys.len(), 2);
        verified(&world.keys.published(), &before.token);
        let after = world.grant(&db, world.host, id, false).await.unwrap();
        assert_eq!(jsonwebtoken::decode_header(&after.token).unwrap().kid.as_deref(), Some(fresh.as_str()));
        verified(&world.keys.published(), &after.token);
        verified(&other.published(), &after.token);
        world.clock.set(NOW.saturating_add_ms(HOUR - 1));
        world.keys.refresh().await.unwrap();
        assert_eq!(world.keys.published().keys.len(), 2);
        world.clock.set(NOW.saturating_add_ms(HOUR));
        world.keys.refresh().await.unwrap();
        assert_eq!(world.keys.published().keys.len(), 1, "the old key is published until nothing it signed is alive");
    }

    async fn keys_outlive_the_process_and_open_under_their_own_seal_alone(db: Db) {
        let clock = ManualClock::at(NOW);
        let (one, two) = tokio::join!(Keys::open(db.clone(), clock.clone(), &KEY), Keys::open(db.clone(), clock.clone(), &KEY));
        let (one, two) = (one.unwrap(), two.unwrap());
        let again = Keys::open(db.clone(), clock.clone(), &KEY).await.unwrap();
        assert_eq!(again.published().keys.len(), 1);
        for ring in [&one, &two] {
            ring.refresh().await.unwrap();
            assert_eq!(ring.published(), again.published());
        }
        assert!(Keys::open(db.clone(), clock.clone(), &[1; 32]).await.is_err());
        // Whose sealing key is lost goes on with a fresh one; what the old key signed is still good.
        let fresh = super::keys::rotate(&db, &(clock.clone() as kernel::SharedClock), &[1; 32]).await.unwrap();
        let opened = Keys::open(db.clone(), clock, &[1; 32]).await.unwrap();
        assert_eq!(opened.sign("x", &serde_json::json!({})).unwrap().key_id, fresh);
        assert_eq!(opened.published().keys.len(), 2);
        let text = serde_json::to_string(&*again.published()).unwrap();
        assert!(text.contains("\"kty\":\"OKP\"") && text.contains("\"crv\":\"Ed25519\"") && text.contains("\"use\":\"sig\""), "{text}");
        assert!(!text.contains("\"d\""), "nothing private is published");
    }

    async fn lists_hold_the_meetings_of_ones_own(db: Db) {
        let world = World::new(&db).await;
        let id = world.meeting(&db, Classification::Terbuka, false).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let within = |from: i64, to: i64| Slot { starts_at: UnixMs(NOW.0 + from), ends_at: UnixMs(NOW.0 + to) };
        let ids = async |tx: &mut kernel::Tx, person, slot| -> Vec<MeetingId> {
            store::of_person(tx, person, slot).await.unwrap().iter().map(|it| it.id).collect()
        };
        assert_eq!(ids(&mut tx, world.member, within(-DAY, DAY)).await, [id]);
        assert_eq!(ids(&mut tx, world.member, within(DAY, 2 * DAY)).await, []);
        assert_eq!(ids(&mut tx, PersonId::fresh(), within(-DAY, DAY)).await, []);
        let found = store::by_id(&mut tx, id).await.unwrap().unwrap();
        assert_eq!(found.people.len(), 2, "the host and whoever is named twice are there once");
    }
}
