//! What it costs to forward a packet, beside a floor: run alone and optimised. One publisher sends 167 packets of 1.2 kB a second in
//! bursts of two, as a browser's pacer does; subscribers tell of arrivals 20 times a second, as browsers do. CPU is that of the forwarding
//! thread (`/proc/thread-self/schedstat`), so that the load's own share of the machine does not count.

mod floor;

use super::*;
use crate::engine::forward::Recorder;
use bytes::BytesMut;
use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

/// With its interval below the rate at which a single picture is started on a line that nothing is known of.
const BURST: usize = 2;
const BURST_EVERY: Duration = Duration::from_millis(12);
const PAYLOAD_BYTES: usize = 1_150;
const FEEDBACK_EVERY: Duration = Duration::from_millis(50);
const WARM: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(6);

/// One measurement.
#[derive(Debug, serde::Serialize)]
struct Cost {
    what: &'static str,
    subscribers: usize,
    packets: u64,
    /// Of those that were to come.
    delivered: f64,
    cpu_us_per_packet: f64,
    latency_ms_p50: f64,
    latency_ms_p99: f64,
}

/// CPU of a thread of this process so far.
fn cpu(thread: &str) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn thread_named(name: &str) -> String {
    // A thread that has just begun may not have its name yet.
    loop {
        let mut threads = std::fs::read_dir("/proc/self/task").unwrap().filter_map(|it| it.ok()?.file_name().into_string().ok());
        let is_named = |it: &String| std::fs::read_to_string(format!("/proc/self/task/{it}/comm")).is_ok_and(|comm| comm.trim() == name);
        if let Some(found) = threads.find(is_named) {
            return found;
        }
    }
}

/// What the load is put on and taken from.
trait Load {
    /// One burst, each payload beginning with the nanoseconds since `begun`.
    fn send(&mut self, begun: Instant);
    /// Takes what came; tells for each media packet how long it took.
    fn receive(&mut self, begun: Instant, took: &mut Vec<Duration>);
    fn feedback(&mut self, begun: Instant);
}

fn measure(what: &'static str, subscribers: usize, thread: &str, load: &mut impl Load) -> Cost {
    let begun = Instant::now();
    let (mut next, mut feedback_at, mut took) = (begun, begun, Vec::new());
    let (mut bursts, mut cpu_before, mut measuring) = (0u64, Duration::ZERO, false);
    while begun.elapsed() < WARM + MEASURED {
        let now = Instant::now();
        if !measuring && now - begun >= WARM {
            (measuring, bursts, cpu_before) = (true, 0, cpu(thread));
            took.clear();
        }
        if now >= next {
            next += BURST_EVERY;
            bursts += 1;
            load.send(begun);
        }
        load.receive(begun, &mut took);
        if now >= feedback_at {
            feedback_at += FEEDBACK_EVERY;
            load.feedback(begun);
        }
        std::thread::yield_now();
    }
    let cpu = cpu(thread) - cpu_before;
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).map_or(0.0, |it| it.as_secs_f64() * 1_000.0);
    Cost {
        what,
        subscribers,
        packets: took.len() as u64,
        delivered: took.len() as f64 / (bursts as usize * BURST * subscribers) as f64,
        cpu_us_per_packet: cpu.as_secs_f64() * 1e6 / took.len().max(1) as f64,
        latency_ms_p50: at(50),
        latency_ms_p99: at(99),
    }
}

struct Node {
    publisher: Person,
    subscribers: Vec<(Person, Recorder)>,
    sequence: u16,
}

impl Node {
    async fn new(running: &mut Running, count: usize) -> Self {
        let room = MeetingId::fresh();
        let mut publisher = Person::join(running, room).await;
        publisher.connect();
        let source = publisher.media.negotiated.receives.iter().find(|it| it.kind == SourceKind::ShareVideo).map(|it| it.source);
        let mut subscribers = Vec::new();
        for request in 0..count as u32 {
            let mut person = Person::join(running, room).await;
            person.connect();
            let message =
                ClientMessage::View { slots: vec![SlotRequest { mid: "6".into(), source, width: 1_280, height: 720, priority: 0 }] };
            running.handle.send(Command::Client { request, session: person.session, message, now_ms: handle::now_ms() }).unwrap();
            person.socket.set_nonblocking(true).unwrap();
            subscribers.push((person, Recorder::default()));
            while running.events.try_recv().is_ok() {}
        }
        publisher.socket.set_nonblocking(true).unwrap();
        Self { publisher, subscribers, sequence: 0 }
    }

    fn packet(&self, key: bool, first: bool, last: bool, begun: Instant) -> Vec<u8> {
        let ssrc: u32 = OFFER.split(SHARE_SSRC_LINE).nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let mut packet = vec![0x80, if last { 0x80 | 96 } else { 96 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend((begun.elapsed().as_millis() as u32 / 12 * 1_080).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend([if first { 0x90 } else { 0x80 }, 0x80, 0x80 | (self.sequence >> 8) as u8, self.sequence as u8]);
        packet.extend(if key && first { [0x10, 0, 0, 0x9d, 1, 0x2a, 0, 5, 0xd0, 2] } else { [0x11; 10] });
        packet.resize(12 + PAYLOAD_BYTES - 8, 0x55);
        packet.extend((begun.elapsed().as_nanos() as u64).to_be_bytes());
        packet
    }
}

impl Load for Node {
    fn send(&mut self, begun: Instant) {
        // A key frame twice a second: whoever lost one goes on.
        let key = self.sequence % 84 < BURST as u16;
        for at in 0..BURST {
            self.sequence = self.sequence.wrapping_add(1);
            let packet = self.packet(key, at == 0, at + 1 == BURST, begun);
            let sealed = self.publisher.client.srtp.as_mut().unwrap().seal_rtp(&packet).unwrap();
            self.publisher.socket.send(&sealed).unwrap();
        }
    }

    fn receive(&mut self, begun: Instant, took: &mut Vec<Duration>) {
        let mut buffer = [0; 2048];
        while self.publisher.socket.recv(&mut buffer).is_ok() {}
        for (place, (person, recorder)) in self.subscribers.iter_mut().enumerate() {
            loop {
                let length = match person.socket.recv(&mut buffer) {
                    Ok(length) => length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                };
                if buffer[0] >> 6 != 2 || (192..=223).contains(&buffer[1]) || buffer[1] & 0x7f != 96 {
                    continue;
                }
                // The number is the first element of the block: headers are not encrypted.
                recorder.record(u16::from_be_bytes([buffer[17], buffer[18]]), begun.elapsed());
                // One in fifty decrypts; the others count, and take the same time to come.
                let sent = if place % 50 == 0 {
                    let plain = person.client.srtp.as_mut().unwrap().unprotect_rtp(&buffer[..length]).unwrap();
                    plain.last_chunk().map(|it| Duration::from_nanos(u64::from_be_bytes(*it)))
                } else {
                    None
                };
                took.push(sent.map_or_else(|| took.last().copied().unwrap_or_default(), |sent| begun.elapsed().saturating_sub(sent)));
            }
        }
    }

    fn feedback(&mut self, _begun: Instant) {
        for (person, recorder) in &mut self.subscribers {
            let mut out = BytesMut::new();
            while recorder.write(&mut out, 1, 2) {}
            if !out.is_empty() {
                let sealed = person.client.srtp.as_mut().unwrap().protect_rtcp(&out).unwrap();
                person.socket.send(&sealed).unwrap();
            }
        }
    }
}

async fn node_cost(count: usize) -> Cost {
    let mut running = node();
    let mut load = Node::new(&mut running, count).await;
    let cost = measure("node", count, &thread_named("media-0"), &mut load);
    running.handle.stop();
    let Running { events, threads, .. } = running;
    drop(events);
    assert!(threads.join());
    cost
}

/// Prints each cost as a line of JSON, and the ratios; `SIDANG_BENCH_OUT` names a file for the same.
#[tokio::test]
#[ignore = "a measurement, alone and optimised; what stands in its way is in docs/measurements.md"]
async fn forwarding_costs_beside_the_floor() {
    let mut lines = Vec::new();
    for count in [1, 10, 100] {
        let (floor, node) = (floor::cost(count), node_cost(count).await);
        for cost in [&floor, &node] {
            lines.push(serde_json::to_string(cost).unwrap());
        }
        let ratio = node.cpu_us_per_packet / floor.cpu_us_per_packet;
        lines.push(serde_json::json!({ "what": "ratio", "subscribers": count, "node_over_floor": ratio }).to_string());
        assert!(node.delivered > 0.9 && floor.delivered > 0.9, "{floor:?} {node:?}");
    }
    println!("{}", lines.join("\n"));
    if let Ok(file) = std::env::var("SIDANG_BENCH_OUT") {
        std::fs::write(file, lines.join("\n") + "\n").unwrap();
    }
}
