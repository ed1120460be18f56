//! VP9: a packet's piece of a frame (RFC 9628), and what a key frame says of itself (VP9 bitstream, section 6.2). A picture of several spatial layers is
//! one frame here: a decoder takes them one behind the other.

use super::assemble::Piece;
use crate::engine::forward::vp9::Descriptor;

/// None where the payload is cut within the descriptor or has nothing after it.
pub fn piece(payload: &[u8]) -> Option<Piece<'_>> {
    let descriptor = Descriptor::parse(payload)?;
    let picture = descriptor.picture();
    let bytes = payload.get(descriptor.bytes()..).filter(|bytes| !bytes.is_empty())?;
    Some(Piece { begins_frame: picture.begins && picture.depth.spatial == 0, key: picture.keyframe, bytes })
}

/// Width and height of a key frame of profile 0.
pub fn key_frame_size(frame: &[u8]) -> Option<(u16, u16)> {
    // frame_marker 2, profile 0, no repeated frame, frame_type 0; then the sync code; colour in four bits before the two sizes.
    let &[head, 0x49, 0x83, 0x42, a, b, c, d, e] = frame.first_chunk()? else { return None };
    let bits = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    let size = ((bits >> 20 & 0xffff) as u16, (bits >> 4 & 0xffff) as u16);
    (head & 0xfc == 0x80).then_some((size.0.checked_add(1)?, size.1.checked_add(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_stands_in_key_frames_only() {
        // 640 x 360: 0x27f and 0x167 behind four bits of colour.
        let key = [0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf0, 0x16, 0x70, 0xff];
        assert_eq!(key_frame_size(&key), Some((640, 360)));
        let mut delta = key;
        delta[0] = 0x86;
        assert_eq!(key_frame_size(&delta), None);
        assert_eq!(key_frame_size(&key[..8]), None);
    }

    #[test]
    fn layers_of_one_picture_are_one_frame() {
        for (payload, begins, key) in [
            (&[0x8a | 0x20, 0x05, 0x00, 0x01, 0x00, 0xaa][..], true, true),
            (&[0xa8, 0x05, 0x02, 0x01, 0xaa], false, false),
            (&[0xe8, 0x05, 0x00, 0x01, 0xaa], true, false),
            (&[0xe0, 0x05, 0x00, 0x01, 0xaa], false, false),
        ] {
            let piece = piece(payload).unwrap();
            assert_eq!((piece.begins_frame, piece.key, piece.bytes), (begins, key, &[0xaa][..]), "{payload:02x?}");
        }
        assert_eq!(piece(&[0x88, 0x05]), None, "nothing in it");
    }
}
