//! What is due leaves: invitations are brought up to date, and mails are sent.

use super::{
    Failure, MailState,
    compose::compose,
    sender::{Outcome, Sender},
    store,
};
use crate::{Booking, calendar};
use kernel::{
    Db, Result,
    crash::{self, point},
    outbox,
};
use std::time::Duration;
use wire::UnixMs;

/// Mails of one round.
const ROUND_MAX: i64 = 50;
/// How long a mail that is being sent is left alone: whoever sends it has died if it still waits then.
const LEASE_MS: i64 = 5 * 60_000;
/// Pauses after the first attempts that failed for now, in minutes; the last one from then on. Together about a day and a half.
const PAUSES_MIN: [i64; 5] = [1, 5, 15, 60, 240];
const ATTEMPTS_MAX: i64 = 12;
/// A mail that never left in this time (no mail server was named) is not sent any more: nobody wants last week's invitations at once.
const STALE_MS: i64 = 3 * 86_400_000;
/// The first pause where no mail can leave, and the longest.
const AWAY_MS: (u64, u64) = (2_000, 300_000);

/// What a round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Round {
    pub settled: usize,
    pub deferred: usize,
    /// No mail can leave at present: the round was broken off.
    pub away: Option<Failure>,
}

/// Delivers for as long as it is polled; stop it by dropping the future.
pub async fn run(booking: &Booking) {
    let host = calendar::host_of(&booking.settings.issuer).to_owned();
    let sender = booking.settings.mail.smtp.as_ref().and_then(|smtp| match Sender::new(smtp, &host) {
        Ok(sender) => Some(sender),
        Err(error) => {
            // The executable tries it before it starts; without a sender mail waits and is shown as waiting.
            tracing::error!(error = %error, "the settings of the mail server cannot be used");
            None
        }
    });
    let (mut failures, mut away_until) = (0u32, Duration::ZERO);
    loop {
        outbox::changed(&booking.db).await;
        if let Err(error) = calendar::invite::invitations_due(&booking.db, booking.clock.now(), &host).await {
            tracing::warn!(error = %error, "invitations could not be brought up to date and are tried again");
        }
        let Some(sender) = &sender else { continue };
        if booking.clock.monotonic() < away_until {
            continue;
        }
        let away = match send_due(booking, sender).await {
            Ok(round) => round.away.map(Failure::text),
            Err(error) => {
                tracing::warn!(error = %error, "mail could not be sent and is tried again");
                Some("store")
            }
        };
        failures = if away.is_some() { failures.saturating_add(1) } else { 0 };
        if let Some(failure) = away {
            let pause = Duration::from_millis((AWAY_MS.0 << failures.min(10)).min(AWAY_MS.1));
            tracing::warn!(failure, failures, pause_ms = pause.as_millis(), "no mail can leave at present");
            away_until = booking.clock.monotonic().saturating_add(pause);
        }
    }
}

/// Sends what is due, one person's mails in their order, until nothing is or none can leave.
pub async fn send_due(booking: &Booking, sender: &Sender) -> Result<Round> {
    let mut round = Round::default();
    loop {
        let due = store::due(&mut booking.db.read().await?, booking.clock.now(), ROUND_MAX).await?;
        if due.is_empty() {
            return Ok(round);
        }
        for id in due {
            let now = booking.clock.now();
            let claimed = kernel::transact!(booking.db, tx => store::claim(tx, id, now, now.saturating_add_ms(LEASE_MS)).await)?;
            let Some(mail) = claimed else { continue };
            point(crash::MAIL_TAKEN, &[]);
            let outcome = attempt(booking, sender, &mail, now).await?;
            point(crash::MAIL_SENT, &[]);
            metrics::counter!("sidang_mails_total", "outcome" => outcome_text(outcome)).increment(1);
            conclude(&booking.db, &mail, outcome, booking.clock.now()).await?;
            point(crash::MAIL_MARKED, &[]);
            match outcome {
                Outcome::Sent | Outcome::Never(_) => round.settled += 1,
                Outcome::Later(_) => round.deferred += 1,
                Outcome::Away(failure) => return Ok(Round { away: Some(failure), ..round }),
            }
        }
    }
}

async fn attempt(booking: &Booking, sender: &Sender, mail: &store::Stored, now: UnixMs) -> Result<Outcome> {
    if mail.attempts <= 1 && now.0.saturating_sub(mail.due_at.0) > STALE_MS {
        return Ok(Outcome::Never(Failure::Stale));
    }
    let found = identity::recipients(&mut booking.db.read().await?, &[mail.person]).await?;
    let Some(to) = found.first().filter(|it| it.is_active()) else { return Ok(Outcome::Never(Failure::PersonGone)) };
    let message = compose(mail, to, &booking.settings).and_then(|it| it.message(&booking.settings));
    Ok(match message {
        Ok(message) => sender.send(message).await,
        Err(error) => {
            tracing::error!(mail.id = %mail.id, error = %error, "a mail cannot be written");
            Outcome::Never(Failure::Unwritable)
        }
    })
}

/// Stores what became of it. Where this is not reached, the mail is sent again under the same Message-ID.
async fn conclude(db: &Db, mail: &store::Stored, outcome: Outcome, now: UnixMs) -> Result<()> {
    let settled = match outcome {
        Outcome::Sent => Some((MailState::Sent, None)),
        Outcome::Never(failure @ (Failure::PersonGone | Failure::Stale)) => Some((MailState::Dropped, Some(failure))),
        Outcome::Never(failure) => Some((MailState::Failed, Some(failure))),
        Outcome::Later(failure) if mail.attempts >= ATTEMPTS_MAX => Some((MailState::Failed, Some(failure))),
        Outcome::Later(_) | Outcome::Away(_) => None,
    };
    kernel::transact!(db, tx => {
        match (settled, outcome) {
            (Some((state, failure)), _) => store::settle(tx, mail.id, state, failure, now).await,
            (None, Outcome::Away(failure)) => store::give_back(tx, mail.id, failure, now).await,
            (None, Outcome::Later(failure)) => store::defer(tx, mail.id, failure, now.saturating_add_ms(pause_ms(mail.attempts))).await,
            (None, Outcome::Sent | Outcome::Never(_)) => Ok(()),
        }
    })
}

fn pause_ms(attempts: i64) -> i64 {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(PAUSES_MIN.len() - 1);
    PAUSES_MIN[place] * 60_000
}

const fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => "sent",
        Outcome::Later(_) => "later",
        Outcome::Never(_) => "never",
        Outcome::Away(_) => "away",
    }
}
