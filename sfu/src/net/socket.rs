//! The UDP socket of a shard: datagrams in by the batch, datagrams out by runs of one size to one peer.

use crate::engine::transport::{Path, Transmit, Via};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
};

/// The kernel may join datagrams of one peer up to this.
const RECEIVE_BYTES: usize = 65_536;
/// Payload of one send, however many datagrams are in it.
const SEND_BYTES_MAX: usize = 65_000;
/// What the kernel is asked to hold: 20 ms of a full shard (2 Gbit/s). Less is given where `net.core.rmem_max` and `wmem_max` are lower.
const KERNEL_BUFFER_BYTES: usize = 4 << 20;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketCounters {
    pub sends: u64,
    /// Datagrams that the kernel did not take: its buffer was full, or there is no way to the address.
    pub refused: u64,
}

/// Both halves of one socket, so that one can send while what the other received is being looked at.
pub struct Socket {
    buffers: Vec<u8>,
    pub sending: Sending,
}

pub struct Sending {
    socket: mio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    run: Vec<u8>,
    /// Of what is to be sent: by address, then as it came. Kept for its memory.
    order: Vec<(u64, u32)>,
    pub counters: SocketCounters,
}

impl Socket {
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = mio::net::UdpSocket::bind(address)?;
        let reference = UdpSockRef::from(&socket);
        let state = UdpSocketState::new(reference)?;
        // What the host does not allow is not fatal: fewer packets survive a burst.
        let _ = state.set_recv_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
        let _ = state.set_send_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
        let local = socket.local_addr()?;
        let sending = Sending {
            socket,
            state,
            local,
            run: Vec::with_capacity(SEND_BYTES_MAX),
            order: Vec::new(),
            counters: SocketCounters::default(),
        };
        Ok(Self { buffers: vec![0; RECEIVE_BYTES * BATCH_SIZE], sending })
    }

    pub const fn local(&self) -> SocketAddr {
        self.sending.local
    }

    pub const fn source(&mut self) -> &mut mio::net::UdpSocket {
        &mut self.sending.socket
    }

    /// One batch, whose datagrams `each` is given with the half that sends. False: there is nothing more for now.
    pub fn receive(&mut self, mut each: impl FnMut(&mut Sending, Path, &[u8])) -> io::Result<bool> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut parts = self.buffers.chunks_mut(RECEIVE_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()));
        let count = match self.sending.state.recv(UdpSockRef::from(&self.sending.socket), &mut slices, &mut metas) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        let is_wildcard = self.sending.local.ip().is_unspecified();
        for (meta, buffer) in metas[..count].iter().zip(self.buffers.chunks(RECEIVE_BYTES)) {
            let path = Path {
                remote: canonical(meta.addr),
                local: meta.dst_ip.filter(|_| is_wildcard).map(|it| it.to_canonical()),
                via: Via::Udp,
            };
            for datagram in buffer[..meta.len].chunks(meta.stride.max(1)) {
                each(&mut self.sending, path, datagram);
            }
        }
        Ok(true)
    }
}

impl Sending {
    /// Sends everything, those of one peer in their order. What the kernel does not take is dropped: what comes late is of no use, and what
    /// matters is asked for again.
    pub fn send(&mut self, outgoing: &mut Vec<Transmit>) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(outgoing.iter().zip(0..).map(|(it, place)| (near(it.path.remote), place)));
        order.sort_unstable();
        let segments_max = self.state.max_gso_segments();
        let mut rest = &order[..];
        while !rest.is_empty() {
            let transmits = rest.iter().map(|(_, place)| &outgoing[*place as usize]);
            let length = run_length(transmits.clone(), segments_max);
            self.send_run(transmits.take(length));
            rest = &rest[length..];
        }
        outgoing.clear();
        self.order = order;
    }

    fn send_run<'a>(&mut self, run: impl ExactSizeIterator<Item = &'a Transmit> + Clone) {
        let Some(first) = run.clone().next() else { return };
        let length = run.len();
        if length > 1 {
            self.run.clear();
            run.clone().for_each(|it| self.run.extend_from_slice(&it.payload));
            if self.send_one(first.path, &self.run, Some(first.payload.len())).is_ok() {
                self.counters.sends += 1;
                return;
            }
        }
        for (place, transmit) in run.enumerate() {
            match self.send_one(transmit.path, &transmit.payload, None) {
                Ok(()) => self.counters.sends += 1,
                // The kernel is full: to try the rest one by one would only cost time when there is none.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.counters.refused += (length - place) as u64;
                    return;
                }
                Err(error) => {
                    self.counters.refused += 1;
                    tracing::debug!(%error, "a datagram was not sent");
                }
            }
        }
    }

    fn send_one(&self, path: Path, contents: &[u8], segment_size: Option<usize>) -> io::Result<()> {
        let destination = if self.local.is_ipv6() { mapped(path.remote) } else { path.remote };
        let transmit = quinn_udp::Transmit { destination, ecn: None, contents, segment_size, src_ip: path.local };
        self.state.try_send(UdpSockRef::from(&self.socket), &transmit)
    }
}

/// How many from the front go out in one send: to one peer, of one size, the last of them perhaps shorter.
fn run_length<'a>(mut outgoing: impl Iterator<Item = &'a Transmit>, segments_max: usize) -> usize {
    let Some(first) = outgoing.next() else { return 0 };
    let size = first.payload.len();
    let mut bytes = size;
    let mut length = 1;
    for next in outgoing {
        let next_size = next.payload.len();
        bytes += next_size;
        if length >= segments_max || next.path != first.path || next_size > size || next_size == 0 || bytes > SEND_BYTES_MAX {
            break;
        }
        length += 1;
        if next_size < size {
            break;
        }
    }
    length
}

/// A number that brings an address's datagrams together. Two addresses with the same one share no run, and cost a send more.
fn near(address: SocketAddr) -> u64 {
    let ip = match address.ip() {
        IpAddr::V4(it) => u64::from(u32::from(it)),
        IpAddr::V6(it) => {
            let bits = u128::from(it);
            (bits >> 64) as u64 ^ (bits as u64).rotate_left(17)
        }
    };
    ip.rotate_left(16) ^ u64::from(address.port())
}

/// A socket of both families sees IPv4 peers under mapped addresses; everything above sees them under their own.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(it) => SocketAddr::V6(SocketAddrV6::new(it.to_ipv6_mapped(), address.port(), 0, 0)),
        IpAddr::V6(it) => SocketAddr::new(IpAddr::V6(Ipv6Addr::from(it.octets())), address.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn transmit(port: u16, size: usize) -> Transmit {
        let path = Path::udp(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port));
        Transmit { path, payload: Bytes::from(vec![7; size]) }
    }

    #[test]
    fn a_run_is_of_one_peer_and_one_size_and_ends_with_a_shorter_one() {
        let cases: &[(&[(u16, usize)], usize, usize)] = &[
            (&[(1, 100)], 64, 1),
            (&[(1, 100), (1, 100), (1, 100)], 64, 3),
            (&[(1, 100), (2, 100)], 64, 1),
            (&[(1, 100), (1, 100), (1, 60), (1, 100)], 64, 3),
            (&[(1, 100), (1, 101)], 64, 1),
            (&[(1, 100), (1, 0)], 64, 1),
            (&[(1, 100), (1, 100), (1, 100)], 2, 2),
            (&[(1, 100), (1, 100)], 1, 1),
            (&[(1, 40_000), (1, 40_000)], 64, 1),
        ];
        for (sizes, segments_max, expected) in cases {
            let outgoing: Vec<_> = sizes.iter().map(|(port, size)| transmit(*port, *size)).collect();
            assert_eq!(run_length(outgoing.iter(), *segments_max), *expected, "{sizes:?}");
        }
    }

    /// Blocks until the socket has something; the kernel says when, not a clock.
    fn receive_all(socket: &mut Socket, count: usize) -> Vec<(Path, Vec<u8>)> {
        let mut poll = mio::Poll::new().unwrap();
        poll.registry().register(socket.source(), mio::Token(0), mio::Interest::READABLE).unwrap();
        let mut received = Vec::new();
        while received.len() < count {
            while socket.receive(|_, path, datagram| received.push((path, datagram.to_vec()))).unwrap() {}
            if received.len() < count {
                poll.poll(&mut mio::Events::with_capacity(4), None).unwrap();
            }
        }
        received
    }

    #[test]
    fn datagrams_come_as_they_were_sent_in_runs_too() {
        let (mut from, mut to) =
            (Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap(), Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap());
        let sizes = [200, 200, 200, 150, 300, 10, 10, 1200];
        let path = Path::udp(to.local());
        let mut outgoing: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(number, size)| Transmit { path, payload: Bytes::from(vec![u8::try_from(number).unwrap(); *size]) })
            .collect();
        let expected: Vec<_> = outgoing.iter().map(|it| it.payload.to_vec()).collect();
        from.sending.send(&mut outgoing);
        assert!(outgoing.is_empty());
        assert_eq!(from.sending.counters.refused, 0);
        let received = receive_all(&mut to, sizes.len());
        assert_eq!(received.iter().map(|it| it.1.clone()).collect::<Vec<_>>(), expected);
        assert!(received.iter().all(|it| it.0 == Path::udp(from.local())));
    }

    #[test]
    fn a_socket_bound_to_all_answers_from_the_address_it_was_asked_at() {
        let mut server = Socket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let mut client = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let asked = Path::udp(SocketAddr::new("127.0.0.2".parse().unwrap(), server.local().port()));
        client.sending.send(&mut vec![Transmit { path: asked, payload: Bytes::from_static(b"?") }]);
        let (path, _) = receive_all(&mut server, 1).remove(0);
        assert_eq!(path.local, Some("127.0.0.2".parse().unwrap()));
        server.sending.send(&mut vec![Transmit { path, payload: Bytes::from_static(b"!") }]);
        assert_eq!(receive_all(&mut client, 1)[0].0.remote, asked.remote);
    }

    #[test]
    fn a_socket_of_both_families_sees_ipv4_peers_under_their_own_address() {
        // A host without IPv6 has nothing to test here.
        let Ok(mut server) = Socket::bind("[::]:0".parse().unwrap()) else { return };
        let mut client = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let asked = Path::udp(SocketAddr::new("127.0.0.1".parse().unwrap(), server.local().port()));
        client.sending.send(&mut vec![Transmit { path: asked, payload: Bytes::from_static(b"?") }]);
        let (path, _) = receive_all(&mut server, 1).remove(0);
        assert_eq!(path, Path { remote: client.local(), local: Some("127.0.0.1".parse().unwrap()), via: Via::Udp });
        server.sending.send(&mut vec![Transmit { path, payload: Bytes::from_static(b"!") }]);
        assert_eq!(receive_all(&mut client, 1)[0].0.remote, asked.remote);
    }
}
