//! The booking plane as the executable takes it: one value with what it works with, its routes, and its housekeeping.

use crate::{
    affected, attendance, blocks,
    calendar::feeds::{self, Limits, token::FeedKey},
    conditions, decisions, devices, faults, holidays, inventory, mail, maintenance,
    media::{
        carriers::{self, Channel},
        link,
    },
    meetings::{self, keys::Keys, seal::SEALING_KEY_BYTES},
    notices, overrides,
    photographs::{self, Shelf},
    policy, presence, recordings,
    reports::{self, Reports},
    reservations,
    settings::Settings,
    sites, use_of_rooms,
};
use axum::{Extension, Router, routing::get};
use identity::Identity;
use jsonwebtoken::jwk::JwkSet;
use kernel::{Db, Result, SharedClock};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How often what time has ended is let go, and rotated keys of other processes are read: well below a grant's life.
const HOUSEKEEPING_S: u64 = 15;

/// What every part of booking works with.
#[derive(Debug)]
pub struct Booking {
    pub(crate) db: Db,
    pub(crate) clock: SharedClock,
    pub(crate) settings: Settings,
    pub(crate) keys: Keys,
    pub(crate) feed_key: FeedKey,
    pub(crate) feed_limits: Limits,
    pub(crate) photographs: Shelf,
    pub(crate) reports: Reports,
}

impl Booking {
    /// Starts on a migrated database; makes the first signing key where there is none. `sealing_key` lies in the data folder and seals
    /// what the database keeps secret (SEC-2).
    pub async fn start(db: Db, clock: SharedClock, settings: Settings, sealing_key: &[u8; SEALING_KEY_BYTES]) -> Result<Arc<Self>> {
        let keys = Keys::open(db.clone(), clock.clone(), sealing_key).await?;
        let photographs = Shelf::new(&settings.data_folder, sealing_key);
        let (feed_key, feed_limits) = (FeedKey::of(sealing_key), Limits::new(clock.clone()));
        Ok(Arc::new(Self { db, clock, settings, keys, feed_key, feed_limits, photographs, reports: Reports::default() }))
    }

    /// The public keys now.
    pub fn jwks(&self) -> Arc<JwkSet> {
        self.keys.published()
    }

    /// The public keys as they change: for a media plane in the same process.
    pub fn watch_jwks(&self) -> watch::Receiver<Arc<JwkSet>> {
        self.keys.subscribe()
    }

    /// A new signing key from now on; what the old one signed stays good. Answers the new key's id.
    pub async fn rotate_signing_key(&self) -> Result<String> {
        self.keys.rotate().await
    }

    /// Housekeeping, for as long as it is polled; stop it by dropping the future.
    pub async fn run(&self) {
        let mut every = tokio::time::interval(Duration::from_secs(HOUSEKEEPING_S));
        if let Err(error) = photographs::sweep_strays(self, self.clock.now()).await {
            tracing::warn!(error = %error, "files of photographs without a row could not be swept");
        }
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            if let Err(error) = self.keep_house().await {
                tracing::warn!(error = %error, "housekeeping failed and is tried again");
            }
        }
    }

    async fn keep_house(&self) -> Result<()> {
        let now = self.clock.now();
        use_of_rooms::no_shows_due(&self.db, now).await?;
        kernel::transact!(self.db, tx => devices::forget_old(tx, now).await)?;
        let lapsed = reservations::lapse_due(&self.db, now).await?;
        if lapsed > 0 {
            tracing::info!(lapsed, "applications whose time came undecided were let go");
        }
        decisions::returns::lapse_due(&self.db, now).await?;
        decisions::consents::ask_due(&self.db, now).await?;
        decisions::reminders::holds_ending_due(&self.db, now).await?;
        decisions::reminders::remind_due(&self.db, now).await?;
        conditions::remind_due(&self.db, now).await?;
        photographs::sweep_due(self, now).await?;
        blocks::renew_due(&self.db, now).await?;
        faults::remind_due(&self.db, now).await?;
        kernel::transact!(self.db, tx => notices::store::forget_old(tx, now).await)?;
        let expired = reservations::hold_expiry_due(&self.db, now).await?;
        if expired > 0 {
            tracing::info!(expired, "holds that ran out undecided were let go");
        }
        let moved = reservations::waiting_due(&self.db, now).await?;
        if moved > 0 {
            tracing::info!(moved, "places in the waiting list were offered or let go");
        }
        self.keys.refresh().await
    }

    /// Delivers invitations and mail, for as long as it is polled; stop it by dropping the future.
    pub async fn deliver(&self) {
        mail::deliver::run(self).await;
    }

    /// Serves the link of a media node in the same process until its end is dropped; see [`crate::media::carriers::channel`].
    pub async fn serve_media(&self, channel: Channel) -> Result<()> {
        link::serve(&self.db, &self.clock, None, channel).await
    }
}

/// The routes of booking, to be nested under `/api/v1`.
pub fn router(booking: Arc<Booking>, identity: Identity) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sites::http::list, sites::http::create))
        .routes(routes!(sites::http::read, sites::http::amend))
        .routes(routes!(sites::http::preview))
        .routes(routes!(sites::http::facilitators))
        .routes(routes!(affected::http::list))
        .routes(routes!(holidays::http::list))
        .routes(routes!(holidays::http::preview))
        .routes(routes!(holidays::http::change))
        .routes(routes!(policy::http::list, policy::http::create))
        .routes(routes!(policy::http::lint))
        .routes(routes!(policy::http::replay))
        .routes(routes!(policy::http::withdraw))
        .routes(routes!(reservations::availability::http::availability))
        .routes(routes!(reservations::http::verdict))
        .routes(routes!(reservations::http::create, reservations::http::list))
        .routes(routes!(reservations::search::http::search))
        .routes(routes!(reservations::http::read, reservations::amendment::http::put))
        .routes(routes!(reservations::amendment::http::verdict))
        .routes(routes!(reservations::waiting::http::offer))
        .routes(routes!(reservations::drafts::http::list, reservations::drafts::http::create))
        .routes(routes!(reservations::drafts::http::read, reservations::drafts::http::put, reservations::drafts::http::delete))
        .routes(routes!(reservations::drafts::http::copy))
        .routes(routes!(reservations::series::http::create))
        .routes(routes!(reservations::series::http::read))
        .routes(routes!(reservations::series::http::verdict))
        .routes(routes!(decisions::http::decide))
        .routes(routes!(decisions::http::list))
        .routes(routes!(decisions::http::dossier))
        .routes(routes!(decisions::http::consents))
        .routes(routes!(decisions::http::consent))
        .routes(routes!(decisions::http::delegations, decisions::http::delegate))
        .routes(routes!(decisions::http::end_delegation))
        .routes(routes!(reservations::http::withdrawal))
        .merge(use_of_rooms::http::routes())
        .merge(devices::http::routes())
        .routes(routes!(overrides::http::list, overrides::http::create))
        .routes(routes!(overrides::http::read))
        .routes(routes!(overrides::http::decide))
        .routes(routes!(conditions::http::file))
        .routes(routes!(conditions::http::list))
        .routes(routes!(conditions::http::read))
        .routes(routes!(conditions::http::sign))
        .routes(routes!(faults::http::create, faults::http::list))
        .routes(routes!(inventory::http::list, inventory::http::add))
        .routes(routes!(inventory::http::labels))
        .routes(routes!(inventory::http::read, inventory::http::amend))
        .routes(routes!(inventory::http::retire, inventory::http::restore))
        .routes(routes!(inventory::http::self_test))
        .routes(routes!(faults::http::open))
        .routes(routes!(faults::http::targets, faults::http::set_targets))
        .routes(routes!(faults::http::read))
        .routes(routes!(faults::http::perform))
        .routes(routes!(faults::http::report_at_panel))
        .routes(routes!(maintenance::http::create, maintenance::http::list))
        .routes(routes!(maintenance::http::preview))
        .routes(routes!(maintenance::http::read))
        .routes(routes!(maintenance::http::perform))
        .routes(routes!(blocks::http::create, blocks::http::list))
        .routes(routes!(blocks::http::preview))
        .routes(routes!(blocks::http::read))
        .routes(routes!(blocks::http::end))
        .routes(routes!(blocks::http::choose))
        .routes(routes!(photographs::http::create))
        .routes(routes!(photographs::http::read))
        .routes(routes!(meetings::http::create, meetings::http::list))
        .routes(routes!(meetings::http::read))
        .routes(routes!(meetings::http::grant))
        .routes(routes!(meetings::http::invitation))
        .routes(routes!(presence::http::list))
        .routes(routes!(presence::http::say))
        .routes(routes!(attendance::http::read))
        .routes(routes!(attendance::http::table))
        .routes(routes!(attendance::http::readmit))
        .routes(routes!(notices::http::list))
        .routes(routes!(notices::http::read))
        .routes(routes!(mail::http::list))
        .routes(routes!(mail::http::read))
        .routes(routes!(mail::http::resend))
        .routes(routes!(feeds::http::list, feeds::http::create))
        .routes(routes!(feeds::http::revoke))
        .routes(routes!(recordings::http::list))
        .routes(routes!(recordings::http::view))
        .routes(routes!(reports::http::read))
        .routes(routes!(reports::http::table))
        .routes(routes!(reports::http::agencies_use))
        .routes(routes!(reports::http::want))
        .with_state(booking)
        .layer(Extension(identity))
}

/// The routes that stand outside `/api/v1` and are no part of its document: the public keys, the media nodes' way in, and calendars'.
pub fn edge_router(booking: Arc<Booking>) -> Router {
    Router::new()
        .route("/.well-known/jwks.json", get(meetings::http::jwks))
        .route("/internal/media", get(carriers::open))
        .route("/calendar/{file}", get(feeds::http::read))
        .with_state(booking)
}
