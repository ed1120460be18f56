//! What stands before the DTLS library: it lets through only records that a well-behaved client sends while it shakes hands.
//!
//! Without it a few hundred unauthenticated datagrams end the process: the library reassembles fragments by recursion, one level a
//! fragment, keeps empty fragments without counting them, and keeps any record of the next epoch until the handshake ends. All three
//! are bounded here: records are well-formed, fragments are not empty, and an association gets [`UNPROTECTED_RECORDS_MAX`] of them in its
//! whole life. Alerts that anybody could have sent are dropped, so that nobody can end an association without its keys.

use bytes::BytesMut;

/// Handshake messages, or records of the epoch that is about to begin, that one association is given in its life. A join needs about
/// ten, one through heavy loss about forty; the library's cost for 256 is about a millisecond.
pub const UNPROTECTED_RECORDS_MAX: u16 = 256;
/// The longest handshake message: a chain of certificates. The bound of a TLS record's plaintext.
const MESSAGE_BYTES_MAX: usize = 1 << 14;
/// An encrypted Finished: 8 bytes of nonce, 12 of header, 12 of verification, 16 of tag. A longer record could carry fragments that
/// cannot be counted from outside.
const FINISHED_BYTES_MAX: usize = 64;
/// RFC 6347, section 4.1: type, version, epoch, sequence number, length.
const RECORD_HEADER_BYTES: usize = 13;
/// RFC 6347, section 4.2.2: type, length, message sequence, fragment offset, fragment length.
const MESSAGE_HEADER_BYTES: usize = 12;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

#[derive(Debug, Default)]
pub struct Guard {
    spent: u16,
}

/// What is left of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted {
    pub records: BytesMut,
    /// The message sequence of a ClientHello that begins in this datagram.
    pub client_hello: Option<u16>,
}

struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
}

impl Guard {
    /// `established`: the handshake is over, keys exist.
    pub fn admit(&mut self, datagram: &[u8], established: bool) -> Option<Admitted> {
        let mut admitted = Admitted { records: BytesMut::with_capacity(datagram.len()), client_hello: None };
        let mut rest = datagram;
        while let Some((record, length)) = record(rest) {
            if let Some(cost) = cost(&record, established)
                && self.spent.saturating_add(cost) <= UNPROTECTED_RECORDS_MAX
            {
                self.spent += cost;
                admitted.records.extend_from_slice(&rest[..length]);
                if record.epoch == 0 && record.kind == HANDSHAKE {
                    admitted.client_hello = admitted.client_hello.or_else(|| beginning_client_hello(record.body));
                }
            }
            rest = &rest[length..];
        }
        (!admitted.records.is_empty()).then_some(admitted)
    }
}

/// The first record of `datagram` and its whole length; none where the rest is not a record.
fn record(datagram: &[u8]) -> Option<(Record<'_>, usize)> {
    let header = datagram.get(..RECORD_HEADER_BYTES)?;
    // DTLS 1.0 and 1.2 have 254 as major version; the first ClientHello may have either.
    if header[1] != 254 {
        return None;
    }
    let length = RECORD_HEADER_BYTES + usize::from(u16::from_be_bytes([header[11], header[12]]));
    let body = datagram.get(RECORD_HEADER_BYTES..length)?;
    Some((Record { kind: header[0], epoch: u16::from_be_bytes([header[3], header[4]]), body }, length))
}

/// What a record takes from the budget; none where it is not let through.
fn cost(record: &Record<'_>, established: bool) -> Option<u16> {
    match (record.epoch, record.kind) {
        (0, HANDSHAKE) => handshake_messages(record.body),
        (0, CHANGE_CIPHER_SPEC) => (!established && record.body == [1]).then_some(1),
        (1, HANDSHAKE) => (record.body.len() <= FINISHED_BYTES_MAX).then_some(1),
        // Authenticated by the library: it can be close_notify, and costs no memory when it is forged.
        (1, ALERT) => (established && record.body.len() <= FINISHED_BYTES_MAX).then_some(0),
        // Application data: there is no data channel.
        _ => None,
    }
}

/// How many messages or fragments a plaintext handshake record holds, if they are well-formed and all but the last are whole: the
/// library reads a fragment up to the end of its message, over whatever follows.
fn handshake_messages(mut body: &[u8]) -> Option<u16> {
    let mut messages = 0;
    while !body.is_empty() {
        let header = body.get(..MESSAGE_HEADER_BYTES)?;
        let length = number(&header[1..4]);
        let offset = number(&header[6..9]);
        let fragment = number(&header[9..12]);
        let end = MESSAGE_HEADER_BYTES + fragment;
        if fragment == 0 || length > MESSAGE_BYTES_MAX || offset + fragment > length || end > body.len() {
            return None;
        }
        if fragment != length && end != body.len() {
            return None;
        }
        messages += 1;
        body = &body[end..];
    }
    (messages > 0).then_some(messages)
}

fn beginning_client_hello(body: &[u8]) -> Option<u16> {
    let header = body.get(..MESSAGE_HEADER_BYTES)?;
    (header[0] == CLIENT_HELLO && number(&header[6..9]) == 0).then(|| u16::from_be_bytes([header[4], header[5]]))
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record_of(kind: u8, epoch: u16, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 254, 253];
        record.extend(epoch.to_be_bytes());
        record.extend([0; 6]);
        record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        record.extend(body);
        record
    }

    fn fragment(kind: u8, sequence: u16, length: usize, offset: usize, data: &[u8]) -> Vec<u8> {
        let three = |it: usize| u32::try_from(it).unwrap().to_be_bytes()[1..].to_vec();
        [vec![kind], three(length), sequence.to_be_bytes().to_vec(), three(offset), three(data.len()), data.to_vec()].concat()
    }

    #[test]
    fn what_a_client_sends_passes_and_what_nobody_needs_does_not() {
        let hello = fragment(CLIENT_HELLO, 1, 4, 0, b"helo");
        let cases: &[(&str, Vec<u8>, bool, bool)] = &[
            ("a ClientHello", record_of(HANDSHAKE, 0, &hello), false, true),
            ("a first fragment", record_of(HANDSHAKE, 0, &fragment(1, 0, 9, 0, b"abc")), false, true),
            ("two whole messages in one record", record_of(HANDSHAKE, 0, &[hello.clone(), hello.clone()].concat()), false, true),
            (
                "a fragment before another message",
                record_of(HANDSHAKE, 0, &[fragment(1, 0, 9, 0, b"abc"), hello.clone()].concat()),
                false,
                false,
            ),
            ("an empty fragment", record_of(HANDSHAKE, 0, &fragment(1, 0, 9, 3, b"")), false, false),
            ("an empty message", record_of(HANDSHAKE, 0, &fragment(1, 0, 0, 0, b"")), false, false),
            ("a fragment past its message", record_of(HANDSHAKE, 0, &fragment(1, 0, 9, 8, b"abc")), false, false),
            ("a message longer than any", record_of(HANDSHAKE, 0, &fragment(1, 0, MESSAGE_BYTES_MAX + 1, 0, b"abc")), false, false),
            ("a record without a message", record_of(HANDSHAKE, 0, b""), false, false),
            ("change_cipher_spec", record_of(CHANGE_CIPHER_SPEC, 0, &[1]), false, true),
            ("change_cipher_spec, too late", record_of(CHANGE_CIPHER_SPEC, 0, &[1]), true, false),
            ("Finished", record_of(HANDSHAKE, 1, &[7; 48]), false, true),
            ("more than Finished", record_of(HANDSHAKE, 1, &[7; 65]), false, false),
            ("a plaintext alert", record_of(ALERT, 0, &[2, 40]), false, false),
            ("a plaintext alert, afterwards", record_of(ALERT, 0, &[1, 0]), true, false),
            ("an early alert", record_of(ALERT, 1, &[7; 26]), false, false),
            ("an encrypted alert", record_of(ALERT, 1, &[7; 26]), true, true),
            ("early application data", record_of(23, 1, &[7; 40]), false, false),
            ("application data", record_of(23, 1, &[7; 40]), true, false),
            ("a later epoch", record_of(HANDSHAKE, 2, &hello), false, false),
            (
                "another version",
                {
                    let mut it = record_of(HANDSHAKE, 0, &hello);
                    it[1] = 3;
                    it
                },
                false,
                false,
            ),
            (
                "a record cut short",
                {
                    let mut it = record_of(HANDSHAKE, 0, &hello);
                    it.pop();
                    it
                },
                false,
                false,
            ),
        ];
        for (name, datagram, established, passes) in cases {
            assert_eq!(Guard::default().admit(datagram, *established).is_some(), *passes, "{name}");
        }
    }

    #[test]
    fn good_records_pass_beside_bad_ones() {
        let good = record_of(CHANGE_CIPHER_SPEC, 0, &[1]);
        let datagram = [record_of(ALERT, 0, &[2, 40]), good.clone(), record_of(23, 0, b"x")].concat();
        assert_eq!(Guard::default().admit(&datagram, false).unwrap().records, good);
    }

    #[test]
    fn a_client_hello_is_told_by_its_first_fragment() {
        let sequence = |datagram: &[u8]| Guard::default().admit(datagram, false).unwrap().client_hello;
        assert_eq!(sequence(&record_of(HANDSHAKE, 0, &fragment(CLIENT_HELLO, 1, 9, 0, b"abc"))), Some(1));
        assert_eq!(sequence(&record_of(HANDSHAKE, 0, &fragment(CLIENT_HELLO, 1, 9, 3, b"abc"))), None);
        assert_eq!(sequence(&record_of(HANDSHAKE, 0, &fragment(11, 2, 3, 0, b"abc"))), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The budget holds whatever comes, and what passes is made of well-formed records that stood in the datagram.
        #[test]
        fn nothing_gets_past_the_budget(datagrams in proptest::collection::vec(arbitrary_datagram(), 0..150), established: bool) {
            let mut guard = Guard::default();
            let mut counted = 0u32;
            for datagram in datagrams {
                let Some(admitted) = guard.admit(&datagram, established) else { continue };
                prop_assert!(admitted.records.len() <= datagram.len());
                let mut rest = &admitted.records[..];
                while let Some((it, length)) = record(rest) {
                    counted += u32::from(cost(&it, established).unwrap());
                    rest = &rest[length..];
                }
                prop_assert!(rest.is_empty());
            }
            prop_assert!(counted <= u32::from(UNPROTECTED_RECORDS_MAX));
        }
    }

    fn arbitrary_datagram() -> impl Strategy<Value = Vec<u8>> {
        let record = (
            prop_oneof![Just(20u8), Just(21), Just(22), Just(22), Just(23), any::<u8>()],
            0u16..3,
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                (0u8..25, 0u16..4, 0usize..40, 0usize..40, proptest::collection::vec(any::<u8>(), 0..40))
                    .prop_map(|(kind, sequence, length, offset, data)| fragment(kind, sequence, length, offset, &data)),
            ],
        )
            .prop_map(|(kind, epoch, body)| record_of(kind, epoch, &body));
        (proptest::collection::vec(record, 0..6), proptest::collection::vec(any::<u8>(), 0..8)).prop_map(|(records, tail)| {
            let mut datagram = records.concat();
            datagram.extend(tail);
            datagram
        })
    }
}
