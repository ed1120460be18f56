//! Encryption of media that leaves (RFC 3711 with RFC 7714): in place, without a copy, an allocation or a look-up by hash. The one thing done for each
//! packet of each subscriber; the library does what comes in.

use super::srtp::SrtpError;
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
};
use bytes::BytesMut;
use smallvec::SmallVec;

const SALT_BYTES: usize = 12;
/// Labels of RFC 3711, section 4.3.2.
const LABEL_KEY: u8 = 0;
const LABEL_SALT: u8 = 2;
/// SSRCs that one subscriber is sent: two for each of 58 slots.
const STREAMS_MAX: usize = 256;
/// An index has 48 bits: the rollover counter's 32 and the number's 16.
const INDEX_END: u64 = 1 << 48;

struct Stream {
    ssrc: u32,
    /// The highest so far.
    index: u64,
}

/// One direction of one session.
pub struct Sealer {
    key: LessSafeKey,
    salt: [u8; SALT_BYTES],
    streams: SmallVec<[Stream; 8]>,
    /// Where the last packet's stream stands: the next one's is often the same.
    last: usize,
}

impl Sealer {
    /// Out of the master key and salt.
    pub fn new(master_key: &[u8], master_salt: &[u8]) -> Result<Self, SrtpError> {
        let mut padded = [0; 14];
        padded.get_mut(..master_salt.len()).ok_or(SrtpError::Cipher)?.copy_from_slice(master_salt);
        let key: [u8; 16] = derive(master_key, padded, LABEL_KEY)?;
        let salt: [u8; SALT_BYTES] = derive(master_key, padded, LABEL_SALT)?;
        Self::of_session(&key, salt)
    }

    fn of_session(key: &[u8; 16], salt: [u8; SALT_BYTES]) -> Result<Self, SrtpError> {
        let key = UnboundKey::new(&AES_128_GCM, key).map_err(|_| SrtpError::Cipher)?;
        Ok(Self { key: LessSafeKey::new(key), salt, streams: SmallVec::new(), last: 0 })
    }

    /// Encrypts what stands behind `header_bytes` of the packet and appends the tag. Nothing is copied where the packet has 16 bytes to spare.
    ///
    /// The same packet again gives the same datagram; other bytes under the same SSRC and number would give the key away, and are the caller's not to make.
    pub fn seal(&mut self, packet: &mut BytesMut, header_bytes: usize) -> Result<(), SrtpError> {
        if header_bytes < 12 || packet.len() < header_bytes {
            return Err(SrtpError::Malformed);
        }
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        let index = self.index(ssrc, sequence)?;
        let nonce = self.nonce(ssrc, index);
        let (header, payload) = packet.split_at_mut(header_bytes);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(&*header), payload).map_err(|_| SrtpError::Cipher)?;
        packet.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// RFC 7714, section 8.1.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let mut bytes = [0; SALT_BYTES];
        bytes[2..6].copy_from_slice(&ssrc.to_be_bytes());
        bytes[6..].copy_from_slice(&index.to_be_bytes()[2..]);
        bytes.iter_mut().zip(self.salt).for_each(|(byte, salt)| *byte ^= salt);
        Nonce::assume_unique_for_key(bytes)
    }

    /// The packet's index without wraps (RFC 3711, section 3.3.1): the one nearest to the highest so far.
    fn index(&mut self, ssrc: u32, sequence: u16) -> Result<u64, SrtpError> {
        if self.streams.get(self.last).is_none_or(|it| it.ssrc != ssrc) {
            self.last = match self.streams.iter().position(|it| it.ssrc == ssrc) {
                Some(place) => place,
                None if self.streams.len() < STREAMS_MAX => {
                    self.streams.push(Stream { ssrc, index: u64::from(sequence) });
                    self.streams.len() - 1
                }
                None => return Err(SrtpError::TooManySsrcs),
            };
        }
        let stream = &mut self.streams[self.last];
        let ahead = i64::from(sequence.wrapping_sub(stream.index as u16) as i16);
        // Before the first wrap there is nothing behind zero.
        let index = stream.index.checked_add_signed(ahead).unwrap_or(u64::from(sequence));
        if index >= INDEX_END {
            return Err(SrtpError::Cipher);
        }
        stream.index = stream.index.max(index);
        Ok(index)
    }
}

/// RFC 3711, section 4.3.3, with a key derivation rate of zero: AES in counter mode over zeros.
fn derive<const N: usize>(master_key: &[u8], master_salt: [u8; 14], label: u8) -> Result<[u8; N], SrtpError> {
    let mut counter = [0; 16];
    counter[..14].copy_from_slice(&master_salt);
    counter[7] ^= label;
    let key = UnboundCipherKey::new(&AES_128, master_key).and_then(EncryptingKey::ctr).map_err(|_| SrtpError::Cipher)?;
    let mut out = [0; N];
    key.less_safe_encrypt(&mut out, EncryptionContext::Iv128(FixedLength::from(counter))).map_err(|_| SrtpError::Cipher)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 3711, appendix B.3.
    #[test]
    fn keys_are_derived_as_the_standard_says() {
        let (key, salt) = (hex("E1F97A0D3E018BE0D64FA32C06DE4139"), hex("0EC675AD498AFEEBB6960B3AABE6"));
        let salt: [u8; 14] = salt.try_into().unwrap();
        assert_eq!(derive::<16>(&key, salt, LABEL_KEY).unwrap()[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derive::<14>(&key, salt, LABEL_SALT).unwrap()[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
    }

    /// RFC 7714, section 16.1.1.
    #[test]
    fn a_packet_is_sealed_as_the_standard_says() {
        let key: [u8; 16] = hex("000102030405060708090a0b0c0d0e0f").try_into().unwrap();
        let salt: [u8; 12] = hex("517569642070726f2071756f").try_into().unwrap();
        let mut sealer = Sealer::of_session(&key, salt).unwrap();
        let header = hex("8040f17b8041f8d35501a0b2");
        let mut packet = BytesMut::from(&[&header[..], b"Gallia est omnis divisa in partes tres"].concat()[..]);
        sealer.seal(&mut packet, 12).unwrap();
        let expected = "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce";
        assert_eq!(packet[12..], hex(expected));
    }

    #[test]
    fn numbers_wrap_both_ways_around_the_highest() {
        let mut sealer = Sealer::of_session(&[1; 16], [2; 12]).unwrap();
        let cases = [
            (65_000, 65_000),
            (65_535, 65_535),
            (0, 65_536),
            (65_534, 65_534),
            (30_000, 95_536),
            (62_000, 127_536),
            (100, 131_172),
            (64_000, 129_536),
        ];
        for (sequence, expected) in cases {
            assert_eq!(sealer.index(7, sequence), Ok(expected), "{sequence}");
        }
        assert_eq!(sealer.index(8, 5), Ok(5), "each stream by itself");
        assert_eq!(sealer.index(7, 101), Ok(131_173));
        assert_eq!(sealer.index(9, 3), Ok(3));
        assert_eq!(sealer.index(9, 65_000), Ok(65_000), "nothing stands behind zero");
    }

    #[test]
    fn a_stream_too_many_is_refused() {
        let mut sealer = Sealer::of_session(&[1; 16], [2; 12]).unwrap();
        for ssrc in 0..STREAMS_MAX as u32 {
            sealer.index(ssrc, 1).unwrap();
        }
        assert_eq!(sealer.index(9_999, 1), Err(SrtpError::TooManySsrcs));
        assert!(sealer.index(5, 2).is_ok());
    }
}
