//! The demonstration at every hour of a day, laid out again and again.

use super::cast::Cast;
use crate::{
    Settings, demo,
    meetings::{self, State},
    reservations::{self, State as ReservationState},
    testing::{DAY, HOUR, NOW, Plane, settings},
};
use kernel::Clock;
use wire::{Classification, UnixMs};

kernel::on_both! {
    async fn it_is_laid_out_once_and_stays_lawful(db: Db) {
        let plane = Plane::with(db.clone(), Settings { classified_without_e2ee: true, ..settings() }).await;
        let people = Cast::new(&plane).await;
        let cast = demo::Cast {
            applicant: people.applicant.id,
            approver: people.approver.id,
            officers: people.officers.iter().map(|it| it.id).collect(),
            central_officer: people.facilitator.id,
        };
        let first = plane.booking.lay_demonstration(&cast).await.unwrap();
        assert_eq!(plane.booking.lay_demonstration(&cast).await.unwrap(), first, "started again it adds nothing");
        assert_eq!(first.todays_hours, "10:00-13:00");

        for hours in [0, 5, 11, 14, 23, 24, 31, 48] {
            plane.clock.set(UnixMs(NOW.0 + hours * HOUR));
            let laid = plane.booking.lay_demonstration(&cast).await.unwrap();
            let now = plane.clock.now();
            let mut tx = db.read().await.unwrap();
            for (id, classification) in [(laid.open_meeting, Classification::Terbuka), (laid.classified_meeting, Classification::Sulit)] {
                let meeting = meetings::store::by_id(&mut tx, id).await.unwrap().unwrap();
                assert_eq!((meeting.state(now), meeting.classification), (State::Open, classification));
            }
            let session = meetings::store::by_id(&mut tx, laid.todays_session).await.unwrap().unwrap();
            let used = reservations::store::by_id(&mut tx, session.reservation.unwrap()).await.unwrap().unwrap();
            assert_eq!((used.state, used.days_before_use), (ReservationState::Approved, 4));
            assert!(used.received_at <= used.lawful_until);
            let ended = reservations::store::by_id(&mut tx, laid.ended.unwrap()).await.unwrap().unwrap();
            assert!(ended.slot.ends_at < now && ended.state == ReservationState::Approved);
            let waiting = reservations::store::by_id(&mut tx, laid.waiting.unwrap()).await.unwrap().unwrap();
            assert!(waiting.slot.starts_at.0 > now.0 + 3 * DAY && waiting.state == ReservationState::Submitted);
        }
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    }
}
