//! A bad line between clients and a media node: a UDP relay in user space, with a pair of [`Link`]s for each client.
//!
//! The node announces the relay's address with its own port: `media.listen` is `127.0.0.1:P`, `media.announce` is `127.0.0.2`, and the relay
//! listens at `127.0.0.2:P`. No privilege is needed, and both ends are what they are on a real line.

use crate::link::{Conditions, Link};
use anyhow::{Context, Result};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::{
    net::UdpSocket,
    sync::mpsc::{Receiver, Sender, channel},
    time::sleep_until,
};

/// Clients of one relay; datagrams of further ones are dropped.
const CLIENTS_MAX: usize = 256;
/// Datagrams under way one way of one client: a second of 4,000. More are dropped, as by a router.
const UNDER_WAY_MAX: usize = 4_096;
const DATAGRAM_BYTES: usize = 2_048;

/// What was carried and what was lost of all clients, towards the node and from it.
#[derive(Debug, Default)]
pub struct Counters {
    pub up: [AtomicU64; 2],
    pub down: [AtomicU64; 2],
}

/// Relays until the socket fails.
pub async fn run(listen: UdpSocket, node: SocketAddr, up: Conditions, down: Conditions, seed: u64, counters: Arc<Counters>) -> Result<()> {
    let listen = Arc::new(listen);
    let mut clients: HashMap<SocketAddr, Way> = HashMap::new();
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let (length, client) = listen.recv_from(&mut buffer).await?;
        if !clients.contains_key(&client) {
            if clients.len() == CLIENTS_MAX {
                continue;
            }
            let seed = seed.wrapping_add(2 * clients.len() as u64);
            clients.insert(client, begin(&listen, client, node, (up, down), seed, &counters).await?);
        }
        if let Some(way) = clients.get_mut(&client) {
            way.send(&buffer[..length], &counters.up);
        }
    }
}

/// One way of one client.
struct Way {
    link: Link,
    under_way: Sender<(Instant, Bytes)>,
}

impl Way {
    fn send(&mut self, datagram: &[u8], counters: &[AtomicU64; 2]) {
        let mut arrives = self.link.carry(Instant::now(), datagram.len()).peekable();
        let carried = arrives.peek().is_some() && arrives.all(|at| self.under_way.try_send((at, Bytes::copy_from_slice(datagram))).is_ok());
        counters[usize::from(!carried)].fetch_add(1, Ordering::Relaxed);
    }
}

/// A client's own socket towards the node, and both its ways.
async fn begin(
    listen: &Arc<UdpSocket>,
    client: SocketAddr,
    node: SocketAddr,
    (up, down): (Conditions, Conditions),
    seed: u64,
    counters: &Arc<Counters>,
) -> Result<Way> {
    let any = if node.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    let socket = Arc::new(UdpSocket::bind(any).await.context("a socket towards the node")?);
    socket.connect(node).await?;
    let (under_way, arriving) = channel(UNDER_WAY_MAX);
    let upstream = Arc::clone(&socket);
    tokio::spawn(deliver(arriving, move |datagram| {
        let _ = upstream.try_send(&datagram);
    }));
    let (back, arriving) = channel(UNDER_WAY_MAX);
    let listen = Arc::clone(listen);
    tokio::spawn(deliver(arriving, move |datagram| {
        let _ = listen.try_send_to(&datagram, client);
    }));
    let counters = Arc::clone(counters);
    tokio::spawn(async move {
        let mut way = Way { link: Link::new(down, seed + 1), under_way: back };
        let mut buffer = vec![0; DATAGRAM_BYTES];
        while let Ok(length) = socket.recv(&mut buffer).await {
            way.send(&buffer[..length], &counters.down);
        }
    });
    Ok(Way { link: Link::new(up, seed), under_way })
}

/// Hands over each datagram when it arrives, whatever order they left in.
async fn deliver(mut leaving: Receiver<(Instant, Bytes)>, hand_over: impl Fn(Bytes)) {
    let mut under_way: BTreeMap<(Instant, u64), Bytes> = BTreeMap::new();
    let mut left = 0;
    loop {
        let next = under_way.keys().next().map(|(at, _)| *at);
        tokio::select! {
            biased;
            () = arrival(next), if next.is_some() => under_way.pop_first().into_iter().for_each(|(_, datagram)| hand_over(datagram)),
            datagram = leaving.recv() => match datagram {
                Some((at, datagram)) if under_way.len() < UNDER_WAY_MAX => {
                    left += 1;
                    under_way.insert((at, left), datagram);
                }
                Some(_) => {}
                None => return,
            },
        }
    }
}

async fn arrival(at: Option<Instant>) {
    if let Some(at) = at {
        sleep_until(at.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// An echo behind a line of 20 ms that loses nothing, and behind one that loses all.
    #[tokio::test]
    async fn what_goes_up_comes_back_late_or_not_at_all() {
        let node = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = node.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 100];
            while let Ok((length, from)) = node.recv_from(&mut buffer).await {
                node.send_to(&buffer[..length], from).await.unwrap();
            }
        });
        let delay = Duration::from_millis(20);
        for (loss, expected) in [(0.0, 50), (1.0, 0)] {
            let listen = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let relay = listen.local_addr().unwrap();
            let counters = Arc::new(Counters::default());
            let (up, down) = (Conditions { delay, loss, ..Conditions::CLEAN }, Conditions { delay, ..Conditions::CLEAN });
            tokio::spawn(run(listen, address, up, down, 1, Arc::clone(&counters)));
            let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let begun = Instant::now();
            for number in 0..50u8 {
                client.send_to(&[number], relay).await.unwrap();
            }
            let mut buffer = [0; 100];
            for number in 0..expected {
                assert_eq!(client.recv(&mut buffer).await.unwrap(), 1);
                assert_eq!(buffer[0], number, "in order");
                assert!(begun.elapsed() >= 2 * delay);
            }
            while counters.up.iter().map(|it| it.load(Ordering::Relaxed)).sum::<u64>() < 50 {
                tokio::task::yield_now().await;
            }
            assert_eq!(counters.up[0].load(Ordering::Relaxed), u64::from(expected));
        }
    }
}
