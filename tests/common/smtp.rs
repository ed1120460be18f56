//! A mail server of the test's own (RFC 5321, section 4.1.1), which takes everything and writes down whose mail came.

use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// How often each mail came, by its Message-ID.
#[derive(Clone, Default)]
pub struct Received(Arc<Mutex<BTreeMap<String, usize>>>);

impl Received {
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.0.lock().map(|it| it.clone()).unwrap_or_default()
    }
}

/// Serves until the runtime ends. The port, and what came.
pub async fn start() -> Result<(u16, Received)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (port, received) = (listener.local_addr()?.port(), Received::default());
    let book = received.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, book.clone()));
        }
    });
    Ok((port, received))
}

async fn serve(stream: TcpStream, book: Received) -> Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 localhost\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut id = None;
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    if let Some(value) = line.strip_prefix("Message-ID:") {
                        id.get_or_insert(value.trim().to_owned());
                    }
                }
                let id = id.context("a mail without Message-ID")?;
                if let Ok(mut book) = book.0.lock() {
                    *book.entry(id).or_default() += 1;
                }
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 OK\r\n",
        };
        writer.write_all(answer).await?;
    }
    Ok(())
}
