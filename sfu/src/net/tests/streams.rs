//! Clients that have no UDP, on real sockets.

use super::*;
use crate::engine::transport::Via;
use std::io::Read;

/// A node that takes streams at its own port, as where it is served.
fn node_with_streams() -> (Running, SocketAddr) {
    let mut running = loop {
        let running = node();
        if running.streams.is_some() {
            break running;
        }
        running.handle.stop();
    };
    let listener = running.streams.take().unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(running.handle.streams().listen(tokio::net::TcpListener::from_std(listener).unwrap()));
    (running, address)
}

fn view(running: &Running, viewer: &Person, shown: &Person) {
    let source = shown.media.negotiated.receives.iter().find(|it| it.kind == SourceKind::ShareVideo).map(|it| it.source);
    let message = ClientMessage::View { slots: vec![SlotRequest { mid: "6".into(), source, width: 640, height: 360, priority: 0 }] };
    running.handle.send(Command::Client { request: 2, session: viewer.session, message, now_ms: handle::now_ms() }).unwrap();
}

/// The next picture that the person is given, decrypted.
fn picture(person: &mut Person) -> Vec<u8> {
    loop {
        if let Some(packet) = person.read()
            && !(192..=223).contains(&packet[1])
        {
            let plain = person.client.srtp.as_mut().unwrap().unprotect_rtp(&packet).unwrap().to_vec();
            // Padding asks the line for more.
            if plain[1] & 0x7f == 96 {
                return plain;
            }
        }
    }
}

async fn done(running: &mut Running) {
    loop {
        let event = running.events.recv().await.expect("the threads run");
        if matches!(event, Event::Message { message: wire::signal::ServerMessage::Done { .. }, .. }) {
            return;
        }
    }
}

/// Case 45 of the list of abuse: frames cut into single bytes, too.
#[tokio::test(flavor = "multi_thread")]
async fn case_45_two_clients_meet_one_by_streams_however_they_are_cut() {
    for (greets, piece) in [(false, 1), (true, 7), (false, 4_096)] {
        let (mut running, address) = node_with_streams();
        let room = MeetingId::fresh();
        let mut alya = Person::join(&mut running, room).await;
        let mut badrul = Person::join(&mut running, room).await;
        badrul.socket = Carrier::stream(address, greets, piece);
        tokio::task::block_in_place(|| (alya.connect(), badrul.connect()));
        view(&running, &badrul, &alya);
        done(&mut running).await;
        alya.send_key_frame(1, b"a slide");
        assert!(tokio::task::block_in_place(|| picture(&mut badrul)).ends_with(b"a slide"));
        view(&running, &alya, &badrul);
        done(&mut running).await;
        badrul.send_key_frame(1, b"and back");
        assert!(tokio::task::block_in_place(|| picture(&mut alya)).ends_with(b"and back"));
        running.handle.stop();
        assert!(running.threads.join());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_when_its_datagrams_stop_and_a_stream_takes_their_place() {
    let (mut running, address) = node_with_streams();
    let room = MeetingId::fresh();
    let mut alya = Person::join(&mut running, room).await;
    let mut badrul = Person::join(&mut running, room).await;
    tokio::task::block_in_place(|| (alya.connect(), badrul.connect()));
    view(&running, &badrul, &alya);
    done(&mut running).await;
    alya.send_key_frame(1, b"before");
    assert!(tokio::task::block_in_place(|| picture(&mut badrul)).ends_with(b"before"));
    // The same keys, the same session: only the path is another.
    badrul.socket = Carrier::stream(address, true, 1_000);
    badrul.check();
    alya.socket = Carrier::stream(address, false, 1_000);
    alya.check();
    tokio::task::block_in_place(|| {
        badrul.read();
        alya.read();
    });
    alya.send_key_frame(2, b"after");
    assert!(tokio::task::block_in_place(|| picture(&mut badrul)).ends_with(b"after"));
    running.handle.stop();
    assert!(running.threads.join());
}

/// Whoever does not read loses what does not fit, pictures first, and nobody waits.
#[tokio::test]
async fn a_slow_reader_costs_a_bounded_queue() {
    let poll = mio::Poll::new().unwrap();
    let waker = Arc::new(mio::Waker::new(poll.registry(), shard::WAKE).unwrap());
    let (door, mut streams) = stream::queues(waker);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(door.take(listener.accept().await.unwrap().0));
    tokio::io::AsyncWriteExt::write_all(&mut client, &[0, 1, 9]).await.unwrap();
    let connection = loop {
        if let Some((path, frame)) = streams.poll_read() {
            assert_eq!(frame[..], [9]);
            let Via::Stream(connection) = path.via else { panic!("{path:?}") };
            break connection;
        }
        tokio::task::yield_now().await;
    };
    let (picture, sound) = (bytes::Bytes::from(vec![1; 1_200]), bytes::Bytes::from(vec![2; 100]));
    for _ in 0..100_000 {
        streams.send(connection, picture.clone());
        if streams.dropped == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(streams.dropped > 50_000, "{}", streams.dropped);
    let before = streams.dropped;
    streams.send(connection, sound);
    assert_eq!(streams.dropped, before, "there is room for sound");
    drop(client);
}

#[tokio::test]
async fn a_connection_that_is_not_answered_may_say_so_much_and_no_more() {
    let (running, address) = node_with_streams();
    let mut stream = tokio::task::spawn_blocking(move || std::net::TcpStream::connect(address).unwrap()).await.unwrap();
    for _ in 0..100 {
        let _ = std::io::Write::write_all(&mut stream, &[0, 20, 0, 1, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    }
    let ended = tokio::task::spawn_blocking(move || stream.read(&mut [0; 10])).await.unwrap();
    assert!(!matches!(ended, Ok(1..)), "closed without a word: {ended:?}");
    running.handle.stop();
    assert!(running.threads.join());
}
