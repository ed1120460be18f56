//! Datagrams on a stream: each behind its length in two bytes (RFC 4571, section 2; RFC 6544, section 3).

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// What a browser puts into one frame: the same packets as on UDP, none above a path's 1,500 bytes.
pub const FRAME_BYTES_MAX: usize = 1_500;
const LENGTH_BYTES: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} bytes")]
pub struct TooLong(pub usize);

/// What came of a stream and is not a whole frame yet: never more than a read and one frame.
#[derive(Debug, Default)]
pub struct Frames {
    pub buffer: BytesMut,
}

impl Frames {
    /// The next whole frame. A stream with one that is too long is of no use any more: nothing says where the next one begins.
    pub fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        let Some(length) = self.buffer.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*length));
        if length > FRAME_BYTES_MAX {
            return Err(TooLong(length));
        }
        if self.buffer.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        self.buffer.advance(LENGTH_BYTES);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

/// Puts a datagram into what is to be written. One that does not fit its length's field is left out.
pub fn write(out: &mut BytesMut, datagram: &[u8]) {
    if let Ok(length) = u16::try_from(datagram.len()) {
        out.put_u16(length);
        out.put_slice(datagram);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(frames: &mut Frames) -> Vec<Bytes> {
        std::iter::from_fn(|| frames.next().unwrap()).collect()
    }

    #[test]
    fn frames_come_out_as_they_went_in_wherever_the_stream_is_cut() {
        let datagrams: Vec<Vec<u8>> = [1usize, 0, 200, FRAME_BYTES_MAX, 2].map(|length| vec![length as u8; length]).into();
        let mut stream = BytesMut::new();
        datagrams.iter().for_each(|it| write(&mut stream, it));
        for piece in [1, 2, 3, 100, 5_000] {
            let mut frames = Frames::default();
            let mut read = Vec::new();
            for part in stream.chunks(piece) {
                frames.buffer.extend_from_slice(part);
                read.extend(all(&mut frames));
            }
            assert_eq!(read, datagrams, "in pieces of {piece}");
            assert!(frames.buffer.is_empty());
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_it_is_there() {
        let mut frames = Frames::default();
        frames.buffer.extend_from_slice(&1_501u16.to_be_bytes());
        assert_eq!(frames.next(), Err(TooLong(1_501)));
    }
}
