//! One headless participant: signalling on a WebSocket, one peer connection with fixed slots, and a count of what arrives from whom.

use crate::{
    api::Api,
    media::{self, Mark},
};
use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use rtc::{
    media_stream::MediaStreamTrack,
    peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_VP8},
    rtp,
    rtp_transceiver::rtp_sender::{
        RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
    },
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message, tungstenite::client::IntoClientRequest};
use webrtc::{
    media_stream::{
        track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder, RTCPeerConnectionState,
        RTCSdpType, RTCSessionDescription, Registry, register_default_interceptors,
    },
    rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit},
};
use wire::{
    id::{MeetingId, SessionId},
    limits::SIGNAL_VERSION,
    signal::*,
};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a participant sends and how many slots it offers.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub audio_slots: usize,
    pub video_slots: usize,
    pub video_frames_per_second: u32,
    pub video_frame_bytes: usize,
    /// Milliseconds between two key frames that nobody asked for.
    pub key_frame_every: u32,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { audio_slots: 3, video_slots: 4, video_frames_per_second: 15, video_frame_bytes: 1500, key_frame_every: 15 }
    }
}

/// What has arrived: packets and marked frames by slot.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub packets: u64,
    pub audio_packets: u64,
    pub video_packets: u64,
    /// Marks by the person who made them, and how often a mark came from a person other than the one the slot shows.
    pub frames_by_person: HashMap<u32, u64>,
    pub audio_by_person: HashMap<u32, u64>,
    pub first_media_after: Option<Duration>,
}

/// A refused join, as the server said it.
#[derive(Debug)]
pub struct JoinRefused(pub wire::Refusal);

impl std::fmt::Display for JoinRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "join refused: {}", self.0)
    }
}
impl std::error::Error for JoinRefused {}

pub struct Participant {
    pub mark: u32,
    pub session: SessionId,
    pub joined: ServerMessage,
    /// The roster as messages have changed it since.
    pub view: watch::Receiver<View>,
    pub ticket: Arc<Mutex<String>>,
    received: Arc<Mutex<Received>>,
    connection: Arc<dyn PeerConnection>,
    outgoing: tokio::sync::mpsc::Sender<Request>,
    tasks: Vec<JoinHandle<()>>,
}

/// What a client knows of the room.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub participants: Vec<wire::signal::Participant>,
    pub recording: Option<RecordingNotice>,
    pub ended: Option<LeaveReason>,
    pub socket_closed: bool,
}

/// A message, and who waits for its answer.
type Request = (ClientMessage, Option<oneshot::Sender<ServerMessage>>);

/// Requests on their way to the socket.
const REQUESTS_MAX: usize = 256;

pub async fn open_socket(origin: &str, signal_url: &str) -> Result<Socket> {
    let url = if signal_url.starts_with('/') { format!("{}{signal_url}", origin.replacen("http", "ws", 1)) } else { signal_url.to_owned() };
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("origin", origin.parse()?);
    Ok(tokio_tungstenite::connect_async(request).await.context("opening signalling")?.0)
}

pub async fn send(socket: &mut Socket, id: RequestId, message: ClientMessage) -> Result<()> {
    Ok(socket.send(Message::text(serde_json::to_string(&ClientEnvelope { id, message })?)).await?)
}

/// The next message of the server; an error where the socket closes first.
pub async fn receive(socket: &mut Socket) -> Result<ServerMessage> {
    loop {
        match socket.next().await.context("the server closed the socket")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(frame) => bail!("the server closed the socket: {frame:?}"),
            _ => {}
        }
    }
}

struct Events {
    arrived: tokio::sync::mpsc::UnboundedSender<Arc<dyn TrackRemote>>,
    state: watch::Sender<RTCPeerConnectionState>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        // Bounded by the slots offered.
        let _ = self.arrived.send(track);
    }
}

fn codec(kind: RtpCodecKind) -> RTCRtpCodecParameters {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.into(), parameter: parameter.into() };
    match kind {
        RtpCodecKind::Audio => RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: MIME_TYPE_OPUS.into(),
                clock_rate: 48_000,
                channels: 2,
                sdp_fmtp_line: "minptime=10;useinbandfec=1".into(),
                rtcp_feedback: vec![feedback("transport-cc", "")],
            },
            payload_type: 111,
            ..Default::default()
        },
        _ => RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: MIME_TYPE_VP8.into(),
                clock_rate: 90_000,
                channels: 0,
                sdp_fmtp_line: String::new(),
                rtcp_feedback: vec![feedback("transport-cc", ""), feedback("nack", ""), feedback("nack", "pli"), feedback("ccm", "fir")],
            },
            payload_type: 96,
            ..Default::default()
        },
    }
}

fn local_track(kind: RtpCodecKind, name: &str, ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: codec(kind).rtp_codec,
        ..Default::default()
    };
    Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new("person".into(), name.into(), name.into(), kind, vec![encoding])))
}

/// A peer connection as the client offers it: microphone, camera, then the slots.
struct Offered {
    connection: Arc<dyn PeerConnection>,
    sdp: String,
    publish: Vec<PublishIntent>,
    video_slots: Vec<String>,
    audio: Arc<TrackLocalStaticRTP>,
    video: Arc<TrackLocalStaticRTP>,
    ssrcs: (u32, u32),
    arrived: tokio::sync::mpsc::UnboundedReceiver<Arc<dyn TrackRemote>>,
    state: watch::Receiver<RTCPeerConnectionState>,
}

async fn offer(behaviour: &Behaviour) -> Result<Offered> {
    let mut engine = MediaEngine::default();
    for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
        engine.register_codec(codec(kind), kind)?;
    }
    let registry = register_default_interceptors(Registry::new(), &mut engine)?;
    let (arrived_sender, arrived) = tokio::sync::mpsc::unbounded_channel();
    let (state_sender, state) = watch::channel(RTCPeerConnectionState::New);
    let connection: Arc<dyn PeerConnection> = Arc::new(
        PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(Events { arrived: arrived_sender, state: state_sender }))
            .with_runtime(webrtc::runtime::default_runtime().context("no runtime")?)
            .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
            .build()
            .await?,
    );
    let ssrcs = (rand::random::<u32>(), rand::random::<u32>());
    let audio = local_track(RtpCodecKind::Audio, "microphone", ssrcs.0);
    let video = local_track(RtpCodecKind::Video, "camera", ssrcs.1);
    let sendonly =
        || Some(RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Sendonly, streams: vec![], send_encodings: vec![] });
    let recvonly =
        || Some(RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, streams: vec![], send_encodings: vec![] });
    connection.add_transceiver_from_track(audio.clone() as Arc<dyn TrackLocal>, sendonly()).await?;
    connection.add_transceiver_from_track(video.clone() as Arc<dyn TrackLocal>, sendonly()).await?;
    for _ in 0..behaviour.audio_slots {
        connection.add_transceiver_from_kind(RtpCodecKind::Audio, recvonly()).await?;
    }
    for _ in 0..behaviour.video_slots {
        connection.add_transceiver_from_kind(RtpCodecKind::Video, recvonly()).await?;
    }
    let offer = connection.create_offer(None).await?;
    let sdp = offer.sdp.clone();
    connection.set_local_description(offer).await?;
    let mids: Vec<String> = sdp.lines().filter_map(|line| line.strip_prefix("a=mid:")).map(|it| it.trim().to_owned()).collect();
    if mids.len() != 2 + behaviour.audio_slots + behaviour.video_slots {
        bail!("the offer has {} m-lines", mids.len());
    }
    let publish = vec![
        PublishIntent { mid: mids[0].clone(), kind: SourceKind::Microphone, muted: false },
        PublishIntent { mid: mids[1].clone(), kind: SourceKind::Camera, muted: false },
    ];
    let video_slots = mids[2 + behaviour.audio_slots..].to_vec();
    Ok(Offered { connection, sdp, publish, video_slots, audio, video, ssrcs, arrived, state })
}

/// A join token for a meeting, minted on this person's behalf.
pub async fn grant(api: &Api, meeting: MeetingId) -> Result<(String, String)> {
    let body = api.post(&format!("/meetings/{meeting}/grant"), serde_json::json!({})).await?.ok()?;
    Ok((body["token"].as_str().context("no token")?.to_owned(), body["signal_url"].as_str().context("no signal_url")?.to_owned()))
}

impl Participant {
    /// Presses Join: grant, socket, offer, answer; then sends and receives until dropped or [`Participant::leave`].
    pub async fn join(api: &Api, meeting: MeetingId, mark: u32, behaviour: Behaviour) -> Result<Self> {
        let (token, signal_url) = grant(api, meeting).await?;
        Self::join_with(api.origin(), &signal_url, meeting, token, mark, behaviour).await
    }

    /// Joins with a token that is there already.
    pub async fn join_with(
        origin: &str,
        signal_url: &str,
        meeting: MeetingId,
        token: String,
        mark: u32,
        behaviour: Behaviour,
    ) -> Result<Self> {
        let pressed = Instant::now();
        let offered = offer(&behaviour).await?;
        let mut socket = open_socket(origin, signal_url).await?;
        let message = ClientMessage::Join {
            version: SIGNAL_VERSION,
            room: meeting,
            token,
            offer: offered.sdp.clone(),
            publish: offered.publish.clone(),
            proof: None,
        };
        send(&mut socket, 1, message).await?;
        Self::live(socket, offered, mark, behaviour, pressed).await
    }

    /// Comes back with a ticket on a new socket and a new peer connection, as after the server was killed and started again.
    pub async fn resume(origin: &str, signal_url: &str, ticket: String, mark: u32, behaviour: Behaviour) -> Result<Self> {
        let pressed = Instant::now();
        let offered = offer(&behaviour).await?;
        let mut socket = open_socket(origin, signal_url).await?;
        let message =
            ClientMessage::Resume { version: SIGNAL_VERSION, ticket, offer: Some(offered.sdp.clone()), publish: offered.publish.clone() };
        send(&mut socket, 1, message).await?;
        Self::live(socket, offered, mark, behaviour, pressed).await
    }

    async fn live(mut socket: Socket, offered: Offered, mark: u32, behaviour: Behaviour, pressed: Instant) -> Result<Self> {
        let joined = loop {
            match receive(&mut socket).await? {
                it @ ServerMessage::Joined { .. } => break it,
                ServerMessage::Refused { refusal, .. } => return Err(JoinRefused(refusal).into()),
                _ => {}
            }
        };
        let ServerMessage::Joined { session, ticket, answer, state, .. } = &joined else { bail!("not joined") };
        let answer = answer.clone().context("joined without an answer")?;
        let mut description = RTCSessionDescription::default();
        description.sdp_type = RTCSdpType::Answer;
        description.sdp = answer;
        offered.connection.set_remote_description(description).await?;

        let view = View { participants: state.participants.clone(), recording: state.recording.clone(), ..View::default() };
        let (view_sender, view) = watch::channel(view);
        let (outgoing, mut queue) = tokio::sync::mpsc::channel::<Request>(REQUESTS_MAX);
        let received = Arc::new(Mutex::new(Received::default()));
        let ticket = Arc::new(Mutex::new(ticket.clone()));
        let session = *session;
        let mut tasks = Vec::new();

        tasks.push(tokio::spawn(receive_tracks(offered.arrived, received.clone(), pressed)));
        tasks.push(tokio::spawn(send_media(offered.audio, offered.video, offered.ssrcs, offered.state, mark, behaviour)));

        let tickets = ticket.clone();
        let slots = offered.video_slots.clone();
        tasks.push(tokio::spawn(async move {
            let mut next_id: RequestId = 2;
            let mut wanted = Vec::new();
            let mut waiting: HashMap<RequestId, oneshot::Sender<ServerMessage>> = HashMap::new();
            loop {
                // Ask for the cameras of the others, in the roster's order, as a client with this many tiles would.
                let want = wanted_slots(&view_sender.borrow().participants, session, &slots);
                if want != wanted {
                    wanted = want.clone();
                    if send(&mut socket, next_id, ClientMessage::View { slots: want }).await.is_err() {
                        break;
                    }
                    next_id += 1;
                }
                tokio::select! {
                    message = queue.recv() => {
                        let Some((message, answer)) = message else { break };
                        if send(&mut socket, next_id, message).await.is_err() { break }
                        if let Some(answer) = answer {
                            waiting.insert(next_id, answer);
                        }
                        next_id += 1;
                    }
                    message = receive(&mut socket) => match message {
                        Ok(ServerMessage::Ticket { ticket }) => *tickets.lock().expect("no holder panics") = ticket,
                        Ok(message) => {
                            view_sender.send_modify(|view| reduce(view, &message));
                            if let ServerMessage::Done { id } | ServerMessage::Refused { id, .. } = message
                                && let Some(answer) = waiting.remove(&id)
                            {
                                let _ = answer.send(message);
                            }
                        }
                        Err(_) => break,
                    }
                }
            }
            view_sender.send_modify(|view| view.socket_closed = true);
        }));
        Ok(Self { mark, session, joined, view, ticket, received, connection: offered.connection, outgoing, tasks })
    }

    pub fn received(&self) -> Received {
        self.received.lock().expect("no holder panics").clone()
    }

    pub fn ticket(&self) -> String {
        self.ticket.lock().expect("no holder panics").clone()
    }

    /// Sends a request and gives its answer: nothing where it was done, the refusal where it was not.
    pub async fn ask(&self, message: ClientMessage) -> Result<Option<wire::Refusal>> {
        let (sender, answer) = oneshot::channel();
        self.outgoing.send((message, Some(sender))).await?;
        match answer.await.context("the socket closed before the answer")? {
            ServerMessage::Refused { refusal, .. } => Ok(Some(refusal)),
            _ => Ok(None),
        }
    }

    /// Waits until what this client knows of the room satisfies the condition.
    pub async fn until(&mut self, condition: impl FnMut(&View) -> bool) -> Result<()> {
        self.view.wait_for(condition).await?;
        Ok(())
    }

    /// Waits until what has arrived satisfies the condition.
    pub async fn until_received(&self, condition: impl Fn(&Received) -> bool) {
        // Media has no event of its own to wait for: look at each frame's time.
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while !condition(&self.received()) {
            tick.tick().await;
        }
    }

    pub async fn leave(self) {
        let _ = self.outgoing.send((ClientMessage::Leave, None)).await;
        let mut view = self.view.clone();
        let _ = tokio::time::timeout(Duration::from_secs(5), view.wait_for(|it| it.socket_closed)).await;
        self.vanish().await;
    }

    /// Stops without a word, as a laptop whose lid is shut.
    pub async fn vanish(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        let _ = self.connection.close().await;
    }
}

pub(crate) fn wanted_slots(participants: &[wire::signal::Participant], me: SessionId, slots: &[String]) -> Vec<SlotRequest> {
    let cameras = participants
        .iter()
        .filter(|it| it.session != me)
        .filter_map(|it| it.sources.iter().find(|source| source.kind == SourceKind::Camera).map(|source| source.source));
    slots
        .iter()
        .zip(cameras)
        .map(|(mid, source)| SlotRequest { mid: mid.clone(), source: Some(source), width: 640, height: 360, priority: 0 })
        .collect()
}

pub(crate) fn reduce(view: &mut View, message: &ServerMessage) {
    match message {
        ServerMessage::ParticipantJoined { participant } | ServerMessage::ParticipantChanged { participant } => {
            view.participants.retain(|it| it.session != participant.session);
            view.participants.push(participant.clone());
        }
        ServerMessage::ParticipantsChanged { participants } => {
            for participant in participants {
                view.participants.retain(|it| it.session != participant.session);
                view.participants.push(participant.clone());
            }
        }
        ServerMessage::ParticipantLeft { session, .. } => view.participants.retain(|it| it.session != *session),
        ServerMessage::Recording { recording } => view.recording.clone_from(recording),
        ServerMessage::Ended { reason } => view.ended = Some(*reason),
        _ => {}
    }
}

async fn receive_tracks(
    mut arrived: tokio::sync::mpsc::UnboundedReceiver<Arc<dyn TrackRemote>>,
    received: Arc<Mutex<Received>>,
    pressed: Instant,
) {
    let mut readers = tokio::task::JoinSet::new();
    while let Some(track) = arrived.recv().await {
        let received = received.clone();
        readers.spawn(async move {
            let audio = track.kind().await == RtpCodecKind::Audio;
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
                let mut counts = received.lock().expect("no holder panics");
                counts.packets += 1;
                counts.first_media_after.get_or_insert_with(|| pressed.elapsed());
                if audio {
                    counts.audio_packets += 1;
                    if let Some(mark) = Mark::of_audio(&packet.payload) {
                        *counts.audio_by_person.entry(mark.person).or_default() += 1;
                    }
                } else {
                    counts.video_packets += 1;
                    if let Some(mark) = Mark::of_video(&packet.payload) {
                        *counts.frames_by_person.entry(mark.person).or_default() += 1;
                    }
                }
            }
        });
    }
    while readers.join_next().await.is_some() {}
}

async fn send_media(
    audio: Arc<TrackLocalStaticRTP>,
    video: Arc<TrackLocalStaticRTP>,
    (audio_ssrc, video_ssrc): (u32, u32),
    mut state: watch::Receiver<RTCPeerConnectionState>,
    person: u32,
    behaviour: Behaviour,
) {
    if state.wait_for(|it| *it == RTCPeerConnectionState::Connected).await.is_err() {
        return;
    }
    let header = |payload_type, ssrc, sequence_number, timestamp, marker| rtp::header::Header {
        version: 2,
        payload_type,
        ssrc,
        sequence_number,
        timestamp,
        marker,
        ..Default::default()
    };
    // 20 ms turns carry the sound; every so many of them a picture.
    let turns_per_frame = (50 / behaviour.video_frames_per_second.max(1)).max(1);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let (mut audio_sequence, mut video_sequence) = (rand::random::<u16>() >> 1, rand::random::<u16>() >> 1);
    for turn in 0u32.. {
        ticks.tick().await;
        let packet = rtp::Packet {
            header: header(111, audio_ssrc, audio_sequence, turn.wrapping_mul(960), false),
            payload: media::audio(Mark { person, frame: turn }),
        };
        audio_sequence = audio_sequence.wrapping_add(1);
        if audio.write_rtp(packet).await.is_err() {
            return;
        }
        if turn % turns_per_frame != 0 {
            continue;
        }
        let frame = turn / turns_per_frame;
        let key = frame % behaviour.key_frame_every.max(1) == 0;
        let payloads = media::video(Mark { person, frame }, key, behaviour.video_frame_bytes);
        let last = payloads.len() - 1;
        for (index, payload) in payloads.into_iter().enumerate() {
            let packet = rtp::Packet { header: header(96, video_ssrc, video_sequence, turn.wrapping_mul(1800), index == last), payload };
            video_sequence = video_sequence.wrapping_add(1);
            if video.write_rtp(packet).await.is_err() {
                return;
            }
        }
    }
}
