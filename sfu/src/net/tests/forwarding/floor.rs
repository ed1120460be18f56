//! The least that forwarding can cost here: each packet decrypted once (AES-128-GCM), encrypted for each subscriber, and sent, those of a
//! burst to one subscriber in one send (UDP_SEGMENT). No session, no count, no history.

use super::*;
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use std::{
    io::IoSliceMut,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const HEADER_BYTES: usize = 20;
const DATAGRAM_BYTES: usize = 2_048;

fn key(number: usize) -> LessSafeKey {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &bytes).unwrap())
}

fn nonce(header: &[u8]) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&header[..4]);
    Nonce::assume_unique_for_key(bytes)
}

/// Forwards until it is told to stop.
fn run(socket: &UdpSocket, subscribers: &[SocketAddr], stop: &AtomicBool) {
    let state = UdpSocketState::new(UdpSockRef::from(socket)).unwrap();
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let publisher = key(0);
    let keys: Vec<LessSafeKey> = (1..=subscribers.len()).map(key).collect();
    let mut buffers = vec![0; DATAGRAM_BYTES * BATCH_SIZE];
    let (mut burst, mut run): (Vec<Vec<u8>>, Vec<u8>) = (Vec::new(), Vec::with_capacity(65_000));
    while !stop.load(Ordering::Relaxed) {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut parts = buffers.chunks_mut(DATAGRAM_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap()));
        let Ok(count) = state.recv(UdpSockRef::from(socket), &mut slices, &mut metas) else { continue };
        burst.resize_with(count, Vec::new);
        let mut filled = 0;
        for (meta, buffer) in metas[..count].iter().zip(buffers.chunks(DATAGRAM_BYTES)) {
            let datagram = &buffer[..meta.len];
            if meta.len < HEADER_BYTES + 16 {
                continue;
            }
            let plain = &mut burst[filled];
            plain.clear();
            plain.extend_from_slice(datagram);
            let (header, sealed) = plain.split_at_mut(HEADER_BYTES);
            if publisher.open_in_place(nonce(header), Aad::from(&*header), sealed).is_ok() {
                plain.truncate(meta.len - 16);
                filled += 1;
            }
        }
        for (address, key) in subscribers.iter().zip(&keys) {
            run.clear();
            for plain in &burst[..filled] {
                let at = run.len();
                run.extend_from_slice(plain);
                let (header, payload) = run[at..].split_at_mut(HEADER_BYTES);
                let tag = key.seal_in_place_separate_tag(nonce(header), Aad::from(&*header), payload).unwrap();
                run.extend_from_slice(tag.as_ref());
            }
            if let Some(plain) = burst[..filled].first() {
                let segment_size = (filled > 1).then_some(plain.len() + 16);
                let transmit = Transmit { destination: *address, ecn: None, contents: &run, segment_size, src_ip: None };
                let _ = state.try_send(UdpSockRef::from(socket), &transmit);
            }
        }
    }
}

struct Clients {
    publisher: UdpSocket,
    key: LessSafeKey,
    subscribers: Vec<(UdpSocket, LessSafeKey)>,
    sequence: u32,
}

impl Load for Clients {
    fn send(&mut self, begun: Instant) {
        for _ in 0..BURST {
            self.sequence += 1;
            let mut packet = vec![0x55; HEADER_BYTES];
            packet[..4].copy_from_slice(&self.sequence.to_be_bytes());
            packet.resize(HEADER_BYTES + PAYLOAD_BYTES - 8, 0x55);
            packet.extend((begun.elapsed().as_nanos() as u64).to_be_bytes());
            let (header, payload) = packet.split_at_mut(HEADER_BYTES);
            let tag = self.key.seal_in_place_separate_tag(nonce(header), Aad::from(&*header), payload).unwrap();
            packet.extend_from_slice(tag.as_ref());
            self.publisher.send(&packet).unwrap();
        }
    }

    fn receive(&mut self, begun: Instant, took: &mut Vec<Duration>) {
        let mut buffer = [0; DATAGRAM_BYTES];
        for (place, (socket, key)) in self.subscribers.iter().enumerate() {
            while let Ok(length) = socket.recv(&mut buffer) {
                let sent = (place % 50 == 0).then(|| {
                    let (header, sealed) = buffer[..length].split_at_mut(HEADER_BYTES);
                    let plain = key.open_in_place(nonce(header), Aad::from(&*header), sealed).unwrap();
                    Duration::from_nanos(u64::from_be_bytes(*plain.last_chunk().unwrap()))
                });
                took.push(sent.map_or_else(|| took.last().copied().unwrap_or_default(), |sent| begun.elapsed().saturating_sub(sent)));
            }
        }
    }

    fn feedback(&mut self, _: Instant) {}
}

pub fn cost(count: usize) -> Cost {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let publisher = UdpSocket::bind("127.0.0.1:0").unwrap();
    publisher.connect(socket.local_addr().unwrap()).unwrap();
    let subscribers: Vec<(UdpSocket, LessSafeKey)> = (1..=count)
        .map(|number| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            (socket, key(number))
        })
        .collect();
    let addresses: Vec<SocketAddr> = subscribers.iter().map(|it| it.0.local_addr().unwrap()).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let thread = std::thread::Builder::new().name("floor".into()).spawn(move || run(&socket, &addresses, &told)).unwrap();
    let named = thread_named("floor");
    let mut clients = Clients { publisher, key: key(0), subscribers, sequence: 0 };
    let cost = measure("floor", count, &named, &mut clients);
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    cost
}
