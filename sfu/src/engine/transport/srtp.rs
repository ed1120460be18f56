//! Encryption of media (RFC 3711 with RFC 7714), one session for each peer. What leaves is [sealed](super::seal) by ourselves.
//!
//! The library reads the header's length off a parsed header, which is wrong for some legal ones; here it is read off the wire and handed
//! over as that of a header without extensions and with as many contributing sources as fill it. And it makes state for an SSRC before it
//! has authenticated a packet of it; here a stranger's first packet goes through a context that is thrown away.

use super::seal::Sealer;
use bytes::{Bytes, BytesMut};
use rtc_crypto::RTCCrypto;
use rtc_srtp::{
    config::SessionKeys,
    context::Context,
    option::{srtcp_replay_protection, srtp_replay_protection},
    protection_profile::ProtectionProfile,
};
use smallvec::SmallVec;
use std::sync::Arc;

pub const PROFILE: ProtectionProfile = ProtectionProfile::AeadAes128Gcm;
/// RFC 7714, section 13.
const TAG_BYTES: usize = 16;
const RTP_HEADER_BYTES: usize = 12;
/// Header of an RTCP packet with the sender's SSRC.
const RTCP_HEADER_BYTES: usize = 8;
/// Packets of one SSRC that may come late and still be told from replays: two seconds of a large picture.
const RTP_WINDOW_PACKETS: usize = 1024;
const RTCP_WINDOW_PACKETS: usize = 128;
/// SSRCs that one peer may send from in its life: four sources, three layers, retransmissions of each, several times over.
const SSRCS_MAX: usize = 64;
/// Strangers that a throw-away context sees before it is thrown away. About 300 bytes each.
const STRANGERS_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    #[error("not a packet of that kind")]
    Malformed,
    #[error("not authentic, or seen before")]
    Refused,
    #[error("one SSRC too many")]
    TooManySsrcs,
    #[error("the cipher cannot be set up or takes no more packets")]
    Cipher,
}

pub struct SrtpSession {
    keys: SessionKeys,
    crypto: Arc<dyn rtc_crypto::RTCCryptoProvider>,
    sealer: Sealer,
    /// RTCP.
    sending: Context,
    receiving: Context,
    strangers: Context,
    strangers_seen: usize,
    rtp_known: SmallVec<[u32; 16]>,
    rtcp_known: SmallVec<[u32; 16]>,
    header: rtc_rtp::Header,
}

impl SrtpSession {
    pub fn new(keys: &SessionKeys, crypto: Arc<dyn rtc_crypto::RTCCryptoProvider>) -> Result<Self, SrtpError> {
        let sending = Context::new(&keys.local_master_key, &keys.local_master_salt, PROFILE, None, None, crypto.crypto());
        Ok(Self {
            sealer: Sealer::new(&keys.local_master_key, &keys.local_master_salt)?,
            sending: sending.map_err(|_| SrtpError::Cipher)?,
            receiving: receiving(keys, crypto.crypto())?,
            strangers: receiving(keys, crypto.crypto())?,
            strangers_seen: 0,
            rtp_known: SmallVec::new(),
            rtcp_known: SmallVec::new(),
            header: rtc_rtp::Header::default(),
            keys: keys.clone(),
            crypto,
        })
    }

    pub fn unprotect_rtp(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        let ssrc = self.read_header(packet, TAG_BYTES)?;
        if !self.rtp_known.contains(&ssrc) {
            self.meet_stranger()?;
            self.strangers.decrypt_rtp_with_header(packet, &self.header).map_err(|_| SrtpError::Refused)?;
            remember(&mut self.rtp_known, ssrc)?;
        }
        let plain = self.receiving.decrypt_rtp_with_header(packet, &self.header).map_err(|_| SrtpError::Refused)?;
        Ok(plain.freeze())
    }

    pub fn unprotect_rtcp(&mut self, packet: &[u8]) -> Result<BytesMut, SrtpError> {
        let ssrc = packet.get(4..8).and_then(|it| it.try_into().ok()).map(u32::from_be_bytes).ok_or(SrtpError::Malformed)?;
        if !self.rtcp_known.contains(&ssrc) {
            self.meet_stranger()?;
            self.strangers.decrypt_rtcp(packet).map_err(|_| SrtpError::Refused)?;
            remember(&mut self.rtcp_known, ssrc)?;
        }
        self.receiving.decrypt_rtcp(packet).map_err(|_| SrtpError::Refused)
    }

    /// In place: 16 bytes to spare spare a copy.
    pub fn protect_rtp(&mut self, packet: &mut BytesMut) -> Result<(), SrtpError> {
        let length = header_bytes(packet).ok_or(SrtpError::Malformed)?;
        self.sealer.seal(packet, length)
    }

    pub fn protect_rtcp(&mut self, compound: &[u8]) -> Result<BytesMut, SrtpError> {
        if compound.len() < RTCP_HEADER_BYTES {
            return Err(SrtpError::Malformed);
        }
        self.sending.encrypt_rtcp(compound).map_err(|_| SrtpError::Cipher)
    }

    /// Fills `self.header` with what the cipher needs: SSRC, sequence number, and the length on the wire.
    fn read_header(&mut self, packet: &[u8], trailer: usize) -> Result<u32, SrtpError> {
        let length = header_bytes(packet).filter(|it| packet.len() >= it + trailer).ok_or(SrtpError::Malformed)?;
        self.header.sequence_number = u16::from_be_bytes([packet[2], packet[3]]);
        self.header.ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        self.header.csrc.resize((length - RTP_HEADER_BYTES) / 4, 0);
        Ok(self.header.ssrc)
    }

    fn meet_stranger(&mut self) -> Result<(), SrtpError> {
        self.strangers_seen += 1;
        if self.strangers_seen > STRANGERS_MAX {
            self.strangers = receiving(&self.keys, self.crypto.crypto())?;
            self.strangers_seen = 1;
        }
        Ok(())
    }

    #[cfg(test)]
    fn ssrcs(&self) -> usize {
        self.rtp_known.len() + self.rtcp_known.len()
    }
}

fn receiving(keys: &SessionKeys, crypto: &dyn RTCCrypto) -> Result<Context, SrtpError> {
    let rtp = Some(srtp_replay_protection(RTP_WINDOW_PACKETS));
    let rtcp = Some(srtcp_replay_protection(RTCP_WINDOW_PACKETS));
    Context::new(&keys.remote_master_key, &keys.remote_master_salt, PROFILE, rtp, rtcp, crypto).map_err(|_| SrtpError::Cipher)
}

fn remember(known: &mut SmallVec<[u32; 16]>, ssrc: u32) -> Result<(), SrtpError> {
    if known.len() >= SSRCS_MAX {
        return Err(SrtpError::TooManySsrcs);
    }
    known.push(ssrc);
    Ok(())
}

/// The length of an RTP header with its contributing sources and its extension block (RFC 3550, section 5.1).
fn header_bytes(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let mut length = RTP_HEADER_BYTES + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4)?;
        length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (packet.len() >= length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rtc_crypto::providers::AwsLcRsProvider;

    fn pair() -> (SrtpSession, SrtpSession) {
        let crypto: Arc<dyn rtc_crypto::RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let material: Vec<u8> = (0..56).collect();
        let side = |is_client| {
            let mut config = rtc_srtp::config::Config { profile: PROFILE, ..Default::default() };
            config.set_session_keys_from_keying_material(&material, is_client).unwrap();
            SrtpSession::new(&config.keys, Arc::clone(&crypto)).unwrap()
        };
        (side(true), side(false))
    }

    fn rtp(ssrc: u32, sequence: u16, extension: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![if extension.is_empty() { 0x80 } else { 0x90 }, 96];
        packet.extend(sequence.to_be_bytes());
        packet.extend(7u32.to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        if !extension.is_empty() {
            packet.extend([0xbe, 0xde]);
            packet.extend(u16::try_from(extension.len() / 4).unwrap().to_be_bytes());
            packet.extend(extension);
        }
        packet.extend(payload);
        packet
    }

    /// Lost sound goes out again as it was: the same plaintext under the same counter is the same datagram, and those after it are as before.
    #[test]
    fn a_packet_sent_again_is_the_same_datagram() {
        let (mut server, mut client) = pair();
        let packets: Vec<Vec<u8>> = (0..200u16).map(|n| rtp(5, 65_500u16.wrapping_add(n), &[0x10, 7, 0, 0], &n.to_be_bytes())).collect();
        let sent: Vec<_> = packets.iter().map(|packet| protect(&mut server, packet).unwrap()).collect();
        for (packet, before) in packets.iter().zip(&sent).skip(10).step_by(17) {
            assert_eq!(protect(&mut server, packet).unwrap(), before);
        }
        let next = rtp(5, 65_500u16.wrapping_add(200), &[], b"next");
        let next = protect(&mut server, &next).unwrap();
        for datagram in sent.iter().chain([&next]) {
            client.unprotect_rtp(datagram).unwrap();
        }
    }

    fn protect(session: &mut SrtpSession, packet: &[u8]) -> Result<BytesMut, SrtpError> {
        let mut sealed = BytesMut::from(packet);
        session.protect_rtp(&mut sealed).map(|()| sealed)
    }

    #[test]
    fn headers_of_every_legal_shape_come_through_as_sent() {
        let extensions: &[(&str, &[u8])] = &[
            ("none", &[]),
            ("one element", &[0x10, 7, 0, 0]),
            ("id 15, which ends the block", &[0x10, 7, 0xf3, 9, 9, 9, 9, 9]),
            ("an element that overruns the block", &[0x10, 7, 0x2f, 1]),
            ("padding only", &[0, 0, 0, 0, 0, 0, 0, 0]),
        ];
        for (place, (name, extension)) in extensions.iter().enumerate() {
            let (mut client, mut server) = pair();
            let packet = rtp(5, u16::try_from(place).unwrap() + 1, extension, b"a picture");
            let wire = protect(&mut client, &packet).unwrap();
            assert_eq!(server.unprotect_rtp(&wire).unwrap(), packet, "{name}");
        }
    }

    #[test]
    fn a_packet_shorter_than_its_header_is_refused_and_does_not_panic() {
        let (mut client, mut server) = pair();
        let whole = rtp(5, 1, &[0x10, 7, 0, 0], b"");
        for length in 0..whole.len() {
            assert_eq!(protect(&mut client, &whole[..length]), Err(SrtpError::Malformed), "{length}");
            assert_eq!(server.unprotect_rtp(&whole[..length]), Err(SrtpError::Malformed), "{length}");
        }
        for length in 0..8 {
            assert_eq!(client.protect_rtcp(&[0x80; 8][..length]), Err(SrtpError::Malformed));
            assert!(server.unprotect_rtcp(&[0x80; 8][..length]).is_err());
        }
    }

    #[test]
    fn a_replay_is_refused_from_the_first_packet_on() {
        let (mut client, mut server) = pair();
        let wire = protect(&mut client, &rtp(5, 100, &[], b"once")).unwrap();
        server.unprotect_rtp(&wire).unwrap();
        assert_eq!(server.unprotect_rtp(&wire), Err(SrtpError::Refused));
        let wire = client.protect_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 5]).unwrap();
        server.unprotect_rtcp(&wire).unwrap();
        assert_eq!(server.unprotect_rtcp(&wire), Err(SrtpError::Refused));
    }

    #[test]
    fn forged_ssrcs_leave_no_state() {
        let (mut client, mut server) = pair();
        let genuine = protect(&mut client, &rtp(5, 100, &[], b"genuine")).unwrap();
        for ssrc in 0..10_000u32 {
            let mut forged = genuine.clone();
            forged[8..12].copy_from_slice(&(1000 + ssrc).to_be_bytes());
            assert_eq!(server.unprotect_rtp(&forged), Err(SrtpError::Refused));
        }
        assert_eq!(server.ssrcs(), 0);
        assert!(server.strangers_seen <= STRANGERS_MAX);
        assert_eq!(&server.unprotect_rtp(&genuine).unwrap()[12..], b"genuine");
        assert_eq!(server.ssrcs(), 1);
    }

    #[test]
    fn an_authentic_sender_gets_so_many_ssrcs_and_no_more() {
        let (mut client, mut server) = pair();
        for ssrc in 0..u32::try_from(SSRCS_MAX).unwrap() {
            let wire = protect(&mut client, &rtp(ssrc, 1, &[], b"")).unwrap();
            server.unprotect_rtp(&wire).unwrap();
        }
        let wire = protect(&mut client, &rtp(0xffff, 1, &[], b"")).unwrap();
        assert_eq!(server.unprotect_rtp(&wire), Err(SrtpError::TooManySsrcs));
        let wire = protect(&mut client, &rtp(3, 2, &[], b"")).unwrap();
        assert!(server.unprotect_rtp(&wire).is_ok(), "those that were there go on");
    }

    #[test]
    fn sequence_numbers_wrap() {
        let (mut client, mut server) = pair();
        for number in 32_000..200_000u32 {
            let packet = rtp(5, number as u16, &[], b"");
            let wire = protect(&mut client, &packet).unwrap();
            assert_eq!(server.unprotect_rtp(&wire).unwrap(), packet, "{number}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut client, mut server) = pair();
            let _ = protect(&mut client, &packet);
            let _ = client.protect_rtcp(&packet);
            let _ = server.unprotect_rtp(&packet);
            let _ = server.unprotect_rtcp(&packet);
        }
    }
}
