//! Every instant that is booked by the wall clock and is to come, table by table, and the offsets by which they are stored.

use super::{Moved, Offsets};
use crate::reservations::store::refusal_of;
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{UnixMs, id::ReservationId};

/// More rows than a table of bookings to come ever has.
const ROWS_MAX: i64 = 1_000_000;

kernel::sql! {
    OFFSETS = "SELECT from_ms, offset_s FROM zone_offset ORDER BY from_ms";
    FORGET = "DELETE FROM zone_offset";
    PUT = "INSERT INTO zone_offset (from_ms, offset_s) VALUES ($1, $2)";
    TO_MOVE = "SELECT id, reference, starts_at_ms FROM reservation
        WHERE starts_at_ms > $1 AND state IN ('submitted', 'approved', 'returned', 'displaced', 'waiting', 'offered')
        ORDER BY starts_at_ms, reference LIMIT $2";
    // Each of these answers a key with two instants, and its fellow writes the two where that key is.
    RESERVATION = "SELECT id, starts_at_ms, ends_at_ms FROM reservation
        WHERE starts_at_ms > $1 AND state IN ('submitted', 'approved', 'returned', 'displaced', 'waiting', 'offered') LIMIT $2";
    RESERVATION_TO = "UPDATE reservation SET starts_at_ms = $2, ends_at_ms = $3, version = version + 1, sequence = sequence + 1 WHERE id = $1";
    HELD = "SELECT id, hold_expires_at_ms, COALESCE(offer_expires_at_ms, hold_expires_at_ms) FROM reservation
        WHERE hold_expires_at_ms > $1 AND state IN ('submitted', 'returned', 'waiting', 'offered') LIMIT $2";
    HELD_TO = "UPDATE reservation SET hold_expires_at_ms = $2, offer_expires_at_ms = CASE WHEN offer_expires_at_ms IS NULL THEN offer_expires_at_ms ELSE $3 END
        WHERE id = $1";
    RETURNED = "SELECT reservation_id, deadline_at_ms, returned_at_ms FROM reservation_return
        WHERE deadline_at_ms > $1 AND resubmitted_at_ms IS NULL LIMIT $2";
    RETURNED_TO = "UPDATE reservation_return SET deadline_at_ms = $2 WHERE reservation_id = $1 AND returned_at_ms = $3 AND resubmitted_at_ms IS NULL";
    OCCUPANCY = "SELECT o.id, o.starts_at_ms, o.ends_at_ms FROM occupancy o LEFT JOIN reservation r ON r.id = o.reservation_id
        WHERE o.removed_at_ms IS NULL AND ((o.reservation_id IS NULL AND o.state <> 'released' AND o.ends_at_ms > $1)
            OR (r.starts_at_ms > $1 AND r.state IN ('submitted', 'approved', 'returned', 'displaced', 'waiting', 'offered'))) LIMIT $2";
    OCCUPANCY_TO = "UPDATE occupancy SET starts_at_ms = $2, ends_at_ms = $3 WHERE id = $1";
    BLOCK = "SELECT id, starts_at_ms, covered_until_ms FROM site_block WHERE covered_until_ms > $1 AND lifted_at_ms IS NULL LIMIT $2";
    /// One that has an end covers up to it.
    BLOCK_TO = "UPDATE site_block SET starts_at_ms = $2, covered_until_ms = $3, ends_at_ms = CASE WHEN ends_at_ms IS NULL THEN ends_at_ms ELSE $3 END
        WHERE id = $1";
    WORK = "SELECT id, starts_at_ms, ends_at_ms FROM maintenance WHERE ends_at_ms > $1 AND state IN ('planned', 'in_work') LIMIT $2";
    WORK_TO = "UPDATE maintenance SET starts_at_ms = $2, ends_at_ms = $3 WHERE id = $1";
    MEETING = "SELECT id, starts_at_ms, ends_at_ms FROM meeting WHERE starts_at_ms > $1 AND ended_at_ms IS NULL LIMIT $2";
    MEETING_TO = "UPDATE meeting SET opens_at_ms = opens_at_ms + $2 - starts_at_ms, closes_at_ms = closes_at_ms + $3 - ends_at_ms,
            starts_at_ms = $2, ends_at_ms = $3 WHERE id = $1";
    EXCEPTION = "SELECT id, starts_at_ms, ends_at_ms FROM rule_override WHERE starts_at_ms > $1 LIMIT $2";
    EXCEPTION_TO = "UPDATE rule_override SET starts_at_ms = $2, ends_at_ms = $3 WHERE id = $1";
    CONSENT = "SELECT reservation_id || '/' || site_id || '/' || CAST(starts_at_ms AS TEXT) || '/' || CAST(ends_at_ms AS TEXT), starts_at_ms, ends_at_ms
        FROM site_consent WHERE starts_at_ms > $1 LIMIT $2";
    CONSENT_TO = "UPDATE site_consent SET starts_at_ms = $2, ends_at_ms = $3
        WHERE reservation_id || '/' || site_id || '/' || CAST(starts_at_ms AS TEXT) || '/' || CAST(ends_at_ms AS TEXT) = $1";
}

/// What is read, and how it is written.
const TABLES: [(&str, &str); 9] = [
    (RESERVATION, RESERVATION_TO),
    (HELD, HELD_TO),
    (OCCUPANCY, OCCUPANCY_TO),
    (BLOCK, BLOCK_TO),
    (WORK, WORK_TO),
    (MEETING, MEETING_TO),
    (EXCEPTION, EXCEPTION_TO),
    (CONSENT, CONSENT_TO),
    (RETURNED, RETURNED_TO),
];

/// By which offsets the instants are stored.
pub async fn offsets(tx: &mut Tx) -> Result<Offsets> {
    let rows: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(OFFSETS).fetch_all(c).await)?;
    Ok(Offsets::of(rows))
}

pub async fn put_offsets(tx: &mut Tx, offsets: &Offsets) -> Result<()> {
    on!(tx, c => sqlx::query(FORGET).execute(c).await.map(drop))?;
    for (from, offset) in offsets.rows() {
        on!(tx, c => sqlx::query(PUT).bind(from).bind(offset).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// The bookings whose instants are others by the new offsets.
pub async fn to_move(tx: &mut Tx, now: UnixMs, old: &Offsets, new: &Offsets) -> Result<Vec<Moved>> {
    let rows: Vec<(Text<ReservationId>, String, i64)> =
        on!(tx, c => sqlx::query_as(TO_MOVE).bind(now.0).bind(ROWS_MAX).fetch_all(c).await)?;
    let moved = rows.into_iter().map(|(id, reference, from)| Moved {
        reservation: id.0,
        reference,
        from: UnixMs(from),
        to: old.kept(new, UnixMs(from)),
    });
    Ok(moved.filter(|it| it.from != it.to).collect())
}

/// Moves what is to come in every table. What has begun keeps its beginning.
pub async fn move_all(tx: &mut Tx, now: UnixMs, old: &Offsets, new: &Offsets) -> Result<()> {
    let kept = |at: i64| if at > now.0 { old.kept(new, UnixMs(at)).0 } else { at };
    for (read, write) in TABLES {
        let rows: Vec<(String, i64, i64)> = on!(tx, c => sqlx::query_as(read).bind(now.0).bind(ROWS_MAX).fetch_all(c).await)?;
        let mut moved: Vec<_> =
            rows.into_iter().map(|(key, a, b)| (key, a, kept(a), b, kept(b))).filter(|it| it.1 != it.2 || it.3 != it.4).collect();
        // Each steps out of the way of the one behind it: the last first where they go later, the first first where they go earlier.
        moved.sort_by_key(|it| if it.4 > it.3 { -it.1 } else { it.1 });
        for (key, _, a, _, b) in moved {
            on!(tx, c => sqlx::query(write).bind(&key).bind(a).bind(b).execute(c).await.map(drop))
                .on_constraint(|name| refusal_of(name, None, None))?;
        }
    }
    Ok(())
}
