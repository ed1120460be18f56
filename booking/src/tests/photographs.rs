//! Photographs over HTTP: sent, kept without what a camera wrote beside them, seen by whoever may see what they are of, and swept.

use super::cast::Cast;
use crate::{
    photographs::{self, PER_DAY_MAX, PER_SUBJECT_MAX, Subject, Uploader},
    testing::{Answered, DAY, HOUR, NOW, Plane, Someone},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use kernel::Db;
use serde_json::Value;
use std::fs;
use wire::{UnixMs, id::PhotographId};

/// A small JPEG file as a telephone writes it, with a place in it.
fn jpeg() -> Vec<u8> {
    photographs::photographed(1, 64, 48)
}

async fn send(plane: &Plane, who: Option<&Someone>, kind: &str, bytes: Vec<u8>, key: Option<&str>) -> Answered {
    let mut request = Request::post("/api/v1/photographs").header(header::CONTENT_TYPE, kind);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    plane.read(plane.answer(who, request.body(Body::from(bytes)).unwrap()).await).await
}

async fn sent(plane: &Plane, who: &Someone) -> PhotographId {
    id(&send(plane, Some(who), "image/jpeg", jpeg(), None).await.ok())
}

fn id(shown: &Value) -> PhotographId {
    shown["id"].as_str().unwrap().parse().unwrap()
}

async fn attach(db: &Db, by: &Someone, ids: &[PhotographId], subject: Subject) -> kernel::Result<()> {
    kernel::transact!(db, tx => photographs::attach(tx, Uploader::Person(by.id), ids, subject).await)
}

/// Files of photographs in the data folder.
fn files(plane: &Plane) -> usize {
    let Ok(days) = fs::read_dir(plane.folder.path().join("photographs")) else { return 0 };
    days.map(|day| fs::read_dir(day.unwrap().path()).unwrap().count()).sum()
}

kernel::on_both! {
    async fn a_photograph_is_kept_without_where_it_was_taken(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let shown = send(&plane, Some(&cast.facilitator), "image/jpeg", jpeg(), None).await;
        assert_eq!((shown.status, &shown.body["width"], &shown.body["height"]), (StatusCode::CREATED, &64.into(), &48.into()));
        let path = format!("/api/v1/photographs/{}", id(&shown.body));

        let get = async |query: &str, tag: &str| {
            let request = Request::get(format!("{path}{query}")).header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
            plane.answer(Some(&cast.facilitator), request).await
        };
        let full = get("", "").await;
        let of = |name: header::HeaderName| full.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((full.status(), of(header::CONTENT_TYPE), of(header::X_CONTENT_TYPE_OPTIONS)), (StatusCode::OK, "image/jpeg".into(), "nosniff".into()));
        assert_eq!(of(header::CACHE_CONTROL), "private, no-cache");
        let tag = of(header::ETAG);
        let bytes = axum::body::to_bytes(full.into_body(), 1 << 20).await.unwrap();
        assert!(!bytes.windows(4).any(|it| it == b"Exif" || it == b"GPS-"));
        assert_eq!(get("", &tag).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get("?size=thumb", &tag).await.status(), StatusCode::OK, "another size is another picture");
        plane.get(Some(&cast.facilitator), &format!("{path}?size=huge")).await.refused(422, "request.malformed");
        for (stranger, code) in [(Some(&cast.stranger), 404), (Some(&cast.auditor), 404), (None, 401)] {
            assert_eq!(plane.get(stranger, &path).await.status.as_u16(), code, "it is of nothing yet");
        }
    }

    async fn what_cannot_be_kept_is_refused_and_leaves_nothing(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let who = Some(&cast.stranger);
        send(&plane, who, "application/json", jpeg(), None).await.refused(422, "request.malformed");
        send(&plane, who, "image/svg+xml", jpeg(), None).await.refused(422, "request.malformed");
        let refused = send(&plane, who, "image/jpeg", b"<svg/>".to_vec(), None).await;
        assert_eq!(refused.refused(422, "photograph.unusable")["values"]["reason"], "format");
        let cut = jpeg()[..60].to_vec();
        assert_eq!(send(&plane, who, "image/jpeg", cut, None).await.refused(422, "photograph.unusable")["values"]["reason"], "damaged");
        let large = vec![0; photographs::BYTES_MAX + 1];
        assert_eq!(send(&plane, who, "image/jpeg", large, None).await.refused(413, "request.too_large")["values"]["bytes_max"], 8 << 20);
        assert_eq!(files(&plane), 0);
    }

    async fn a_photograph_sent_twice_is_kept_once(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let first = send(&plane, Some(&cast.stranger), "image/jpeg", jpeg(), Some("k")).await.ok();
        let again = send(&plane, Some(&cast.stranger), "image/jpeg", jpeg(), Some("k")).await.ok();
        assert_eq!((first["id"].clone(), files(&plane)), (again["id"].clone(), 2));
        let other = photographs::photographed(3, 64, 48);
        send(&plane, Some(&cast.stranger), "image/jpeg", other, Some("k")).await.refused(422, "idempotency.mismatch");
        assert_eq!(files(&plane), 2);
    }

    async fn one_sends_so_many_a_day_and_no_more(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        for _ in 0..PER_DAY_MAX {
            sent(&plane, &cast.stranger).await;
        }
        let refused = send(&plane, Some(&cast.stranger), "image/jpeg", jpeg(), None).await;
        assert_eq!(refused.refused(429, "photograph.quota")["values"]["photographs_max"], PER_DAY_MAX);
        sent(&plane, &cast.facilitator).await;
        // It is ten in the morning: the next day begins in fourteen hours.
        plane.clock.set(UnixMs(NOW.0 + 14 * HOUR - 1));
        send(&plane, Some(&cast.stranger), "image/jpeg", jpeg(), None).await.refused(429, "photograph.quota");
        plane.clock.set(UnixMs(NOW.0 + 14 * HOUR));
        sent(&plane, &cast.stranger).await;
    }

    async fn a_photograph_is_attached_once_by_who_sent_it(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let (site, other) = (Subject::Site(plane.sites[0]), Subject::Site(plane.sites[1]));
        let mine: Vec<PhotographId> = vec![sent(&plane, &cast.facilitator).await, sent(&plane, &cast.facilitator).await];
        let foreign = sent(&plane, &cast.stranger).await;
        for wrong in [vec![foreign], vec![mine[0], mine[0]], vec![wire::id::PhotographId::fresh()], vec![mine[0]; PER_SUBJECT_MAX + 1]] {
            assert!(attach(&db, &cast.facilitator, &wrong, site).await.unwrap_err().is_refused(wire::Code::RequestMalformed));
        }
        attach(&db, &cast.facilitator, &[mine[1], mine[0]], site).await.unwrap();
        assert!(attach(&db, &cast.facilitator, &mine[..1], other).await.is_err(), "it is of something already");
        let of = async |subject| photographs::of(&mut db.read().await.unwrap(), subject).await.unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!((of(site).await, of(other).await), (vec![mine[1], mine[0]], vec![]));
        plane.get(Some(&cast.stranger), &format!("/api/v1/photographs/{}", mine[0])).await.seen();

        let taken = kernel::transact!(db, tx => photographs::detach(tx, NOW, mine[1], site).await).unwrap();
        assert_eq!((taken, of(site).await), (true, vec![mine[0]]));
        plane.get(Some(&cast.stranger), &format!("/api/v1/photographs/{}", mine[1])).await.refused(404, "not_found");
    }

    async fn what_nothing_shows_is_taken_out_after_a_day(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let (shown, unused) = (sent(&plane, &cast.facilitator).await, sent(&plane, &cast.facilitator).await);
        attach(&db, &cast.facilitator, &[shown], Subject::Site(plane.sites[0])).await.unwrap();
        // A file that a killed process left.
        let day = plane.folder.path().join("photographs").join("2026-12-01");
        fs::write(day.join(format!("{}.full.draft", photographs::id_at(NOW))), b"half").unwrap();
        assert_eq!(files(&plane), 5);
        let sweep = async |now: i64| {
            let now = UnixMs(now);
            let due = photographs::sweep_due(&plane.booking, now).await.unwrap();
            (due, photographs::sweep_strays(&plane.booking, now).await.unwrap())
        };
        assert_eq!(sweep(NOW.0 + DAY - 1).await, (0, 0));
        assert_eq!(sweep(NOW.0 + DAY + 1).await, (1, 1));
        assert_eq!((sweep(NOW.0 + DAY + 1).await, files(&plane)), ((0, 0), 2));
        plane.get(Some(&cast.facilitator), &format!("/api/v1/photographs/{unused}")).await.refused(404, "not_found");
        plane.get(Some(&cast.facilitator), &format!("/api/v1/photographs/{shown}")).await.seen();
    }
}
