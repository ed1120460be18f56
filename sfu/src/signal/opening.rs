//! The first message of a socket: from a token or a ticket to a session. Everything that can be refused without the engine is refused
//! here, off its threads.

use super::{
    Signal, message, proof,
    sessions::{Claim, Line, Opening, Seated, Sessions},
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

/// A question to the engine. Whoever stops waiting for its answer gives it up: the socket closed, or it took too long.
struct Asked<'a> {
    sessions: &'a Sessions,
    request: Option<RequestId>,
}

impl Asked<'_> {
    fn settled(mut self) {
        self.request = None;
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request {
            self.sessions.give_up(request);
        }
    }
}

impl Signal {
    pub(super) async fn begin(&self, first: ClientMessage, line: &Line) -> Result<Seated, Refusal> {
        line.begin();
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
        let opening = Opening { session: SessionId::fresh(), grant, generation: 0, breakout: None, media: Some(media), line: line.clone() };
        self.wait(self.sessions.open(opening, false, false)?, line).await
    }

    async fn resume(&self, ticket: &str, offer: Option<String>, publish: Vec<PublishIntent>, line: &Line) -> Result<Seated, Refusal> {
        let unknown = || Refusal::new(Code::ResumeUnknown);
        let Ticket { session, generation, grant, breakout, .. } = self.sessions.tickets.open(ticket, (self.clock)()).ok_or_else(unknown)?;
        let ticket = Ticket { session, generation, grant, breakout, expires_at_ms: (self.clock)() };
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
        let opening = |media| Opening { session, grant: ticket.grant.clone(), generation, breakout, media, line: line.clone() };
        match self.wait(self.sessions.open(opening(media.clone()), true, live)?, line).await {
            // It ended while the resume was on its way: the ticket is still good for building it anew.
            Err(refusal) if live && refusal.code == Code::ResumeUnknown => {
                self.wait(self.sessions.open(opening(media), true, false)?, line).await
            }
            answer => answer,
        }
    }

    /// The engine answers at once, or says at once that the join waits before the door; then there is no end to it but the answer.
    async fn wait(
        &self,
        (request, mut answer): (RequestId, oneshot::Receiver<Result<Seated, Refusal>>),
        line: &Line,
    ) -> Result<Seated, Refusal> {
        let asked = Asked { sessions: &self.sessions, request: Some(request) };
        let answered = match tokio::time::timeout(ENGINE_TIMEOUT, &mut answer).await {
            Err(_) if line.is_waiting() => Ok(answer.await),
            answered => answered,
        };
        match answered {
            Ok(Ok(answer)) => {
                asked.settled();
                answer
            }
            Ok(Err(_)) | Err(_) => Err(Refusal::new(Code::Unavailable).with("retry_after_s", 1)),
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
