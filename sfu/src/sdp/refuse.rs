//! Why an offer is not taken. The reason is a word that a client can match on; it goes out as the value `reason` of `offer.unacceptable`,
//! with `mid` or `line` where that says more.

use wire::{Code, Refusal};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason { $($(#[$doc])* $name),* }

        impl Reason {
            pub const fn text(self) -> &'static str { match self { $(Self::$name => $text),* } }
        }
    };
}

reasons! {
    // the text
    TooLarge = "too_large",
    TooManyLines = "too_many_lines",
    TooManyMediaLines = "too_many_media_lines",
    /// More payload types, extensions, layers or SSRCs on one m-line than can mean anything.
    TooManyAttributes = "too_many_attributes",
    LineMalformed = "line_malformed",
    MediaMissing = "media_missing",

    // the transport
    /// Something other than `UDP/TLS/RTP/SAVPF`.
    Protocol = "protocol",
    MidInvalid = "mid_invalid",
    MidRepeated = "mid_repeated",
    /// Every live m-line must be in one BUNDLE group (RFC 9143).
    BundleMissing = "bundle_missing",
    RtcpMuxMissing = "rtcp_mux_missing",
    /// No user name fragment or password, or not of the length that RFC 8839 wants.
    IceInvalid = "ice_invalid",
    /// Both sides cannot be lite.
    IceLite = "ice_lite",
    /// None, or none by SHA-256.
    FingerprintInvalid = "fingerprint_invalid",
    /// The m-lines of one bundle say different things of its transport.
    TransportDiffers = "transport_differs",
    /// The offerer must be able to begin the key exchange: `actpass` or `active`.
    Setup = "setup",
    /// The certificate changed on a living connection: that is another connection, made by `resume` with an offer.
    FingerprintChanged = "fingerprint_changed",

    // the media
    CodecMissing = "codec_missing",
    TooManyLayers = "too_many_layers",
    TooManyAudioSlots = "too_many_audio_slots",
    TooManyVideoSlots = "too_many_video_slots",
    /// The client sends on an m-line without having said what.
    PublishMissing = "publish_missing",
    /// What is to be published names an m-line that is not there or does not send.
    PublishUnknown = "publish_unknown",
    /// Two m-lines for the same kind of source.
    PublishTwice = "publish_twice",
    /// Sound on a line of pictures, or the other way.
    PublishKind = "publish_kind",
}

impl Reason {
    pub fn refusal(self) -> Refusal {
        Refusal::new(Code::OfferUnacceptable).with("reason", self.text())
    }

    pub fn at_line(self, line: usize) -> Refusal {
        self.refusal().with("line", line)
    }

    pub fn of_mid(self, mid: &str) -> Refusal {
        self.refusal().with("mid", mid)
    }
}
