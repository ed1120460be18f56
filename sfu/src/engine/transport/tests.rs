//! Whole connections in virtual time, over a line that loses what the case says.

use super::{testing::*, *};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use std::collections::HashSet;

const DELAY: Duration = Duration::from_millis(10);

fn path() -> Path {
    Path::udp("192.0.2.7:5000".parse().unwrap())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Direction {
    ToServer,
    ToClient,
}

/// A client and our transports, with a line between them on which only handshake datagrams can be lost.
struct Line {
    now: Instant,
    start: Instant,
    transports: Transports,
    session: SessionId,
    client: Client,
    /// In flight: when, whereto, what. In order of arrival.
    flying: VecDeque<(Instant, Direction, Bytes)>,
    /// Datagrams of each direction sent so far, and which of them are lost.
    sent: HashMap<Direction, u32>,
    lost: HashSet<(Direction, u32)>,
    /// Besides: one in so many by chance, drawn from a generator of the case's own.
    chance: Option<(u64, u64)>,
    events: Vec<TransportEvent>,
}

impl Line {
    fn new() -> Self {
        Self::with(Client::new(), |_| {})
    }

    fn with(client: Client, adjust: impl FnOnce(&mut TransportParameters)) -> Self {
        let start = Instant::now();
        let mut transports = Transports::new(Certificate::generate().unwrap(), start);
        let session = SessionId::fresh();
        let mut wanted = parameters("ours", "theirs");
        wanted.remote_fingerprint = client.fingerprint();
        adjust(&mut wanted);
        transports.add_peer(start, session, &wanted);
        Self {
            now: start,
            start,
            transports,
            session,
            client,
            flying: VecDeque::new(),
            sent: HashMap::new(),
            lost: HashSet::new(),
            chance: None,
            events: Vec::new(),
        }
    }

    /// A check that makes the path; it and its answer are not lost.
    fn check(&mut self) {
        assert!(self.transports.handle_read(self.now, path(), &Check::of("ours", "theirs").bytes()).is_none());
        while self.transports.poll_write().is_some() {}
    }

    fn is_lost(&mut self, direction: Direction) -> bool {
        let number = self.sent.entry(direction).or_default();
        let named = self.lost.contains(&(direction, *number));
        *number += 1;
        named
            || self.chance.as_mut().is_some_and(|(state, percent)| {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) % 100 < *percent
            })
    }

    fn collect(&mut self) {
        while let Some(transmit) = self.transports.poll_write() {
            assert_eq!(transmit.path, path());
            if !self.is_lost(Direction::ToClient) {
                self.flying.push_back((self.now + DELAY, Direction::ToClient, transmit.payload));
            }
        }
        while let Some(datagram) = self.client.poll_transmit() {
            if !self.is_lost(Direction::ToServer) {
                self.flying.push_back((self.now + DELAY, Direction::ToServer, datagram));
            }
        }
        while let Some(event) = self.transports.poll_event() {
            self.events.push(event);
        }
    }

    /// One thing that happens next; false where nothing will.
    fn step(&mut self) -> bool {
        self.collect();
        let candidates = [self.flying.front().map(|it| it.0), self.client.deadline(), self.transports.poll_timeout()];
        let Some(next) = candidates.into_iter().flatten().min() else { return false };
        self.now = self.now.max(next);
        if self.flying.front().is_some_and(|it| it.0 <= self.now) {
            match self.flying.pop_front().unwrap() {
                (_, Direction::ToServer, datagram) => assert_eq!(self.transports.handle_read(self.now, path(), &datagram), None),
                (_, Direction::ToClient, datagram) => self.client.read(self.now, &datagram),
            }
        } else if self.client.deadline().is_some_and(|at| at <= self.now) {
            self.client.on_deadline(self.now);
        } else {
            self.transports.handle_timeout(self.now);
        }
        self.collect();
        true
    }

    fn both_have_keys(&self) -> bool {
        self.events.contains(&TransportEvent::Connected(self.session)) && self.client.srtp.is_some()
    }

    /// Runs until both have keys; the time it took.
    fn connect(&mut self) -> Option<Duration> {
        self.check();
        self.client.begin(self.now);
        while self.now < self.start + Duration::from_secs(25) && self.step() {
            if self.both_have_keys() {
                return Some(self.now - self.start);
            }
        }
        None
    }
}

#[test]
fn a_client_connects_and_media_flows_both_ways() {
    let mut line = Line::new();
    assert!(line.connect().is_some());
    assert_eq!(line.events, [TransportEvent::Connected(line.session)]);

    let packet = [&[0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3][..], b"a picture"].concat();
    let sealed = line.client.srtp.as_mut().unwrap().seal_rtp(&packet).unwrap();
    let plain = line.transports.handle_read(line.now, path(), &sealed);
    assert_eq!(plain, Some(Plain::Rtp(line.session, Bytes::from(packet.clone()))));

    let report = [0x80, 201, 0, 1, 0, 0, 0, 3];
    let sealed = line.client.srtp.as_mut().unwrap().protect_rtcp(&report).unwrap();
    let plain = line.transports.handle_read(line.now, path(), &sealed);
    assert_eq!(plain, Some(Plain::Rtcp(line.session, BytesMut::from(&report[..]))));

    let sealed = line.transports.protect(line.session, Kind::Rtp, BytesMut::from(&packet[..])).unwrap();
    assert_eq!(sealed.path, path());
    assert_eq!(line.client.srtp.as_mut().unwrap().unprotect_rtp(&sealed.payload).unwrap(), packet);
    let sealed = line.transports.protect(line.session, Kind::Rtcp, BytesMut::from(&report[..])).unwrap();
    assert_eq!(line.client.srtp.as_mut().unwrap().unprotect_rtcp(&sealed.payload).unwrap(), &report[..]);
}

/// The regression: with the library alone, the loss of the server's second flight leaves both sides waiting for ever.
#[test]
fn the_loss_of_any_one_datagram_is_repaired() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        for number in 0..8 {
            let mut line = Line::new();
            line.lost.insert((direction, number));
            let took = line.connect();
            assert!(took.is_some_and(|it| it < Duration::from_secs(3)), "{direction:?} {number}: {took:?}");
        }
    }
}

#[test]
fn the_loss_of_several_in_a_row_is_repaired() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        for first in 0..5 {
            let mut line = Line::new();
            line.lost.extend((first..first + 4).map(|number| (direction, number)));
            let took = line.connect();
            assert!(took.is_some_and(|it| it < Duration::from_secs(10)), "{direction:?} {first}: {took:?}");
        }
    }
}

#[test]
fn a_line_that_loses_up_to_a_third_connects() {
    let mut slowest = Duration::ZERO;
    for percent in [5, 10, 15, 20, 30] {
        for seed in 1..=25 {
            let mut line = Line::new();
            line.chance = Some((seed * 7919 + percent, percent));
            let took = line.connect();
            assert!(took.is_some(), "{percent} % lost, seed {seed}");
            slowest = slowest.max(took.unwrap());
        }
    }
    assert!(slowest < Duration::from_secs(20), "{slowest:?}");
}

/// The regression: with the library alone, a few hundred such datagrams overflow the stack and end the process. Each fragment says that it
/// is one byte further on, of a message that has none: the library follows the chain by recursion and counts no byte of it.
#[test]
fn a_flood_of_fragments_costs_nothing_and_ends_at_the_budget() {
    let mut line = Line::new();
    line.check();
    for number in 0..2_000u32 {
        let chain = (0..96).map(|step| number * 96 + step).flat_map(|offset| {
            let offset = offset.to_be_bytes();
            [1, 0, 0, 0, 0, 0, offset[1], offset[2], offset[3], 0, 0, 1]
        });
        line.transports.handle_read(line.now, path(), &handshake_record(2 * number, &chain.collect::<Vec<_>>()));
        // And well-formed ones, which are counted.
        let well_formed = [&[1, 0, 4, 0, 0, 0, 0, 0, (number % 256) as u8, 0, 0, 1][..], &[7]].concat();
        line.transports.handle_read(line.now, path(), &handshake_record(2 * number + 1, &well_formed));
        line.now += Duration::from_millis(3);
    }
    line.collect();
    assert!(line.events.is_empty());
    // Another peer is not touched by it.
    line.transports.remove_peer(line.now, line.session);
    let mut wanted = parameters("ours", "theirs");
    wanted.remote_fingerprint = line.client.fingerprint();
    line.transports.add_peer(line.now, line.session, &wanted);
    line.start = line.now;
    assert!(line.connect().is_some());
}

/// The library keeps every record of the coming epoch; they count against the same budget, and some do no harm.
#[test]
fn early_records_that_are_forged_do_not_stop_the_handshake() {
    let mut line = Line::new();
    line.check();
    for number in 0..100u32 {
        let mut record = handshake_record(number, &[7; 40]);
        record[4] = 1;
        line.transports.handle_read(line.now, path(), &record);
    }
    assert!(line.connect().is_some());
}

#[test]
fn plaintext_alerts_end_nothing() {
    let mut line = Line::new();
    line.check();
    let close = [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0];
    let fatal = [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 2, 40];
    line.transports.handle_read(line.now, path(), &close);
    line.transports.handle_read(line.now, path(), &fatal);
    assert!(line.connect().is_some());
    line.transports.handle_read(line.now, path(), &close);
    line.transports.handle_read(line.now, path(), &fatal);
    line.collect();
    assert_eq!(line.events, [TransportEvent::Connected(line.session)]);
}

fn handshake_record(number: u32, body: &[u8]) -> Vec<u8> {
    let mut record = vec![22, 254, 253, 0, 0, 0, 0];
    record.extend(number.to_be_bytes());
    record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    record.extend(body);
    record
}

#[test]
fn another_certificate_than_the_offer_names_gets_no_keys() {
    let mut line = Line::with(Client::new(), |it| it.remote_fingerprint[0] ^= 1);
    assert_eq!(line.connect(), None);
    assert_eq!(line.events, [TransportEvent::Lost(line.session)]);
    assert!(line.client.failed, "the client is told by an alert");
    assert_eq!(line.transports.peers(), 0);
}

#[test]
fn a_client_without_our_profile_gets_no_keys() {
    let client = Client::new().with_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80]);
    let mut line = Line::with(client, |_| {});
    assert_eq!(line.connect(), None);
    assert_eq!(line.events, [TransportEvent::Lost(line.session)]);
}

#[test]
fn a_handshake_that_stands_still_ends_at_its_deadline() {
    let mut line = Line::new();
    line.check();
    line.client.begin(line.now);
    line.collect();
    let (_, _, hello) = line.flying.pop_front().unwrap();
    line.transports.handle_read(line.now, path(), &hello);
    line.collect();
    let mut repeats = 0;
    while line.events.is_empty() {
        line.now = line.transports.poll_timeout().expect("a deadline");
        line.transports.handle_timeout(line.now);
        repeats += std::iter::from_fn(|| line.transports.poll_write()).count();
        line.collect();
    }
    assert_eq!(line.events, [TransportEvent::Lost(line.session)]);
    assert_eq!(line.now - line.start, HANDSHAKE_TIME_MAX);
    assert!((5..30).contains(&repeats), "{repeats}");
}

#[test]
fn a_peer_that_no_longer_checks_is_lost() {
    let mut line = Line::new();
    line.connect().unwrap();
    for _ in 0..4 {
        line.now += Duration::from_secs(20);
        line.transports.handle_timeout(line.now);
        line.check();
    }
    let last = line.now;
    while line.events.len() < 2 {
        line.now = line.transports.poll_timeout().expect("a deadline");
        line.transports.handle_timeout(line.now);
        line.collect();
    }
    assert_eq!(line.events[1], TransportEvent::Lost(line.session));
    assert_eq!(line.now - last, CONSENT_TIME_MAX);
    assert_eq!(line.transports.poll_timeout(), None);
    assert_eq!((line.transports.by_address.len(), line.transports.by_ufrag.len()), (0, 0));
}

#[test]
fn a_peer_that_closes_is_lost_at_once() {
    let mut line = Line::new();
    line.connect().unwrap();
    line.client.close(line.now);
    while line.events.len() < 2 && line.step() {}
    assert_eq!(line.events[1], TransportEvent::Lost(line.session));
}

#[test]
fn a_lost_last_flight_is_repeated_for_the_client_that_asks() {
    // The server's third datagram: HelloVerifyRequest, ServerHello to ServerHelloDone, Finished.
    for lost in 2..5 {
        let mut line = Line::new();
        line.lost.extend((2..=lost).map(|number| (Direction::ToClient, number)));
        assert!(line.connect().is_some(), "up to {lost}");
    }
}

#[test]
fn strangers_reach_neither_the_key_exchange_nor_the_cipher() {
    let mut line = Line::new();
    line.connect().unwrap();
    let elsewhere = Path::udp("192.0.2.8:5000".parse().unwrap());
    let packet = [0x80, 96, 0, 9, 0, 0, 0, 2, 0, 0, 0, 3];
    let sealed = line.client.srtp.as_mut().unwrap().seal_rtp(&packet).unwrap();
    assert_eq!(line.transports.handle_read(line.now, elsewhere, &sealed), None);
    assert_eq!(line.transports.handle_read(line.now, elsewhere, &handshake_record(9, &[0; 13])), None);
    assert_eq!(line.transports.counters().refused_address, 2);
    let forged = Check { pwd: "guessed".into(), nominates: true, ..Check::of("ours", "theirs") };
    assert_eq!(line.transports.handle_read(line.now, elsewhere, &forged.bytes()), None);
    assert_eq!(line.transports.poll_write(), None, "no answer");
    assert!(line.transports.handle_read(line.now, path(), &sealed).is_some());
}

#[test]
fn a_peer_moves_to_another_address_and_media_follows() {
    let mut line = Line::new();
    line.connect().unwrap();
    let elsewhere = Path { remote: "198.51.100.3:40000".parse().unwrap(), local: Some("203.0.113.1".parse().unwrap()), via: Via::Udp };
    let check = Check { nominates: true, ..Check::of("ours", "theirs") };
    line.transports.handle_read(line.now, elsewhere, &check.bytes());
    assert_eq!(line.transports.poll_write().unwrap().path, elsewhere);
    let packet = [0x80, 96, 0, 9, 0, 0, 0, 2, 0, 0, 0, 3];
    assert_eq!(line.transports.protect(line.session, Kind::Rtp, BytesMut::from(&packet[..])).unwrap().path, elsewhere);
    let sealed = line.client.srtp.as_mut().unwrap().seal_rtp(&packet).unwrap();
    assert!(line.transports.handle_read(line.now, elsewhere, &sealed).is_some());
}

#[test]
fn an_address_that_went_to_another_peer_stays_with_it() {
    let mut line = Line::new();
    line.connect().unwrap();
    let second = SessionId::fresh();
    line.transports.add_peer(line.now, second, &parameters("ours2", "theirs2"));
    line.transports.handle_read(line.now, path(), &Check::of("ours2", "theirs2").bytes());
    line.transports.remove_peer(line.now, line.session);
    assert_eq!(line.transports.by_address.len(), 1);
    line.transports.remove_peer(line.now, second);
    assert_eq!((line.transports.by_address.len(), line.transports.by_ufrag.len(), line.transports.peers()), (0, 0, 0));
}

#[test]
fn an_address_that_another_claimed_comes_back_with_the_next_check() {
    let mut line = Line::new();
    line.connect().unwrap();
    let second = SessionId::fresh();
    line.transports.add_peer(line.now, second, &parameters("ours2", "theirs2"));
    // Somebody inside who can send from a foreign address.
    line.transports.handle_read(line.now, path(), &Check::of("ours2", "theirs2").bytes());
    let packet = [0x80, 96, 0, 9, 0, 0, 0, 2, 0, 0, 0, 3];
    let sealed = line.client.srtp.as_mut().unwrap().seal_rtp(&packet).unwrap();
    assert_eq!(line.transports.handle_read(line.now, path(), &sealed), None);
    line.transports.handle_read(line.now, path(), &Check::of("ours", "theirs").bytes());
    assert!(line.transports.handle_read(line.now, path(), &sealed).is_some());
}

#[test]
fn a_crowd_at_the_door_is_let_in_at_a_rate() {
    let start = Instant::now();
    let mut allowance = Allowance::full(start);
    let at_once = (0..10_000).filter(|_| allowance.take(start)).count();
    assert_eq!(at_once, HANDSHAKE_DATAGRAMS_BURST as usize);
    let in_a_second = (0..10_000u64).filter(|it| allowance.take(start + Duration::from_micros(it * 100))).count();
    assert!(in_a_second.abs_diff(HANDSHAKE_DATAGRAMS_PER_SECOND as usize) <= 1, "{in_a_second}");
}
