//! VP8: the payload descriptor (RFC 7741) and what a key frame says of itself (RFC 6386).

use super::assemble::Piece;

/// None where the payload is cut within the descriptor or has nothing after it.
pub fn piece(payload: &[u8]) -> Option<Piece<'_>> {
    const EXTENDED: u8 = 0x80;
    const BEGINS_PARTITION: u8 = 0x10;
    const PARTITION: u8 = 0x07;
    const PICTURE_ID: u8 = 0x80;
    const TL0PICIDX: u8 = 0x40;
    const TEMPORAL_OR_KEY_INDEX: u8 = 0x30;
    const PICTURE_ID_OF_15_BITS: u8 = 0x80;
    let first = *payload.first()?;
    let mut bytes = 1;
    if first & EXTENDED != 0 {
        let extensions = *payload.get(1)?;
        bytes += 1;
        if extensions & PICTURE_ID != 0 {
            bytes += if payload.get(bytes)? & PICTURE_ID_OF_15_BITS != 0 { 2 } else { 1 };
        }
        bytes += usize::from(extensions & TL0PICIDX != 0) + usize::from(extensions & TEMPORAL_OR_KEY_INDEX != 0);
    }
    let begins_frame = first & BEGINS_PARTITION != 0 && first & PARTITION == 0;
    let bytes = payload.get(bytes..).filter(|bytes| !bytes.is_empty())?;
    Some(Piece { begins_frame, key: begins_frame && is_key_frame(bytes), bytes })
}

/// RFC 6386, section 9.1: the lowest bit of the frame tag is 0 in a key frame.
fn is_key_frame(frame: &[u8]) -> bool {
    frame.first().is_some_and(|it| it & 1 == 0)
}

/// Width and height of a key frame (RFC 6386, section 9.1), without the scaling hints in the upper two bits.
pub fn key_frame_size(frame: &[u8]) -> Option<(u16, u16)> {
    let head = frame.get(..10).filter(|it| is_key_frame(it) && it[3..6] == [0x9d, 0x01, 0x2a])?;
    let size = (u16::from_le_bytes([head[6], head[7]]) & 0x3fff, u16::from_le_bytes([head[8], head[9]]) & 0x3fff);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 12] = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x81, 1, 2];

    #[test]
    fn the_table_of_descriptors() {
        for (payload, read) in [
            (&[0x10, 0xaa][..], Some((true, 1))),
            (&[0x00, 0xaa], Some((false, 1))),
            (&[0x11, 0xaa], Some((false, 1))),
            (&[0x30, 0xaa], Some((true, 1))),
            (&[0x90, 0x80, 0x05, 0xaa], Some((true, 3))),
            (&[0x90, 0x80, 0x85, 0x05, 0xaa], Some((true, 4))),
            (&[0x90, 0xc0, 0x85, 0x05, 0x07, 0xaa], Some((true, 5))),
            (&[0x90, 0xe0, 0x85, 0x05, 0x07, 0x20, 0xaa], Some((true, 6))),
            (&[0x90, 0xd0, 0x05, 0x07, 0x20, 0xaa], Some((true, 5))),
            (&[0x90, 0x00, 0xaa], Some((true, 2))),
            (&[0x90, 0x80, 0x85], None),
            (&[0x90, 0x80], None),
            (&[0x90], None),
            (&[0x10], None),
            (&[], None),
        ] {
            let found = piece(payload).map(|it| (it.begins_frame, payload.len() - it.bytes.len()));
            assert_eq!(found, read, "{payload:02x?}");
        }
    }

    #[test]
    fn the_size_stands_in_key_frames_only() {
        assert_eq!(key_frame_size(&KEY), Some((640, 360)));
        let mut delta = KEY;
        delta[0] |= 1;
        assert_eq!(key_frame_size(&delta), None);
        assert_eq!(key_frame_size(&KEY[..9]), None);
        let mut other = KEY;
        other[3] = 0;
        assert_eq!(key_frame_size(&other), None);
    }
}
