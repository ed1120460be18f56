//! Janus as a contestant: Debian's package with its VideoRoom, driven through its own WebSocket interface, in its strong setting (`event_loops = 1`).
//! Who sends and who receives are two connections each, as its clients have it.
//!
//! Janus does not use the loopback interface: it is reached at the host's outward address, and the generator's clients get addresses that are routed
//! to this host on that interface (`ip route add local`), which takes the right to change routes.

use super::{Entered, Person};
use crate::bench::{
    generator::{Generator, Plan, Transport, handshake::Identity, publisher::Sends},
    sdp::{self, Line, Ours, Theirs},
};
use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// Where its clients live: routed to this host on the interface that Janus uses.
pub const BASE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const ROUTE: &str = "10.77.0.0/16";
const PATIENCE: Duration = Duration::from_secs(10);
const STARTS: Duration = Duration::from_millis(100);
/// Messages for one request that wait.
const MESSAGES_MAX: usize = 64;

type Waiting = Arc<Mutex<HashMap<String, mpsc::Sender<Value>>>>;

pub struct Janus {
    child: Child,
    folder: PathBuf,
    writer: SplitSink<crate::participant::Socket, Message>,
    waiting: Waiting,
    reader: JoinHandle<()>,
    session: u64,
    identity: Arc<Identity>,
    rooms: HashMap<u32, Room>,
}

#[derive(Default)]
struct Room {
    /// Publishers, by Janus' own numbers.
    feeds: Vec<u64>,
    /// Who sends and receives, and has not begun to receive: the number of their own feed.
    later: Vec<(Person, u64)>,
}

/// The interface of the default route, and this host's address on it.
fn outward() -> Result<(String, Ipv4Addr)> {
    let output = std::process::Command::new("ip").args(["-json", "-4", "route", "get", "198.51.100.1"]).output().context("running ip")?;
    let routes: Value = serde_json::from_slice(&output.stdout).context("no outward route")?;
    let text = |name: &str| routes[0][name].as_str().map(str::to_owned).with_context(|| format!("no {name} of the outward route"));
    Ok((text("dev")?, text("prefsrc")?.parse()?))
}

fn route(verb: &str, interface: &str) -> bool {
    let output = std::process::Command::new("ip").args(["route", verb, "local", ROUTE, "dev", interface]).output();
    output.is_ok_and(|it| it.status.success())
}

fn configure(folder: &Path, port: u16, interface: &str) -> Result<()> {
    let nothing = folder.join("nothing");
    std::fs::create_dir_all(&nothing)?;
    let general = format!(
        "general: {{ configs_folder = \"{0}\" events_folder = \"{1}\" loggers_folder = \"{1}\" debug_level = 1 session_timeout = 0 event_loops = 1 \
         protected_folders = [] hide_dependencies = true }}\n\
         media: {{ ipv6 = false }}\n\
         nat: {{ ice_lite = true ice_tcp = false ice_enforce_list = \"{interface}\" }}\n\
         plugins: {{ disable = \"libjanus_audiobridge.so,libjanus_echotest.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_nosip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_lua.so,libjanus_duktape.so\" }}\n\
         transports: {{ disable = \"libjanus_http.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_mqtt.so,libjanus_nanomsg.so\" }}\n",
        folder.display(),
        nothing.display(),
    );
    std::fs::write(folder.join("janus.jcfg"), general)?;
    std::fs::write(folder.join("janus.plugin.videoroom.jcfg"), "general: { }\n")?;
    let transport = format!("general: {{ ws = true ws_port = {port} ws_ip = \"127.0.0.1\" wss = false }}\nadmin: {{ admin_ws = false }}\n");
    std::fs::write(folder.join("janus.transport.websockets.jcfg"), transport)?;
    Ok(())
}

impl Janus {
    pub async fn start(program: &Path) -> Result<Self> {
        let (interface, _) = outward()?;
        // It may be there from a run that was ended.
        route("del", &interface);
        ensure!(route("add", &interface), "the addresses of Janus' clients cannot be routed to this host (ip route add local)");
        let folder = std::env::temp_dir().join(format!("sidang-bench-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        configure(&folder, port, &interface)?;
        let mut command = Command::new(program);
        command.arg("-F").arg(&folder).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let begun = Instant::now();
        let socket = loop {
            let mut request = format!("ws://127.0.0.1:{port}").into_client_request()?;
            request.headers_mut().insert("sec-websocket-protocol", "janus-protocol".parse()?);
            match tokio_tungstenite::connect_async(request).await {
                Ok((socket, _)) => break socket,
                Err(error) if begun.elapsed() > PATIENCE => return Err(error).context("Janus does not answer"),
                Err(_) => tokio::time::sleep(STARTS).await,
            }
        };
        let (writer, mut messages) = socket.split();
        let waiting = Waiting::default();
        let known = Arc::clone(&waiting);
        let reader = tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                let Message::Text(text) = message else { continue };
                let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
                let name = value["transaction"].as_str().unwrap_or_default();
                let waits = known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
                if let Some(waits) = waits {
                    let _ = waits.try_send(value);
                }
            }
        });
        let mut janus =
            Self { child, folder, writer, waiting, reader, session: 0, identity: Arc::new(Identity::new()?), rooms: HashMap::new() };
        janus.session = janus.ask(json!({ "janus": "create" })).await?["data"]["id"].as_u64().context("no session")?;
        Ok(janus)
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// A request, and what comes after its acknowledgement.
    async fn ask(&mut self, mut request: Value) -> Result<Value> {
        let name = uuid::Uuid::now_v7().to_string();
        request["transaction"] = json!(name);
        if self.session != 0 {
            request["session_id"] = json!(self.session);
        }
        let (sender, mut answers) = mpsc::channel(MESSAGES_MAX);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), sender);
        self.writer.send(Message::text(request.to_string())).await?;
        let answer = tokio::time::timeout(PATIENCE, async {
            loop {
                let answer = answers.recv().await.context("Janus closed the socket")?;
                if answer["janus"] != "ack" {
                    return anyhow::Ok(answer);
                }
            }
        });
        let answer = answer.await.context("Janus did not answer")??;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        if answer["janus"] == "error" || answer["plugindata"]["data"]["error"].is_string() {
            bail!("Janus refused: {answer}");
        }
        Ok(answer)
    }

    async fn attach(&mut self) -> Result<u64> {
        let answer = self.ask(json!({ "janus": "attach", "plugin": "janus.plugin.videoroom" })).await?;
        answer["data"]["id"].as_u64().context("no handle")
    }

    async fn say(&mut self, handle: u64, body: Value, jsep: Option<(&str, String)>) -> Result<Value> {
        let mut request = json!({ "janus": "message", "handle_id": handle, "body": body });
        if let Some((kind, sdp)) = jsep {
            request["jsep"] = json!({ "type": kind, "sdp": sdp });
        }
        self.ask(request).await
    }

    pub async fn enter(&mut self, generator: &mut Generator, person: &Person, opens: bool) -> Result<Entered> {
        if !self.rooms.contains_key(&person.room) {
            let handle = self.attach().await?;
            let body = json!({ "request": "create", "room": person.room + 1, "publishers": 200, "bitrate": 0, "audiocodec": "opus", "videocodec": "vp8", "notify_joining": false });
            self.say(handle, body, None).await?;
            self.rooms.insert(person.room, Room::default());
        }
        if person.sends.is_none() {
            let feeds = self.rooms[&person.room].feeds.clone();
            return self.subscribe(generator, person.room, &feeds, opens).await;
        }
        let (feed, entered) = self.publish(generator, person, opens).await?;
        if let Some(room) = self.rooms.get_mut(&person.room) {
            room.feeds.push(feed);
            if person.receives() {
                room.later.push((*person, feed));
            }
        }
        Ok(entered)
    }

    pub async fn settle(&mut self, generator: &mut Generator, opens: bool) -> Result<Vec<Entered>> {
        let mut entered = Vec::new();
        let rooms: Vec<u32> = self.rooms.keys().copied().collect();
        for number in rooms {
            let Some(room) = self.rooms.get_mut(&number) else { continue };
            let (later, feeds) = (std::mem::take(&mut room.later), room.feeds.clone());
            for (_, own) in later {
                let others: Vec<u64> = feeds.iter().copied().filter(|it| *it != own).collect();
                entered.push(self.subscribe(generator, number, &others, opens).await?);
            }
        }
        Ok(entered)
    }

    async fn publish(&mut self, generator: &mut Generator, person: &Person, opens: bool) -> Result<(u64, Entered)> {
        let handle = self.attach().await?;
        let identity = Arc::clone(&self.identity);
        let ours = Ours::draw(&identity.fingerprint);
        let ssrcs: (u32, u32) = rand::random();
        let lines = [Line { is_audio: true, sends: Some(ssrcs.0) }, Line { is_audio: false, sends: Some(ssrcs.1) }];
        // Told nothing else, it would begin the handshake itself.
        let body = json!({ "request": "joinandconfigure", "ptype": "publisher", "room": person.room + 1 });
        let (client, local) = generator.take_local()?;
        let offer = sdp::with_candidate(&sdp::write(&ours, "active", &lines)?, local);
        let asked = Instant::now();
        let answer = self.say(handle, body, Some(("offer", offer))).await?;
        let feed = answer["plugindata"]["data"]["id"].as_u64().context("no feed")?;
        let theirs = sdp::read(answer["jsep"]["sdp"].as_str().context("no answer")?)?;
        let sends = person.sends.map(|sends| (sends, ssrcs));
        Ok((feed, plan(generator, client, (&identity, &ours, &theirs), (sends, opens), asked)?))
    }

    /// Janus offers, so that the request is where a join begins.
    async fn subscribe(&mut self, generator: &mut Generator, room: u32, feeds: &[u64], opens: bool) -> Result<Entered> {
        let handle = self.attach().await?;
        let identity = Arc::clone(&self.identity);
        let ours = Ours::draw(&identity.fingerprint);
        let streams: Vec<Value> = feeds.iter().map(|feed| json!({ "feed": feed })).collect();
        let body = json!({ "request": "join", "ptype": "subscriber", "room": room + 1, "streams": streams });
        let asked = Instant::now();
        let offered = self.say(handle, body, None).await?;
        let theirs = sdp::read(offered["jsep"]["sdp"].as_str().context("no offer")?)?;
        let (client, local) = generator.take_local()?;
        let answer = sdp::with_candidate(&sdp::answer(&ours, &theirs)?, local);
        let entered = plan(generator, client, (&identity, &ours, &theirs), (None, opens), asked)?;
        self.say(handle, json!({ "request": "start" }), Some(("answer", answer))).await?;
        Ok(entered)
    }

    pub async fn stop(mut self) {
        let _ = self.child.kill().await;
    }
}

/// Also where it was not stopped: the route is the host's.
impl Drop for Janus {
    fn drop(&mut self) {
        self.reader.abort();
        if let Ok((interface, _)) = outward() {
            route("del", &interface);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn plan(
    generator: &Generator,
    client: usize,
    (identity, ours, theirs): (&Arc<Identity>, &Ours<'_>, &Theirs),
    (sends, opens): (Option<(Sends, (u32, u32))>, bool),
    asked: Instant,
) -> Result<Entered> {
    let (connected_sender, connected) = oneshot::channel();
    let (first_sender, first_media) = oneshot::channel();
    generator.add(Plan {
        client,
        remote: theirs.address,
        transport: Transport::Handshake(Arc::clone(identity), theirs.credentials(ours)),
        sends,
        opens,
        connected: Some(connected_sender),
        first_media: Some(first_sender),
    })?;
    Ok(Entered { asked, connected, first_media })
}
