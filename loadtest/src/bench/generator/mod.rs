//! A lean generator and sink: many clients on one thread, each with a real ICE check, DTLS handshake and SRTP, sending and counting at rates that
//! browsers never reach. It spins while there is somebody to serve, so that no forwarder pays for waking it.
//!
//! ```text
//! socket      batches in and out             publisher   when which packet leaves
//! handshake   check, DTLS, consent           packet      RTP, with the sender's clock in it
//! keys        SRTP                           feedback    what receivers tell
//! client      one of many                    tally       what a window counted
//! ```

mod client;
pub mod feedback;
pub mod handshake;
pub mod keys;
pub mod packet;
pub mod publisher;
mod socket;
pub mod tally;

pub use client::{Plan, Transport};
pub use socket::Local;

use anyhow::{Context, Result};
use client::Client;
use socket::Sockets;
use std::{
    net::Ipv4Addr,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tally::Tally;
use tokio::sync::oneshot;

/// Orders that wait: a crowd that comes at once.
const ORDERS_MAX: usize = 4_096;
/// How long it sleeps while it has nobody.
const IDLE: Duration = Duration::from_millis(5);
/// Deadlines of handshakes and feedback are looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Batches between two looks at what is due.
const BATCHES_MAX: usize = 16;

enum Order {
    Add(Box<Plan>),
    /// A window begins: all counts from zero.
    Begin,
    /// The window's counts, of these clients alone where some are named.
    Read(Option<Vec<usize>>, oneshot::Sender<Tally>),
}

/// The thread, running. Dropped, it ends.
pub struct Generator {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
    locals: Vec<Local>,
    taken: usize,
}

impl Generator {
    /// Clients get `base` and the addresses after it, `clients_max` in all.
    pub fn start(base: Ipv4Addr, clients_max: usize) -> Result<Self> {
        let sockets = Sockets::bind(base)?;
        let locals = (0..clients_max).map(|it| sockets.local(it)).collect::<Result<_>>()?;
        let (orders, ends) = sync_channel(ORDERS_MAX);
        let turn = Turn { sockets, clients: Vec::new(), publishers: Vec::new(), orders: ends, begun: Instant::now(), out: Vec::new() };
        let thread = std::thread::Builder::new().name("generator".to_owned()).spawn(move || turn.run())?;
        Ok(Self { orders: Some(orders), thread: Some(thread), locals, taken: 0 })
    }

    /// The next client's number and address.
    pub fn take_local(&mut self) -> Result<(usize, Local)> {
        let local = *self.locals.get(self.taken).context("more clients than the generator was made for")?;
        self.taken += 1;
        Ok((self.taken - 1, local))
    }

    pub fn add(&self, plan: Plan) -> Result<()> {
        self.send(Order::Add(Box::new(plan)))
    }

    pub fn begin(&self) -> Result<()> {
        self.send(Order::Begin)
    }

    pub async fn read(&self, of: Option<Vec<usize>>) -> Result<Tally> {
        let (sender, tally) = oneshot::channel();
        self.send(Order::Read(of, sender))?;
        tally.await.context("the generator has ended")
    }

    /// Datagrams that the kernel dropped at the generator's own sockets, since they were bound.
    pub fn dropped(&self) -> u64 {
        let ports: std::collections::BTreeSet<u16> = self.locals.iter().map(|it| it.port).collect();
        let text = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
        let of = |line: &str| {
            let mut words = line.split_whitespace();
            let port = u16::from_str_radix(words.nth(1)?.rsplit(':').next()?, 16).ok()?;
            ports.contains(&port).then(|| words.last()?.parse::<u64>().ok()).flatten()
        };
        text.lines().filter_map(of).sum()
    }

    /// Counts for a while.
    pub async fn window(&self, length: Duration) -> Result<Tally> {
        self.begin()?;
        tokio::time::sleep(length).await;
        self.read(None).await
    }

    fn send(&self, order: Order) -> Result<()> {
        self.orders.as_ref().and_then(|it| it.send(order).ok()).context("the generator has ended")
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own.
struct Turn {
    sockets: Sockets,
    /// By their number; a number that is not added yet is empty.
    clients: Vec<Option<Client>>,
    /// Those of them that send.
    publishers: Vec<usize>,
    orders: Receiver<Order>,
    begun: Instant,
    out: Vec<Vec<u8>>,
}

impl Turn {
    fn run(mut self) {
        let (mut window_at, mut look_at) = (self.begun, self.begun);
        loop {
            loop {
                match self.orders.try_recv() {
                    Ok(Order::Add(plan)) => self.add(*plan),
                    Ok(Order::Begin) => {
                        window_at = Instant::now();
                        self.clients.iter_mut().flatten().for_each(Client::begin);
                    }
                    Ok(Order::Read(of, reply)) => {
                        let _ = reply.send(self.read(of.as_deref(), window_at.elapsed()));
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let now = Instant::now();
            self.publish(now);
            let mut busy = false;
            for _ in 0..BATCHES_MAX {
                if !self.receive() {
                    break;
                }
                busy = true;
            }
            if now >= look_at {
                look_at = now + LOOK_EVERY;
                self.look(now);
            }
            if self.clients.is_empty() {
                std::thread::sleep(IDLE);
            } else if !busy {
                std::thread::yield_now();
            }
        }
    }

    fn add(&mut self, plan: Plan) {
        let number = plan.client;
        if self.clients.len() <= number {
            self.clients.resize_with(number + 1, || None);
        }
        if plan.sends.is_some() {
            self.publishers.push(number);
        }
        match Client::new(Instant::now(), plan) {
            Ok(client) => self.clients[number] = Some(client),
            Err(error) => tracing::error!(%error, "a client cannot begin"),
        }
        self.look(Instant::now());
    }

    fn read(&self, of: Option<&[usize]>, passed: Duration) -> Tally {
        let mut tally = Tally { seconds: passed.as_secs_f64(), ..Tally::default() };
        let counted = |place: &usize| of.is_none_or(|of| of.contains(place));
        let clients = self.clients.iter().enumerate().filter(|(place, _)| counted(place));
        clients.filter_map(|(_, it)| it.as_ref()).for_each(|it| it.tell(&mut tally));
        tally
    }

    fn publish(&mut self, now: Instant) {
        for &place in &self.publishers {
            let Some(Some(client)) = self.clients.get_mut(place) else { continue };
            let remote = client.remote();
            while let Some((contents, size)) = client.poll_media(now) {
                let segment_size = (contents.len() > size).then_some(size);
                self.sockets.send(place, remote, contents, segment_size);
            }
        }
    }

    fn receive(&mut self) -> bool {
        let (clients, out, begun) = (&mut self.clients, &mut self.out, self.begun);
        let mut answers: Vec<(usize, usize)> = Vec::new();
        let any = self.sockets.receive(|place, datagram, stamped| {
            if let Some(client) = clients.get_mut(place).and_then(Option::as_mut) {
                client.read(begun, datagram, stamped, out);
                if answers.last().map_or(0, |it| it.1) < out.len() {
                    answers.push((place, out.len()));
                }
            }
        });
        let mut from = 0;
        for (place, to) in answers {
            self.flush(place, from..to);
            from = to;
        }
        self.out.clear();
        any
    }

    fn look(&mut self, now: Instant) {
        for place in 0..self.clients.len() {
            if let Some(client) = &mut self.clients[place] {
                client.on_time(now, &mut self.out);
            }
            if !self.out.is_empty() {
                self.flush(place, 0..self.out.len());
                self.out.clear();
            }
        }
    }

    fn flush(&mut self, place: usize, which: std::ops::Range<usize>) {
        let Some(Some(client)) = self.clients.get(place) else { return };
        let remote = client.remote();
        for datagram in &self.out[which] {
            self.sockets.send(place, remote, datagram, None);
        }
    }
}
