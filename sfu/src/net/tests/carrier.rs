//! What carries a test client's datagrams: a UDP socket, or a stream on which each stands behind its length.

use super::super::stream::{CLIENT_GREETING, SERVER_GREETING};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
};

pub enum Carrier {
    Datagrams(UdpSocket),
    Stream {
        stream: TcpStream,
        /// Bytes in one write, to cut frames apart.
        piece: usize,
        read: Vec<u8>,
    },
}

impl Carrier {
    pub fn datagrams(to: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(to).unwrap();
        Self::Datagrams(socket)
    }

    pub fn stream(to: SocketAddr, greets: bool, piece: usize) -> Self {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        if greets {
            stream.write_all(&CLIENT_GREETING).unwrap();
            let mut answer = [0; SERVER_GREETING.len()];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, SERVER_GREETING);
        }
        Self::Stream { stream, piece, read: Vec::new() }
    }

    pub fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        match self {
            Self::Datagrams(socket) => socket.send(datagram).map(drop),
            Self::Stream { stream, piece, .. } => {
                let framed = [&u16::try_from(datagram.len()).unwrap().to_be_bytes(), datagram].concat();
                framed.chunks(*piece).try_for_each(|it| stream.write_all(it))
            }
        }
    }

    pub fn recv(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (stream, read) = match self {
            Self::Datagrams(socket) => return socket.recv(buffer),
            Self::Stream { stream, read, .. } => (stream, read),
        };
        loop {
            if let Some(length) = read.first_chunk().map(|it| usize::from(u16::from_be_bytes(*it)))
                && read.len() >= 2 + length
            {
                buffer[..length].copy_from_slice(&read[2..2 + length]);
                read.drain(..2 + length);
                return Ok(length);
            }
            let mut bytes = [0; 4_096];
            match stream.read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => read.extend_from_slice(&bytes[..count]),
            }
        }
    }
}
