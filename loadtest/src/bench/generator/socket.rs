//! The sockets of all clients: a few, shared, each client with a loopback address of its own, so that what comes for many is read in one call. They
//! take datagrams one by one as browsers do: a receiver that let the kernel join them would make the sender's side of loopback cheaper than it is.

use anyhow::{Context, Result};
use nix::sys::socket::{setsockopt, sockopt::UdpGroSegment};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use std::{
    io::IoSliceMut,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

/// Their buffers add up, where the host does not allow large ones.
const SOCKETS: usize = 8;
const DATAGRAM_BYTES: usize = 2_048;
const KERNEL_BUFFER_BYTES: usize = 8 << 20;

struct One {
    socket: UdpSocket,
    state: UdpSocketState,
}

pub struct Sockets {
    sockets: Vec<One>,
    base: Ipv4Addr,
    buffers: Vec<u8>,
    /// What the kernel did not take.
    pub refused: u64,
}

/// A client's own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    pub ip: Ipv4Addr,
    pub port: u16,
}

impl Sockets {
    /// Clients get `base` and the addresses after it.
    pub fn bind(base: Ipv4Addr) -> Result<Self> {
        let one = || {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
            setsockopt(&socket, UdpGroSegment, &false)?;
            let _ = state.set_recv_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
            let _ = state.set_send_buffer_size(UdpSockRef::from(&socket), KERNEL_BUFFER_BYTES);
            anyhow::Ok(One { socket, state })
        };
        let sockets = (0..SOCKETS).map(|_| one()).collect::<Result<_>>().context("sockets of the generator")?;
        Ok(Self { sockets, base, buffers: vec![0; DATAGRAM_BYTES * BATCH_SIZE], refused: 0 })
    }

    pub fn local(&self, client: usize) -> Result<Local> {
        let ip = Ipv4Addr::from(u32::from(self.base) + u32::try_from(client)?);
        Ok(Local { ip, port: self.sockets[client % SOCKETS].socket.local_addr()?.port() })
    }

    /// One send; `segment_size` where it holds several datagrams of that size.
    pub fn send(&mut self, client: usize, to: SocketAddr, contents: &[u8], segment_size: Option<usize>) {
        let one = &self.sockets[client % SOCKETS];
        let src_ip = Some(IpAddr::V4(Ipv4Addr::from(u32::from(self.base) + client as u32)));
        let transmit = Transmit { destination: to, ecn: None, contents, segment_size, src_ip };
        self.refused += u64::from(one.state.try_send(UdpSockRef::from(&one.socket), &transmit).is_err());
    }

    /// One batch of each socket: client, datagram, and when the kernel got it (nanoseconds since 1970). False: nothing came.
    pub fn receive(&mut self, mut each: impl FnMut(usize, &[u8], Option<u64>)) -> bool {
        let mut any = false;
        for one in &self.sockets {
            let mut metas = [RecvMeta::default(); BATCH_SIZE];
            let mut parts = self.buffers.chunks_mut(DATAGRAM_BYTES);
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(parts.next().unwrap_or_default()));
            let Ok(count) = one.state.recv(UdpSockRef::from(&one.socket), &mut slices, &mut metas) else { continue };
            any |= count > 0;
            for (meta, buffer) in metas[..count].iter().zip(self.buffers.chunks(DATAGRAM_BYTES)) {
                let Some(IpAddr::V4(ip)) = meta.dst_ip else { continue };
                let Some(client) = u32::from(ip).checked_sub(u32::from(self.base)) else { continue };
                let at = meta.timestamp.map(super::packet::since_1970_ns);
                buffer[..meta.len].chunks(meta.stride.max(1)).for_each(|it| each(client as usize, it, at));
            }
        }
        any
    }
}
