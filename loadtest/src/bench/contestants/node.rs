//! Our media node as a contestant: `sidang sfu` in a process of its own, with everything switched on, joined as a browser joins it. In the place of
//! the booking node stands a list of keys with which the grants are signed here.

use super::{Entered, Person};
use crate::{
    bench::{
        generator::{Generator, Plan, Transport, handshake::Identity},
        sdp::{self, Line, Ours},
    },
    node,
    participant::{self, View, open_socket, receive, reduce, send, wanted_slots},
};
use anyhow::{Context, Result, bail};
use aws_lc_rs::signature::Ed25519KeyPair;
use axum::{Json, Router, routing::get};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use wire::{
    Classification,
    grant::{GRANT_TYP, GrantClaims, LobbyPolicy, Role},
    id::{GrantId, MeetingId, PersonId},
    limits::{GRANT_LIFE_S_MAX, SIGNAL_VERSION},
    signal::{ClientMessage, PublishIntent, ServerMessage, SourceKind},
};

/// `media.name` of a node that is told nothing else.
const AUDIENCE: &str = "sfu:main";
const SIGNAL: &str = "/media/signal";
const KID: &str = "loadtest";

pub struct Node {
    process: node::Node,
    data: PathBuf,
    issuer: String,
    key: EncodingKey,
    identity: Arc<Identity>,
    rooms: HashMap<u32, MeetingId>,
    /// The list of keys, and one for each socket.
    tasks: Vec<JoinHandle<()>>,
}

impl Node {
    pub async fn start(program: &Path) -> Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(|_| anyhow::anyhow!("no key"))?;
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().map_err(|_| anyhow::anyhow!("no key"))?.as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        jwk.common.key_id = Some(KID.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let set = JwkSet { keys: vec![jwk] };
        let router = Router::new().route("/.well-known/jwks.json", get(move || async move { Json(set) }));
        let keys = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the list of keys");
            }
        });
        let data = std::env::temp_dir().join(format!("sidang-bench-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&data)?;
        let environment = [("SIDANG_BOOKING_URL", issuer.as_str()), ("SIDANG_LOG_FILTER", "off")];
        let process = node::Node::start_as("sfu", program, &data, &environment).await?;
        Ok(Self { process, data, issuer, key, identity: Arc::new(Identity::new()?), rooms: HashMap::new(), tasks: vec![keys] })
    }

    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    fn token(&self, room: MeetingId) -> Result<String> {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let claims = GrantClaims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: PersonId::fresh(),
            jti: GrantId::fresh(),
            iat: now,
            nbf: now,
            exp: now + GRANT_LIFE_S_MAX,
            room,
            epoch: 0,
            classification: Classification::Terbuka,
            role: Role::Member,
            acts: Role::Member.acts(),
            name: "Pegawai Ujian".to_owned(),
            agency: "JDN".to_owned(),
            seat: None,
            room_system: None,
            cnf: None,
            lobby: LobbyPolicy::Off,
            opens_at: now - 60,
            closes_at: now + 4 * 3_600,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KID.to_owned());
        header.typ = Some(GRANT_TYP.to_owned());
        Ok(encode(&header, &claims, &self.key)?)
    }

    pub async fn enter(&mut self, generator: &mut Generator, person: &Person, opens: bool) -> Result<Entered> {
        let room = *self.rooms.entry(person.room).or_insert_with(MeetingId::fresh);
        let (client, _) = generator.take_local()?;
        let identity = Arc::clone(&self.identity);
        let ours = Ours::draw(&identity.fingerprint);
        let ssrcs: (u32, u32) = rand::random();
        let mut lines = Vec::new();
        let mut publish = Vec::new();
        if person.sends.is_some() {
            for (kind, ssrc) in [(SourceKind::Microphone, ssrcs.0), (SourceKind::Camera, ssrcs.1)] {
                publish.push(PublishIntent { mid: lines.len().to_string(), kind, muted: false });
                lines.push(Line { is_audio: kind.is_audio(), sends: Some(ssrc) });
            }
        }
        lines.extend((0..person.hears).map(|_| Line { is_audio: true, sends: None }));
        let first_tile = lines.len();
        lines.extend((0..person.sees).map(|_| Line { is_audio: false, sends: None }));
        let tiles: Vec<String> = (first_tile..lines.len()).map(|it| it.to_string()).collect();
        let offer = sdp::write(&ours, "actpass", &lines)?;
        let token = self.token(room)?;
        let mut socket = open_socket(&self.process.origin, SIGNAL).await?;

        let asked = Instant::now();
        send(&mut socket, 1, ClientMessage::Join { version: SIGNAL_VERSION, room, token, offer, publish, proof: None }).await?;
        let (session, answer, state) = loop {
            match receive(&mut socket).await? {
                ServerMessage::Joined { session, answer, state, .. } => break (session, answer.context("no answer")?, state),
                ServerMessage::Refused { refusal, .. } => bail!("join refused: {refusal}"),
                _ => {}
            }
        };
        let theirs = sdp::read(&answer)?;
        let (connected_sender, connected) = oneshot::channel();
        let (first_sender, first_media) = oneshot::channel();
        generator.add(Plan {
            client,
            remote: theirs.address,
            transport: Transport::Handshake(Arc::clone(&identity), theirs.credentials(&ours)),
            sends: person.sends.map(|sends| (sends, ssrcs)),
            opens,
            connected: Some(connected_sender),
            first_media: Some(first_sender),
        })?;
        // Asks for the cameras of the others, as far as there are tiles, whenever the roster changes.
        self.tasks.push(tokio::spawn(async move {
            let mut view = View { participants: state.participants, ..View::default() };
            let (mut wanted, mut request) = (Vec::new(), 2);
            loop {
                let want = wanted_slots(&view.participants, session, &tiles);
                if want != wanted {
                    wanted.clone_from(&want);
                    if participant::send(&mut socket, request, ClientMessage::View { slots: want }).await.is_err() {
                        return;
                    }
                    request += 1;
                }
                match receive(&mut socket).await {
                    Ok(message) => reduce(&mut view, &message),
                    Err(_) => return,
                }
            }
        }));
        Ok(Entered { asked, connected, first_media })
    }

    pub async fn stop(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        if let Err(error) = self.process.stop().await {
            tracing::warn!(%error, "stopping the node");
        }
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
