//! What a device may know: what its own site does in the next day. A title only where classification and policy let it be read in a corridor,
//! and never the people.

use super::{DeviceKind, Stored};
use crate::{
    Booking,
    names::names,
    policy::Slot,
    sites::{self, SiteRef},
    use_of_rooms::{self, UsePolicy},
};
use kernel::{Result, Text, Tx, digest, on};
use serde::Serialize;
use wire::{
    Classification, Code, UnixMs,
    id::{DeviceId, MeetingId, ReservationId, SiteId},
};

/// How far a device sees.
pub const AHEAD_MS: i64 = 24 * 3_600_000;
/// A day in quarter hours.
const ITEMS_MAX: i64 = 96;

kernel::sql! {
    ITEMS = "SELECT r.id, m.id AS meeting_id, r.title, r.classification, r.starts_at_ms, r.ends_at_ms, m.opens_at_ms, m.closes_at_ms,
            u.checked_in_at_ms, u.warned_at_ms
        FROM occupancy o JOIN reservation r ON r.id = o.reservation_id JOIN meeting m ON m.reservation_id = r.id
        LEFT JOIN site_use u ON u.reservation_id = r.id AND u.site_id = o.site_id
        WHERE o.site_id = $1 AND o.state IN ('approved', 'in_use') AND r.state IN ('approved', 'displaced') AND m.ended_at_ms IS NULL
            AND m.closes_at_ms > $2 AND r.starts_at_ms < $3
        ORDER BY r.starts_at_ms LIMIT $4";
    BLOCKS = "SELECT starts_at_ms, ends_at_ms, kind FROM occupancy
        WHERE site_id = $1 AND state = 'blocked' AND ends_at_ms > $2 AND starts_at_ms < $3 ORDER BY starts_at_ms LIMIT $4";
}

names! {
    BlockKind {
        Maintenance = "maintenance",
        Blackout = "blackout",
        Fault = "fault",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Schedule {
    /// Another one where anything in it is another; to be sent back as `after`.
    pub version: String,
    /// The server's clock, to draw times right on a device whose clock is wrong.
    pub now_ms: UnixMs,
    pub device: DeviceRef,
    pub site: SiteRef,
    pub time_zone: String,
    /// The soonest first.
    pub items: Vec<Item>,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DeviceRef {
    pub id: DeviceId,
    #[schema(inline)]
    pub kind: DeviceKind,
    pub name: String,
}

/// One use of the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ScheduledUse)]
pub struct Item {
    pub reservation: ReservationId,
    pub meeting: MeetingId,
    /// Of a TERBUKA session alone. Absent: it may not be read here. Show that the room is booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
    /// The room system can join, and somebody can check in, from here,
    pub opens_at_ms: UnixMs,
    /// and the room system can stay until here.
    pub closes_at_ms: UnixMs,
    pub checked_in: bool,
    /// Nobody has come and everyone concerned was told: the rest of the slot is let go at this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_at_ms: Option<UnixMs>,
    /// It may be made this much longer now, minutes: nobody needs any of its sites until then.
    pub extension_minutes: i64,
}

/// Why the room cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Block {
    #[schema(inline)]
    pub kind: BlockKind,
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<ReservationId>,
    meeting_id: Text<MeetingId>,
    title: String,
    classification: String,
    starts_at_ms: i64,
    ends_at_ms: i64,
    opens_at_ms: i64,
    closes_at_ms: i64,
    checked_in_at_ms: Option<i64>,
    warned_at_ms: Option<i64>,
}

/// The schedule of the device's own site.
pub async fn of(booking: &Booking, tx: &mut Tx, device: &Stored) -> Result<Schedule> {
    let now = booking.clock.now();
    let site = sites::by_id(tx, device.site).await?.ok_or(Code::NotFound)?;
    let policy = use_of_rooms::policy_at(tx, now).await?;
    let until = now.saturating_add_ms(AHEAD_MS);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(ITEMS)
        .bind(Text(device.site)).bind(now.0).bind(until.0).bind(ITEMS_MAX).fetch_all(c).await)?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(item(tx, now, &policy, row).await?);
    }
    let mut schedule = Schedule {
        version: String::new(),
        now_ms: now,
        device: DeviceRef { id: device.id, kind: device.kind, name: device.name.clone() },
        time_zone: site.time_zone.clone(),
        site: site.as_ref(),
        items,
        blocks: blocks(tx, device.site, Slot { starts_at: now, ends_at: until }).await?,
    };
    schedule.version = version(&schedule)?;
    Ok(schedule)
}

async fn item(tx: &mut Tx, now: UnixMs, policy: &UsePolicy, row: Row) -> Result<Item> {
    let (reservation, slot) = (row.id.0, Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) });
    let running = slot.starts_at <= now && now < slot.ends_at;
    let extension_minutes = match running {
        true => use_of_rooms::extension_minutes(tx, now, reservation).await?,
        false => 0,
    };
    let readable = Classification::from_name(&row.classification) == Classification::Terbuka;
    Ok(Item {
        reservation,
        meeting: row.meeting_id.0,
        title: readable.then_some(row.title),
        starts_at_ms: slot.starts_at,
        ends_at_ms: slot.ends_at,
        opens_at_ms: UnixMs(row.opens_at_ms),
        closes_at_ms: UnixMs(row.closes_at_ms),
        checked_in: row.checked_in_at_ms.is_some(),
        release_at_ms: row.warned_at_ms.map(|at| policy.release_at(slot, UnixMs(at))).filter(|_| row.checked_in_at_ms.is_none()),
        extension_minutes,
    })
}

async fn blocks(tx: &mut Tx, site: SiteId, within: Slot) -> Result<Vec<Block>> {
    let rows: Vec<(i64, i64, Text<BlockKind>)> = on!(tx, c => sqlx::query_as(BLOCKS)
        .bind(Text(site)).bind(within.starts_at.0).bind(within.ends_at.0).bind(ITEMS_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(from, to, kind)| Block { kind: kind.0, starts_at_ms: UnixMs(from), ends_at_ms: UnixMs(to) }).collect())
}

/// Of everything in it but the time at which it was read.
fn version(of: &Schedule) -> Result<String> {
    let timeless = Schedule { now_ms: UnixMs(0), ..of.clone() };
    Ok(digest::sha256_hex(&serde_json::to_vec(&timeless)?).chars().take(32).collect())
}
