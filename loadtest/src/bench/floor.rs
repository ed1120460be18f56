//! The least that forwarding can cost: each packet decrypted once (AES-128-GCM), encrypted for each receiver, and sent, those of a burst to one
//! receiver in one send (UDP_SEGMENT), by the same calls of the kernel as the media node's. No session, no count, no history, nothing rewritten.
//!
//! A program of its own (`loadtest floor`), told on its standard input who is there: a line of JSON for each ([`Entry`]).

use super::generator::keys::{KEY_BYTES, SALT_BYTES};
use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    io::{BufRead, IoSliceMut, Write},
    net::{SocketAddr, UdpSocket},
    sync::mpsc::{Receiver, TryRecvError, sync_channel},
    time::Duration,
};

const TAG_BYTES: usize = 16;
const BUFFER_BYTES: usize = 65_536;
const SEND_BYTES_MAX: usize = 65_000;
const KERNEL_BUFFER_BYTES: usize = 4 << 20;
const ENTRIES_MAX: usize = 4_096;
/// How often it looks for new entries while nothing comes.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Somebody who sends, or receives, or both, in one of several rooms.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub room: u32,
    pub address: SocketAddr,
    /// Master keys with their salts: what it sends is under the first, what it is sent under the second.
    pub sends: Option<Vec<u8>>,
    pub receives: Option<Vec<u8>>,
}

/// One direction of one connection.
struct Cipher {
    key: LessSafeKey,
    salt: [u8; SALT_BYTES],
}

impl Cipher {
    fn new(master: &[u8]) -> Result<Self> {
        let (key, salt) = master.split_at_checked(KEY_BYTES).context("a key is too short")?;
        let session: [u8; KEY_BYTES] = derive(key, salt, 0)?;
        let key = UnboundKey::new(&AES_128_GCM, &session).map_err(|_| anyhow!("a key cannot be used"))?;
        Ok(Self { key: LessSafeKey::new(key), salt: derive(master.split_at(KEY_BYTES).0, salt, 2)? })
    }

    /// RFC 7714, section 8.1, before the first wrap of the number: a run ends sooner.
    fn nonce(&self, header: &[u8]) -> Nonce {
        let mut bytes = [0; SALT_BYTES];
        bytes[2..6].copy_from_slice(&header[8..12]);
        bytes[10..].copy_from_slice(&header[2..4]);
        bytes.iter_mut().zip(self.salt).for_each(|(byte, salt)| *byte ^= salt);
        Nonce::assume_unique_for_key(bytes)
    }
}

/// RFC 3711, section 4.3.
fn derive<const N: usize>(master_key: &[u8], master_salt: &[u8], label: u8) -> Result<[u8; N]> {
    let mut counter = [0; 16];
    counter.get_mut(..master_salt.len()).context("a salt is too long")?.copy_from_slice(master_salt);
    counter[7] ^= label;
    let failed = |_| anyhow!("a key cannot be derived");
    let key = UnboundCipherKey::new(&AES_128, master_key).and_then(EncryptingKey::ctr).map_err(failed)?;
    let mut out = [0; N];
    key.less_safe_encrypt(&mut out, EncryptionContext::Iv128(FixedLength::from(counter))).map_err(failed)?;
    Ok(out)
}

/// The length of a header with its extension block (RFC 3550, section 5.1).
fn header_bytes(packet: &[u8]) -> Option<usize> {
    let first = *packet.first().filter(|first| **first >> 6 == 2)?;
    let mut length = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4)?;
        length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (packet.len() >= length + TAG_BYTES).then_some(length)
}

#[derive(Default)]
struct Room {
    receivers: Vec<(SocketAddr, Cipher)>,
    /// Plain packets of the batch at hand, whose they are, and the length of their headers. The buffers are kept.
    batch: Vec<(SocketAddr, usize, Vec<u8>)>,
    filled: usize,
}

/// Runs until its standard input ends.
pub fn run() -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let mut output = std::io::stdout();
    writeln!(output, "floor: {}", socket.local_addr()?)?;
    output.flush()?;
    let (sender, entries) = sync_channel(ENTRIES_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(entry) = serde_json::from_str::<Entry>(&line) else { return };
            if sender.send(entry).is_err() {
                return;
            }
        }
    });
    forward(&socket, &entries)
}

fn forward(socket: &UdpSocket, entries: &Receiver<Entry>) -> Result<()> {
    let state = UdpSocketState::new(UdpSockRef::from(socket))?;
    let _ = state.set_recv_buffer_size(UdpSockRef::from(socket), KERNEL_BUFFER_BYTES);
    let _ = state.set_send_buffer_size(UdpSockRef::from(socket), KERNEL_BUFFER_BYTES);
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(LOOK_EVERY))?;
    let mut senders: HashMap<SocketAddr, (usize, Cipher)> = HashMap::new();
    let mut rooms: Vec<Room> = Vec::new();
    let mut buffers = vec![0; BUFFER_BYTES * BATCH_SIZE];
    let mut run = Vec::with_capacity(SEND_BYTES_MAX);
    loop {
        loop {
            match entries.try_recv() {
                Ok(entry) => admit(entry, &mut senders, &mut rooms)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut parts = buffers.chunks_mut(BUFFER_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()));
        let Ok(count) = state.recv(UdpSockRef::from(socket), &mut slices, &mut metas) else { continue };
        for (meta, buffer) in metas[..count].iter().zip(buffers.chunks(BUFFER_BYTES)) {
            let Some((room, cipher)) = senders.get(&meta.addr) else { continue };
            for datagram in buffer[..meta.len].chunks(meta.stride.max(1)) {
                rooms[*room].open(meta.addr, cipher, datagram);
            }
        }
        for room in rooms.iter_mut().filter(|it| it.filled > 0) {
            room.send(&state, socket, &mut run);
        }
    }
}

fn admit(entry: Entry, senders: &mut HashMap<SocketAddr, (usize, Cipher)>, rooms: &mut Vec<Room>) -> Result<()> {
    let room = entry.room as usize;
    anyhow::ensure!(room < ENTRIES_MAX, "room {room} is one too many");
    if rooms.len() <= room {
        rooms.resize_with(room + 1, Room::default);
    }
    if let Some(master) = &entry.sends {
        senders.insert(entry.address, (room, Cipher::new(master)?));
    }
    if let Some(master) = &entry.receives {
        rooms[room].receivers.push((entry.address, Cipher::new(master)?));
    }
    Ok(())
}

impl Room {
    fn open(&mut self, from: SocketAddr, cipher: &Cipher, datagram: &[u8]) {
        let Some(length) = header_bytes(datagram) else { return };
        if self.batch.len() == self.filled {
            self.batch.push((from, 0, Vec::new()));
        }
        let (whose, header_length, plain) = &mut self.batch[self.filled];
        (*whose, *header_length) = (from, length);
        plain.clear();
        plain.extend_from_slice(datagram);
        let (header, sealed) = plain.split_at_mut(length);
        if cipher.key.open_in_place(cipher.nonce(header), Aad::from(&*header), sealed).is_ok() {
            plain.truncate(datagram.len() - TAG_BYTES);
            self.filled += 1;
        }
    }

    /// To everyone but whose it is, packets of one size together.
    fn send(&mut self, state: &UdpSocketState, socket: &UdpSocket, run: &mut Vec<u8>) {
        let batch = &self.batch[..self.filled];
        for (address, cipher) in &self.receivers {
            let mut rest = batch.iter().filter(|it| it.0 != *address).peekable();
            while let Some(first) = rest.next() {
                let size = first.2.len();
                run.clear();
                cipher.seal(first, run);
                while let Some(next) = rest.next_if(|it| it.2.len() == size && run.len() + size + TAG_BYTES <= SEND_BYTES_MAX) {
                    cipher.seal(next, run);
                }
                let segment_size = (run.len() > size + TAG_BYTES).then_some(size + TAG_BYTES);
                let transmit = Transmit { destination: *address, ecn: None, contents: run, segment_size, src_ip: None };
                let _ = state.try_send(UdpSockRef::from(socket), &transmit);
            }
        }
        self.filled = 0;
    }
}

impl Cipher {
    fn seal(&self, (_, header_length, plain): &(SocketAddr, usize, Vec<u8>), run: &mut Vec<u8>) {
        let at = run.len();
        run.extend_from_slice(plain);
        let (header, payload) = run[at..].split_at_mut(*header_length);
        match self.key.seal_in_place_separate_tag(self.nonce(header), Aad::from(&*header), payload) {
            Ok(tag) => run.extend_from_slice(tag.as_ref()),
            Err(_) => run.truncate(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::generator::keys::{Keys, MATERIAL_BYTES, crypto};

    /// What the floor seals, a client of the same keys opens, and the other way.
    #[test]
    fn it_speaks_the_same_srtp_as_a_client() {
        let material: Vec<u8> = (0..MATERIAL_BYTES as u8).collect();
        let mut client = Keys::of_client(&material, crypto().as_ref()).unwrap();
        // Client's key, server's key, client's salt, server's salt.
        let master = |side: usize| [&material[16 * side..][..16], &material[32 + 12 * side..][..12]].concat();
        let (theirs, ours) = (Cipher::new(&master(0)).unwrap(), Cipher::new(&master(1)).unwrap());
        let plain = crate::bench::generator::packet::Stream::new(9, 111).sound(1, 100);
        let sealed = client.seal(&plain).unwrap();
        let mut room = Room::default();
        room.open("127.0.0.1:1".parse().unwrap(), &theirs, &sealed);
        assert_eq!((room.filled, &room.batch[0].2), (1, &plain));
        let mut run = Vec::new();
        ours.seal(&room.batch[0], &mut run);
        assert_eq!(client.open(&run).unwrap()[..], plain);
        assert_eq!((header_bytes(&plain[..20]), header_bytes(&[])), (None, None));
    }
}
