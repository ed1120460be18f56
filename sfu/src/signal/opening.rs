//! The first message of a socket: from a token or a ticket to a session. Everything that can be refused without the engine is refused
//! here, off its threads.

use super::{
    Signal, message, proof,
    sessions::{Claim, Line, Opening, Seated},
    ticket::Ticket,
    used::Use,
};
use crate::{engine::api::Media, sdp::Keep};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use wire::{
    Code, Refusal, Rule,
    id::{MeetingId, SessionId},
    limits::SIGNAL_VERSION,
    signal::{ClientMessage, PublishIntent, RequestId},
};

/// The engine answers a join within a turn of its loop; one that is this late will not.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a newcomer shows: the token, and for a room system's that it holds the key which the token names.
struct Shown<'a> {
    token: &'a str,
    proof: Option<&'a str>,
}

impl Signal {
    pub(super) async fn begin(&self, first: ClientMessage, line: &Line) -> Result<Seated, Refusal> {
        match first {
            ClientMessage::Join { version, room, token, offer, publish, proof } => {
                check_version(version)?;
                self.join(room, Shown { token: &token, proof: proof.as_deref() }, offer, publish, line).await
            }
            ClientMessage::Resume { version, ticket, offer, publish } => {
                check_version(version)?;
                self.resume(&ticket, offer, publish, line).await
            }
            _ => Err(Refusal::new(Code::SignalOutOfOrder)),
        }
    }

    /// MEET-8: the token first, so that nobody without one learns even an address of ours.
    async fn join(
        &self,
        room: MeetingId,
        shown: Shown<'_>,
        offer: String,
        publish: Vec<PublishIntent>,
        line: &Line,
    ) -> Result<Seated, Refusal> {
        let grant = self.grants.open(shown.token, room, (self.clock)()).await?;
        proof::check(&grant, shown.token, shown.proof, (self.clock)())?;
        let media = self.answer(offer, publish, Keep::Nothing).await?;
        let used = self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner).consume(grant.jti, grant.exp, (self.clock)());
        match used {
            Use::First => {}
            Use::Again => return Err(Refusal::by(Code::GrantUsed, Rule::Meet8)),
            Use::Full => return Err(Refusal::new(Code::Unavailable).with("retry_after_s", 5)),
        }
        let opening = Opening { session: SessionId::fresh(), grant, generation: 0, media: Some(media), line: line.clone() };
        self.wait(self.sessions.open(opening, false, false)?).await
    }

    async fn resume(&self, ticket: &str, offer: Option<String>, publish: Vec<PublishIntent>, line: &Line) -> Result<Seated, Refusal> {
        let unknown = || Refusal::new(Code::ResumeUnknown);
        let Ticket { session, generation, grant, .. } = self.sessions.tickets.open(ticket, (self.clock)()).ok_or_else(unknown)?;
        let ticket = Ticket { session, generation, grant, expires_at_ms: (self.clock)() };
        if self.sessions.claim(&ticket) == Claim::Elsewhere {
            return Err(unknown());
        }
        let media = match offer {
            Some(offer) => {
                let keep = self.sessions.media(session).map_or(Keep::Nothing, |media| Keep::Sources(Box::new(media)));
                Some(self.answer(offer, publish, keep).await?)
            }
            None => None,
        };
        // The answer took its time: what was known before may have changed.
        let live = match self.sessions.claim(&ticket) {
            Claim::Live => true,
            Claim::Unknown => false,
            Claim::Elsewhere => return Err(unknown()),
        };
        let opening = |media| Opening { session, grant: ticket.grant.clone(), generation, media, line: line.clone() };
        match self.wait(self.sessions.open(opening(media.clone()), true, live)?).await {
            // It ended while the resume was on its way: the ticket is still good for building it anew.
            Err(refusal) if live && refusal.code == Code::ResumeUnknown => {
                self.wait(self.sessions.open(opening(media), true, false)?).await
            }
            answer => answer,
        }
    }

    async fn wait(&self, (request, answer): (RequestId, oneshot::Receiver<Result<Seated, Refusal>>)) -> Result<Seated, Refusal> {
        match tokio::time::timeout(ENGINE_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => {
                self.sessions.give_up(request);
                Err(Refusal::new(Code::Unavailable).with("retry_after_s", 1))
            }
        }
    }

    /// Off the threads that must not wait. Whether the grant permits to send what is answered is the room's to say: it may change.
    async fn answer(&self, offer: String, publish: Vec<PublishIntent>, keep: Keep) -> Result<(Media, String), Refusal> {
        let plane = Arc::clone(&self.plane);
        let answered = tokio::task::spawn_blocking(move || plane.answer(&offer, &publish, &keep)).await;
        answered.unwrap_or_else(|_| Err(Refusal::new(Code::Internal)))
    }

    pub(super) async fn reoffer(
        &self,
        session: SessionId,
        id: RequestId,
        offer: String,
        publish: Vec<PublishIntent>,
    ) -> Result<(), Refusal> {
        let media = self.sessions.media(session).ok_or_else(|| Refusal::new(Code::ResumeUnknown))?;
        let (media, answer) = self.answer(offer, publish, Keep::Connection(Box::new(media))).await?;
        self.sessions.offer(session, id, media, answer)
    }
}

fn check_version(version: u16) -> Result<(), Refusal> {
    if version == SIGNAL_VERSION { Ok(()) } else { Err(message::wrong_version()) }
}
