//! RTP headers: read from and written to the wire (RFC 3550, section 5.1; RFC 8285 for extensions).

use bytes::{BufMut, BytesMut};
use std::ops::Range;

const VERSION: u8 = 2;
const FIXED_BYTES: usize = 12;
/// RFC 8285, section 4.2.
const ONE_BYTE_PROFILE: u16 = 0xbede;
/// RFC 8285, section 4.3; the low four bits are the application's.
const TWO_BYTE_PROFILE: u16 = 0x1000;

/// Where everything stands in one packet. The lengths are those of the wire, never computed from the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    profile: u16,
    extension: Range<usize>,
    /// Without padding.
    pub payload: Range<usize>,
}

impl Header {
    /// `None`: not RTP, or a length that lies.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let fixed: &[u8; FIXED_BYTES] = packet.first_chunk()?;
        if fixed[0] >> 6 != VERSION {
            return None;
        }
        let (has_padding, has_extension, csrcs) = (fixed[0] & 0x20 != 0, fixed[0] & 0x10 != 0, usize::from(fixed[0] & 0x0f));
        let mut start = FIXED_BYTES + 4 * csrcs;
        let (mut profile, mut extension) = (0, start..start);
        if has_extension {
            let head = packet.get(start..start + 4)?;
            profile = u16::from_be_bytes([head[0], head[1]]);
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            extension = start + 4..start + 4 + 4 * words;
            start = extension.end;
        }
        let mut end = packet.len();
        if start > end {
            return None;
        }
        if has_padding {
            let padding = usize::from(*packet.get(start..)?.last()?);
            if padding == 0 || padding > end - start {
                return None;
            }
            end -= padding;
        }
        Some(Self {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            profile,
            extension,
            payload: start..end,
        })
    }

    /// The extension elements of the packet this header was read from.
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> Extensions<'a> {
        let form = match self.profile {
            ONE_BYTE_PROFILE => Form::OneByte,
            profile if profile & 0xfff0 == TWO_BYTE_PROFILE => Form::TwoByte,
            _ => return Extensions { form: Form::OneByte, rest: &[] },
        };
        Extensions { form, rest: packet.get(self.extension.clone()).unwrap_or(&[]) }
    }
}

#[derive(Clone, Copy, Debug)]
enum Form {
    OneByte,
    TwoByte,
}

/// Elements of an extension block: id and value.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    form: Form,
    rest: &'a [u8],
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&head, rest) = self.rest.split_first()?;
            let (id, length, rest) = match self.form {
                Form::OneByte => (head >> 4, usize::from(head & 0x0f) + 1, rest),
                Form::TwoByte if head == 0 => (0, 0, rest),
                Form::TwoByte => {
                    let (&length, rest) = rest.split_first()?;
                    (head, usize::from(length), rest)
                }
            };
            if id == 0 {
                // A byte of padding. In the one-byte form its length bits have no meaning.
                self.rest = rest;
                continue;
            }
            if matches!(self.form, Form::OneByte) && id == 15 {
                // RFC 8285, section 4.2: stop, what follows is unknown.
                self.rest = &[];
                return None;
            }
            if length > rest.len() {
                self.rest = &[];
                return None;
            }
            let (value, rest) = rest.split_at(length);
            self.rest = rest;
            return Some((id, value));
        }
    }
}

/// What a written header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// Writes a number of two bytes into the first element of the extension block, where [`write()`] was given one with two bytes. False: it was not.
pub fn stamp(packet: &mut [u8], number: u16) -> bool {
    let (Some(first), Some(profile)) = (packet.first().copied(), packet.get(FIXED_BYTES..FIXED_BYTES + 2)) else {
        return false;
    };
    let block = FIXED_BYTES + 4;
    let (length, value) = match u16::from_be_bytes([profile[0], profile[1]]) {
        ONE_BYTE_PROFILE => (packet.get(block).map(|head| head & 0x0f), block + 1),
        TWO_BYTE_PROFILE => (packet.get(block + 1).map(|length| length.wrapping_sub(1)), block + 2),
        _ => return false,
    };
    // No CSRCs: the block begins behind the fixed part.
    if first & 0x1f != 0x10 || length != Some(1) {
        return false;
    }
    let Some(place) = packet.get_mut(value..value + 2) else {
        return false;
    };
    place.copy_from_slice(&number.to_be_bytes());
    true
}

/// Appends a header without CSRCs. Elements with id 0, id 256 or more, or above 255 bytes do not exist (RFC 8285); id 0 is left out.
pub fn write(out: &mut BytesMut, fields: Fields, elements: &[(u8, &[u8])]) {
    let has_extension = elements.iter().any(|(id, _)| *id != 0);
    out.put_u8((VERSION << 6) | if has_extension { 0x10 } else { 0 });
    out.put_u8((u8::from(fields.marker) << 7) | (fields.payload_type & 0x7f));
    out.put_u16(fields.sequence);
    out.put_u32(fields.timestamp);
    out.put_u32(fields.ssrc);
    if !has_extension {
        return;
    }
    let two_bytes = elements.iter().any(|(id, value)| *id > 14 || value.is_empty() || value.len() > 16);
    out.put_u16(if two_bytes { TWO_BYTE_PROFILE } else { ONE_BYTE_PROFILE });
    let length_at = out.len();
    out.put_u16(0);
    let start = out.len();
    for (id, value) in elements.iter().filter(|(id, _)| *id != 0) {
        let value = &value[..value.len().min(255)];
        if two_bytes {
            out.put_u8(*id);
            out.put_u8(value.len() as u8);
        } else {
            out.put_u8((id << 4) | (value.len() - 1) as u8);
        }
        out.put_slice(value);
    }
    while !(out.len() - start).is_multiple_of(4) {
        out.put_u8(0);
    }
    let words = ((out.len() - start) / 4) as u16;
    out[length_at..length_at + 2].copy_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields() -> impl Strategy<Value = Fields> {
        (any::<bool>(), 0u8..128, any::<u16>(), any::<u32>(), any::<u32>())
            .prop_map(|(marker, payload_type, sequence, timestamp, ssrc)| Fields { marker, payload_type, sequence, timestamp, ssrc })
    }

    fn elements() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
        prop_oneof![
            proptest::collection::vec((1u8..15, proptest::collection::vec(any::<u8>(), 1..17)), 0..5),
            proptest::collection::vec((1u8..=255, proptest::collection::vec(any::<u8>(), 0..90)), 0..5),
        ]
    }

    fn print(fields: Fields, elements: &[(u8, Vec<u8>)], payload: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        let borrowed: Vec<(u8, &[u8])> = elements.iter().map(|(id, value)| (*id, value.as_slice())).collect();
        write(&mut out, fields, &borrowed);
        out.extend_from_slice(payload);
        out
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(fields in fields(), elements in elements(), payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let packet = print(fields, &elements, &payload);
            let header = Header::parse(&packet).unwrap();
            let read = Fields { marker: header.marker, payload_type: header.payload_type, sequence: header.sequence, timestamp: header.timestamp, ssrc: header.ssrc };
            prop_assert_eq!(read, fields);
            let found: Vec<(u8, Vec<u8>)> = header.extensions(&packet).map(|(id, value)| (id, value.to_vec())).collect();
            prop_assert_eq!(&found, &elements);
            prop_assert_eq!(&packet[header.payload.clone()], payload.as_slice());
            prop_assert_eq!(print(read, &found, &payload), packet);
        }

        #[test]
        fn random_bytes_never_panic(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(header) = Header::parse(&packet) {
                prop_assert!(header.payload.end <= packet.len());
                header.extensions(&packet).for_each(drop);
            }
        }

        #[test]
        fn mutated_packets_never_panic(fields in fields(), elements in elements(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut packet = print(fields, &elements, &[0; 20]);
            let length = packet.len();
            packet[at.index(length)] = byte;
            packet.truncate(cut.index(length + 1));
            if let Some(header) = Header::parse(&packet) {
                prop_assert!(header.payload.end <= packet.len());
                header.extensions(&packet).for_each(drop);
            }
        }
    }

    #[test]
    fn a_number_is_stamped_where_its_place_was_left() {
        let fields = Fields { marker: false, payload_type: 96, sequence: 1, timestamp: 2, ssrc: 3 };
        for ids in [(5, 4), (5, 20), (0, 4)] {
            let mut packet = BytesMut::new();
            write(&mut packet, fields, &[(ids.0, &[0, 0]), (ids.1, &[7])]);
            packet.extend_from_slice(&[9; 10]);
            assert_eq!(stamp(&mut packet, 0xabcd), ids.0 != 0, "{ids:?}");
            let found: Vec<(u8, Vec<u8>)> =
                Header::parse(&packet).unwrap().extensions(&packet).map(|(id, value)| (id, value.to_vec())).collect();
            let expected: Vec<(u8, Vec<u8>)> =
                [(ids.0, vec![0xab, 0xcd]), (ids.1, vec![7])].into_iter().filter(|(id, _)| *id != 0).collect();
            assert_eq!(found, expected);
        }
        assert!(!stamp(&mut [0x90; 13], 1));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let plain = |first: u8, tail: &[u8]| [&[first, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3][..], tail].concat();
        for (name, packet, payload) in [
            ("eleven bytes", plain(0x80, &[])[..11].to_vec(), None),
            ("no payload", plain(0x80, &[]), Some(0)),
            ("version 1", plain(0x40, &[]), None),
            ("a CSRC that is not there", plain(0x81, &[]), None),
            ("a CSRC", plain(0x81, &[0, 0, 0, 9, 7]), Some(1)),
            ("an extension that is not there", plain(0x90, &[0xbe, 0xde, 0, 1]), None),
            ("an extension of no words", plain(0x90, &[0xbe, 0xde, 0, 0, 7]), Some(1)),
            ("padding of nothing", plain(0xa0, &[7, 0]), None),
            ("padding of all", plain(0xa0, &[0, 2]), Some(0)),
            ("padding of more than all", plain(0xa0, &[0, 3]), None),
        ] {
            assert_eq!(Header::parse(&packet).map(|header| header.payload.len()), payload, "{name}");
        }
    }
}
