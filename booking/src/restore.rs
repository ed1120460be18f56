//! After a backup was put back (`sidang admin restored`): what it must not bring back. Nobody knows what was withdrawn, revoked or sent out
//! between the backup and now, so what rests on not knowing it is void: tokens, sessions, devices. What time has ended meanwhile ends.

use crate::{Booking, devices, media::commands, meetings::keys};
use kernel::{
    Result, Text, Tx,
    audit::{self, Entry},
    on, outbox,
};
use wire::{UnixMs, control::Command, id::MeetingId, signal::LeaveReason};

/// More commands and changes than any installation makes between two backups.
const GAP: i64 = 1_000_000;
/// Passes of the house until nothing is due: each lets go of a hundred.
const PASSES_MAX: usize = 1_000;

kernel::sql! {
    /// Above whatever epoch was handed out after the backup.
    VOID_GRANTS = "UPDATE meeting SET epoch = epoch + $2 WHERE ended_at_ms IS NULL AND closes_at_ms > $1 RETURNING id, epoch";
}

/// What was made void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    pub meetings: usize,
    pub devices: u64,
    pub sessions: u64,
    /// Applications whose time came between the backup and now.
    pub lapsed: usize,
}

impl Booking {
    /// To be called once, after the database was put back and before the service is started.
    pub async fn restored(&self) -> Result<Restored> {
        let now = self.clock.now();
        let mut restored = kernel::transact!(self.db, tx => void(tx, now, &self.keys).await)?;
        self.keys.refresh().await?;
        for _ in 0..PASSES_MAX {
            let lapsed = crate::reservations::lapse_due(&self.db, now).await?;
            restored.lapsed += lapsed;
            if lapsed == 0 {
                break;
            }
        }
        Ok(restored)
    }
}

async fn void(tx: &mut Tx, now: UnixMs, keys: &keys::Keys) -> Result<Restored> {
    outbox::skip(tx, GAP).await?;
    let key = keys::begin_anew(tx, now, keys).await?;
    let open: Vec<(Text<MeetingId>, i64)> = on!(tx, c => sqlx::query_as(VOID_GRANTS).bind(now.0).bind(GAP).fetch_all(c).await)?;
    for (room, epoch) in &open {
        let epoch = u32::try_from(*epoch).unwrap_or(u32::MAX);
        commands::push(tx, now, &Command::EndRoom { room: room.0, epoch, reason: LeaveReason::Revoked })?;
    }
    let devices = devices::enrol::revoke_all(tx, now).await?;
    let sessions = identity::end_every_session(tx).await?;
    let restored = Restored { meetings: open.len(), devices, sessions, lapsed: 0 };
    let row = Entry::new(now, "service.restored", "service", "sidang").detail("signing_key", key).detail("meetings", restored.meetings);
    audit::record(tx, row.detail("devices", devices).detail("sessions", sessions));
    Ok(restored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reservations::{
            State,
            world::{World, stored},
        },
        testing::{NOW, Plane, USE},
        tests::cast::{Cast, text},
    };
    use kernel::Db;
    use serde_json::json;
    use wire::{grant::GrantClaims, signal::LeaveReason};

    kernel::on_both! {
        async fn vector_49_no_lapsed_hold_revives_and_tokens_from_before_are_void(db: Db) {
            let plane = Plane::new(db.clone()).await;
            let cast = Cast::new(&plane).await;
            let id = text(&cast.approved(&plane).await["id"]);
            let meeting = text(&plane.get(Some(&cast.officers[0]), &format!("/api/v1/reservations/{id}")).await.ok()["meeting"]);
            // Held when the backup was made; its time came before it was put back.
            let world = World::new(&db).await;
            let held = world.applied(&db, &world.draft(UnixMs(USE.0 + 3 * crate::testing::HOUR), 1)).await;
            plane.clock.set(USE);
            let token = text(&plane.post(Some(&cast.officers[0]), &format!("/api/v1/meetings/{meeting}/grant"), json!({})).await.ok()["token"]);
            let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
            assert!(plane.booking.jwks().find(&kid).is_some());
            plane.clock.set(UnixMs(USE.0 + 4 * crate::testing::HOUR - 1));
            let number = plane_outbox(&db).await;
            plane.clock.set(UnixMs(USE.0 + 90 * 60_000));
            let early = plane.booking.restored().await.unwrap();
            assert_eq!((early.meetings, early.lapsed), (1, 0));
            assert!(early.sessions > 0);
            assert!(plane.booking.jwks().find(&kid).is_none(), "no node finds the key of before");
            let told: Vec<_> = commands::after(&mut db.read().await.unwrap(), number).await.unwrap();
            assert!(told[0].number > number + GAP - 1, "above what a node may have carried out since the backup");
            let claims: GrantClaims = payload(&token);
            assert!(matches!(told[0].command, Command::EndRoom { room, epoch, reason: LeaveReason::Revoked } if room == claims.room && epoch > claims.epoch));
            // Who is listed comes back in with a fresh one.
            let fresh = text(&plane.post(Some(&cast.officers[0]), &format!("/api/v1/meetings/{meeting}/grant"), json!({})).await.ok()["token"]);
            let claims: GrantClaims = payload(&fresh);
            assert!(matches!(told[0].command, Command::EndRoom { epoch, .. } if claims.epoch >= epoch));
            assert!(plane.booking.jwks().find(&jsonwebtoken::decode_header(&fresh).unwrap().kid.unwrap()).is_some());
            assert_eq!(stored(&db, held).await.state, State::Submitted);
            plane.clock.set(UnixMs(USE.0 + 3 * crate::testing::HOUR));
            assert_eq!(plane.booking.restored().await.unwrap().lapsed, 1);
            assert_eq!(stored(&db, held).await.state, State::Lapsed);
            assert!(NOW < USE);
        }
    }

    async fn plane_outbox(db: &Db) -> i64 {
        on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar("SELECT number FROM ledger WHERE name = 'outbox'").fetch_one(c).await)
            .unwrap()
    }

    fn payload(token: &str) -> GrantClaims {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }
}
