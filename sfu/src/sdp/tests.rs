//! A browser's offer, what is made of it, and every way in which an offer is not taken.

use super::*;
use crate::engine::negotiated::{Codec, ExtensionIds};
use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::StdRng};
use wire::signal::SourceKind;

/// Chromium 156: microphone, camera in three layers, a share's picture, its sound, two slots for sound and two for pictures.
const CHROMIUM: &str = include_str!("testdata/chromium.sdp");

fn publish() -> Vec<PublishIntent> {
    use SourceKind::*;
    [("0", Microphone), ("1", Camera), ("2", ShareVideo), ("3", ShareAudio)]
        .map(|(mid, kind)| PublishIntent { mid: mid.into(), kind, muted: kind != Microphone })
        .into()
}

fn parameters() -> AnswerParameters {
    AnswerParameters {
        fingerprint: [0xab; 32],
        candidates: vec!["192.0.2.1:20000".parse().unwrap(), "[2001:db8::1]:20000".parse().unwrap()],
        streams: vec![
            StreamCandidate { address: "192.0.2.1:20000".parse().unwrap(), greets: false },
            StreamCandidate { address: "192.0.2.1:443".parse().unwrap(), greets: true },
        ],
    }
}

fn answer_with(offer: &str, publish: &[PublishIntent], before: Option<&Media>, seed: u64) -> Result<(Media, String), Refusal> {
    let mut random = StdRng::seed_from_u64(seed);
    let keep = before.map_or(Keep::Nothing, |it| Keep::Connection(Box::new(it.clone())));
    answer(offer, publish, &keep, &parameters(), Draw { random: &mut random, now_ms: UnixMs(1_700_000_000_000) })
}

#[test]
fn a_session_on_a_new_connection_keeps_its_sources_by_kind_and_nothing_else() {
    let (first, _) = answer_with(CHROMIUM, &publish(), None, 1).unwrap();
    // Another client: the same kinds on other m-lines.
    let moved = CHROMIUM.replace("a=mid:0", "a=mid:mic").replace("BUNDLE 0 ", "BUNDLE mic ");
    let mut intents = publish();
    intents[0].mid = "mic".into();
    let mut random = StdRng::seed_from_u64(2);
    let draw = Draw { random: &mut random, now_ms: UnixMs(1_700_000_000_001) };
    let (second, _) = answer(&moved, &intents, &Keep::Sources(Box::new(first.clone())), &parameters(), draw).unwrap();
    let sources = |it: &Media| it.negotiated.receives.iter().map(|it| (it.kind, it.source)).collect::<Vec<_>>();
    assert_eq!(sources(&second), sources(&first));
    assert_ne!(second.transport.local_ufrag, first.transport.local_ufrag);
    assert_ne!(second.transport.local_pwd, first.transport.local_pwd);
    let ssrcs = |it: &Media| it.negotiated.video_slots.iter().map(|it| it.ssrc).collect::<Vec<_>>();
    assert!(ssrcs(&second).iter().all(|it| !ssrcs(&first).contains(it)));
}

fn sections(text: &str) -> Vec<Vec<&str>> {
    let mut sections = vec![Vec::new()];
    for line in text.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        sections.last_mut().unwrap().push(line);
    }
    sections
}

#[test]
fn a_browsers_offer_becomes_sources_and_slots() {
    let (media, _) = answer_with(CHROMIUM, &publish(), None, 1).unwrap();
    assert_eq!(media.transport.remote_ufrag, "V2kp");
    assert_eq!(media.transport.remote_fingerprint[..2], [0x4a, 0xc1]);
    assert_eq!((media.transport.local_ufrag.len(), media.transport.local_pwd.len()), (12, 24));

    let it = &media.negotiated;
    let kinds: Vec<_> = it.receives.iter().map(|it| (&*it.mid, it.kind, it.muted)).collect();
    assert_eq!(
        kinds,
        [
            ("0", SourceKind::Microphone, false),
            ("1", SourceKind::Camera, true),
            ("2", SourceKind::ShareVideo, true),
            ("3", SourceKind::ShareAudio, true),
        ]
    );
    let microphone = &it.receives[0];
    assert_eq!(
        microphone.payloads.iter().map(|it| (it.codec, it.payload_type, it.rtx)).collect::<Vec<_>>(),
        [(Codec::Red, 63, None), (Codec::Opus, 111, None)]
    );
    assert!(microphone.payloads.iter().all(|it| it.nack), "sound is asked for again");
    assert_eq!(microphone.extensions, ExtensionIds { mid: Some(4), audio_level: Some(1), transport_cc: Some(3), ..Default::default() });
    assert_eq!(microphone.ssrcs, [(2_911_373_758, None)]);
    let camera = &it.receives[1];
    assert_eq!(camera.rids.iter().map(|it| &**it).collect::<Vec<_>>(), ["q", "h", "f"]);
    assert_eq!(camera.payloads.iter().map(|it| (it.codec, it.payload_type, it.rtx)).collect::<Vec<_>>(), [(Codec::Vp8, 96, Some(97))]);
    assert!(camera.payloads[0].nack && camera.payloads[0].transport_cc);
    let ids = ExtensionIds { mid: Some(4), rid: Some(10), repaired_rid: Some(11), transport_cc: Some(3), ..Default::default() };
    assert_eq!(camera.extensions, ids);
    let share = &it.receives[2];
    assert!(share.rids.is_empty() && matches!(share.ssrcs[..], [(_, Some(_))]), "{:?}", share.ssrcs);

    assert_eq!(it.audio_slots.iter().map(|it| &*it.mid).collect::<Vec<_>>(), ["4", "5"]);
    assert_eq!(it.video_slots.iter().map(|it| &*it.mid).collect::<Vec<_>>(), ["6", "7"]);
    let mut ssrcs: Vec<_> = it.audio_slots.iter().chain(&it.video_slots).flat_map(|it| [Some(it.ssrc), it.rtx_ssrc]).flatten().collect();
    assert_eq!(ssrcs.len(), 6, "sound is not retransmitted");
    ssrcs.sort_unstable();
    ssrcs.dedup();
    assert_eq!(ssrcs.len(), 6);
    assert!(it.video_slots.iter().all(|it| it.first_sequence < 1 << 15 && it.first_rtx_sequence < 1 << 15));
}

#[test]
fn the_answer_has_every_line_that_a_browser_needs() {
    let (media, text) = answer_with(CHROMIUM, &publish(), None, 1).unwrap();
    assert!(text.lines().all(|it| it.len() > 2 && !it.contains('\r')) && text.ends_with("\r\n"));
    let sections = sections(&text);
    assert_eq!(sections.len(), 9);
    for line in ["a=group:BUNDLE 0 1 2 3 4 5 6 7", "a=ice-lite", "a=extmap-allow-mixed"] {
        assert!(sections[0].contains(&line), "{line}");
    }
    let pwd = format!("a=ice-pwd:{}", media.transport.local_pwd);
    for section in &sections[1..] {
        for line in ["a=rtcp-mux", "a=setup:passive", &pwd] {
            assert!(section.contains(&line), "{line} in {section:?}");
        }
        assert!(section.iter().any(|it| it.starts_with("a=fingerprint:sha-256 AB:AB:")));
    }
    let candidates = |section: &[&str]| section.iter().filter(|it| it.starts_with("a=candidate:")).count();
    assert_eq!((candidates(&sections[1]), candidates(&sections[2])), (4, 0));
    assert!(sections[1].contains(&"a=candidate:1 1 udp 2130706431 192.0.2.1 20000 typ host"));
    for line in
        ["m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=recvonly", "a=rid:q recv", "a=rid:f recv", "a=simulcast:recv q;h;f", "a=fmtp:97 apt=96"]
    {
        assert!(sections[2].contains(&line), "{line}");
    }
    for line in ["m=audio 9 UDP/TLS/RTP/SAVPF 63 111", "a=rtcp-fb:63 nack", "a=rtcp-fb:111 nack", "a=fmtp:63 111/111"] {
        assert!(sections[1].contains(&line) && sections[5].contains(&line), "{line}");
    }
    let slot = &media.negotiated.video_slots[0];
    let group = format!("a=ssrc-group:FID {} {}", slot.ssrc, slot.rtx_ssrc.unwrap());
    for line in ["a=sendonly", "a=msid:6 6", &group, &format!("a=ssrc:{} cname:sidang", slot.ssrc)] {
        assert!(sections[7].contains(&line), "{line}");
    }
}

/// Redundancy around something else, or around what is not there, is left out; alone it is nothing.
#[test]
fn streams_stand_behind_datagrams_and_greetings_are_for_those_who_know_them() {
    let candidates = |offer: &str| {
        let (_, text) = answer_with(offer, &publish(), None, 1).unwrap();
        let lines = text.lines().filter(|it| it.starts_with("a=candidate:"));
        lines.map(|it| it.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let of_chromium = candidates(CHROMIUM);
    assert_eq!(of_chromium.iter().map(|it| it[2].as_str()).collect::<Vec<_>>(), ["udp", "udp", "tcp", "ssltcp"]);
    let priorities: Vec<u32> = of_chromium.iter().map(|it| it[3].parse().unwrap()).collect();
    assert!(priorities.is_sorted_by(|one, next| one > next), "{priorities:?}");
    assert!(of_chromium[2].ends_with(&["host", "tcptype", "passive"].map(str::to_owned)), "{of_chromium:?}");
    assert_eq!(of_chromium[3][4..6], ["192.0.2.1", "443"]);
    let of_another = candidates(&CHROMIUM.replace("a=msid-semantic: WMS", "a=msid-semantic:WMS *"));
    assert_eq!(of_another.iter().map(|it| it[2].as_str()).collect::<Vec<_>>(), ["udp", "udp", "tcp"]);
}

#[test]
fn redundant_sound_is_taken_around_opus_alone() {
    for (from, to) in [("a=fmtp:63 111/111", "a=fmtp:63 111/8"), ("a=fmtp:63 111/111", "a=fmtp:63 x"), ("a=fmtp:63 111/111\r\n", "")] {
        let (media, _) = answer_with(&CHROMIUM.replace(from, to), &publish(), None, 1).unwrap();
        assert!(media.negotiated.receives[0].payloads.iter().all(|it| it.codec == Codec::Opus), "{to}");
    }
}

#[test]
fn everything_random_comes_from_the_source_given() {
    assert_eq!(answer_with(CHROMIUM, &publish(), None, 7).unwrap().1, answer_with(CHROMIUM, &publish(), None, 7).unwrap().1);
    assert_ne!(answer_with(CHROMIUM, &publish(), None, 7).unwrap().1, answer_with(CHROMIUM, &publish(), None, 8).unwrap().1);
}

/// The last m-line again, under another MID.
fn with_another_slot(offer: &str) -> String {
    let last = offer.rfind("m=video").unwrap();
    let slot = offer[last..].replace("a=mid:7", "a=mid:8");
    offer.replace("BUNDLE 0 1 2 3 4 5 6 7", "BUNDLE 0 1 2 3 4 5 6 7 8") + &slot
}

#[test]
fn a_further_offer_keeps_what_lives() {
    let (first, _) = answer_with(CHROMIUM, &publish(), None, 1).unwrap();
    let (second, text) = answer_with(&with_another_slot(CHROMIUM), &publish(), Some(&first), 2).unwrap();
    assert_eq!((&second.transport.local_ufrag, &second.transport.local_pwd), (&first.transport.local_ufrag, &first.transport.local_pwd));
    let sources = |it: &Media| it.negotiated.receives.iter().map(|it| it.source).collect::<Vec<_>>();
    assert_eq!(sources(&second), sources(&first));
    let slots = |it: &Media| it.negotiated.video_slots.iter().map(|it| (it.ssrc, it.rtx_ssrc, it.first_sequence)).collect::<Vec<_>>();
    assert_eq!(slots(&second)[..2], slots(&first)[..]);
    assert_eq!(slots(&second).len(), 3);
    assert!(text.contains("a=group:BUNDLE 0 1 2 3 4 5 6 7 8"));
}

#[test]
fn an_ice_restart_gets_new_credentials_and_keeps_the_media() {
    let (first, _) = answer_with(CHROMIUM, &publish(), None, 1).unwrap();
    let restarted = CHROMIUM.replace("a=ice-ufrag:V2kp", "a=ice-ufrag:W3lq");
    let (second, _) = answer_with(&restarted, &publish(), Some(&first), 2).unwrap();
    assert_ne!(second.transport.local_ufrag, first.transport.local_ufrag);
    assert_ne!(second.transport.local_pwd, first.transport.local_pwd);
    assert_eq!(second.negotiated.video_slots[0].ssrc, first.negotiated.video_slots[0].ssrc);
}

#[test]
fn lines_that_carry_nothing_are_answered_so() {
    let idle = CHROMIUM.replacen("a=recvonly", "a=inactive", 1);
    let (media, text) = answer_with(&idle, &publish(), None, 1).unwrap();
    assert_eq!(media.negotiated.audio_slots.len(), 1);
    assert!(sections(&text)[5].contains(&"a=inactive"));

    let data = format!("{CHROMIUM}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\na=sctp-port:5000\r\n");
    let (_, text) = answer_with(&data, &publish(), None, 1).unwrap();
    assert_eq!(sections(&text)[9][0], "m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
    assert!(!sections(&text)[0].iter().any(|it| it.starts_with("a=group") && it.ends_with(" 9")));

    let last = CHROMIUM.rfind("m=video 9").unwrap();
    let stopped = format!("{}m=video 0{}", &CHROMIUM[..last], &CHROMIUM[last + "m=video 9".len()..]);
    assert_eq!(answer_with(&stopped, &publish(), None, 1).unwrap().0.negotiated.video_slots.len(), 1);
    let bundled = stopped.replace("a=mid:7\r\n", "a=mid:7\r\na=bundle-only\r\n");
    assert_eq!(answer_with(&bundled, &publish(), None, 1).unwrap().0.negotiated.video_slots.len(), 2);
}

#[test]
fn what_is_not_taken_is_refused_by_its_reason() {
    let all = publish();
    let change = |from: &str, to: &str| CHROMIUM.replace(from, to);
    let first = |from: &str, to: &str| CHROMIUM.replacen(from, to, 1);
    let slots = |kind: &str, mids: std::ops::Range<usize>| {
        let at = CHROMIUM.rfind(&format!("m={kind}")).unwrap();
        let end = CHROMIUM[at + 2..].find("\r\nm=").map_or(CHROMIUM.len(), |it| at + it + 4);
        let (section, mid) = (
            if kind == "audio" { CHROMIUM[at..end].to_owned() } else { preferred(&CHROMIUM[at..end]) },
            if kind == "audio" { "a=mid:5" } else { "a=mid:7" },
        );
        let group: String = mids.clone().map(|it| format!(" {it}")).collect();
        let more: String = mids.map(|it| section.replace(mid, &format!("a=mid:{it}"))).collect();
        change("BUNDLE 0 1 2 3 4 5 6 7", &format!("BUNDLE 0 1 2 3 4 5 6 7{group}")) + &more
    };
    let intents = |edit: fn(&mut Vec<PublishIntent>)| {
        let mut intents = publish();
        edit(&mut intents);
        intents
    };
    let camera_everywhere = intents(|it| it[2].kind = SourceKind::Camera);
    let no_microphone = intents(|it| drop(it.remove(0)));
    let on_a_slot = intents(|it| it[0].mid = "6".into());
    let nowhere = intents(|it| it[0].mid = "99".into());
    let sound_as_picture = intents(|it| it.swap(0, 1));
    let sound_as_picture: Vec<_> = {
        let kinds: Vec<_> = publish().iter().map(|it| it.kind).rev().collect();
        sound_as_picture.iter().zip(kinds).map(|(it, kind)| PublishIntent { kind, ..it.clone() }).collect()
    };
    use Reason::*;
    let cases: Vec<(Reason, String, &[PublishIntent])> = vec![
        (TooLarge, format!("{CHROMIUM}{}", "a=x\r\n".repeat(60_000)), &all),
        (TooManyLines, format!("{CHROMIUM}{}", "a=x\r\n".repeat(20_000)), &all),
        (TooManyMediaLines, format!("{CHROMIUM}{}", "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n".repeat(57)), &all),
        (TooManyAttributes, first("a=mid:0\r\n", &format!("a=mid:0\r\n{}", "a=extmap:1 urn:x\r\n".repeat(40))), &all),
        (LineMalformed, String::new(), &all),
        (LineMalformed, first("v=0", "v=1"), &all),
        (LineMalformed, first("s=-", "something else"), &all),
        (LineMalformed, first("m=audio 9", "m=audio nine"), &all),
        (LineMalformed, first(" 111 63", " 111 111"), &all),
        (LineMalformed, first(" 111 63", " 111 200"), &all),
        (LineMalformed, first("a=extmap:1 ", "a=extmap:one "), &all),
        (MediaMissing, "v=0\r\ns=-\r\n".into(), &all),
        (Protocol, first("UDP/TLS/RTP/SAVPF", "RTP/AVP"), &all),
        (MidInvalid, first("a=mid:0\r\n", ""), &all),
        (MidInvalid, first("a=mid:0\r\n", "a=mid:a name far too long\r\n"), &all),
        (MidRepeated, first("a=mid:1\r\n", "a=mid:0\r\n"), &all),
        (BundleMissing, change("BUNDLE 0 1 2 3 4 5 6 7", "BUNDLE 0 1 2 3 4 5 6"), &all),
        (RtcpMuxMissing, first("a=rtcp-mux\r\n", ""), &all),
        (IceInvalid, change("a=ice-ufrag:V2kp", "a=ice-ufrag:V2"), &all),
        (IceInvalid, change("a=ice-pwd:IRmyvUs2/51lX3vV9IHaQy2V", "a=ice-pwd:short"), &all),
        (IceInvalid, change("a=ice-ufrag:V2kp\r\n", ""), &all),
        (IceLite, first("a=extmap-allow-mixed", "a=ice-lite"), &all),
        (FingerprintInvalid, change("a=fingerprint:sha-256", "a=fingerprint:sha-1"), &all),
        (FingerprintInvalid, change("sha-256 4A:", "sha-256 "), &all),
        (FingerprintInvalid, change("sha-256 4A:", "sha-256 XX:"), &all),
        (TransportDiffers, first("a=ice-ufrag:V2kp", "a=ice-ufrag:other"), &all),
        (Setup, change("a=setup:actpass", "a=setup:passive"), &all),
        (CodecMissing, first("a=rtpmap:111 opus", "a=rtpmap:111 opal"), &all),
        (CodecMissing, first("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP8/8000"), &all),
        (TooManyLayers, first("a=rid:f send", "a=rid:f send\r\na=rid:g send").replacen("q;h;f", "q;h;f;g", 1), &all),
        (TooManyAudioSlots, slots("audio", 20..27), &all),
        (TooManyVideoSlots, slots("video", 20..69), &all),
        (PublishMissing, CHROMIUM.into(), &no_microphone),
        (PublishUnknown, CHROMIUM.into(), &on_a_slot),
        (PublishUnknown, CHROMIUM.into(), &nowhere),
        (PublishTwice, CHROMIUM.into(), &camera_everywhere),
        (PublishKind, CHROMIUM.into(), &sound_as_picture),
    ];
    for (reason, offer, publish) in &cases {
        let refusal = answer_with(offer, publish, None, 1).expect_err(reason.text());
        assert_eq!(refusal.code, wire::Code::OfferUnacceptable);
        assert_eq!(refusal.values["reason"], reason.text(), "{refusal:?}: {:?}", offer.get(..300));
    }
    let (before, _) = answer_with(CHROMIUM, &all, None, 1).unwrap();
    let refusal = answer_with(&change("sha-256 4A:", "sha-256 4B:"), &all, Some(&before), 1).unwrap_err();
    assert_eq!(refusal.values["reason"], FingerprintChanged.text());
}

/// A slot's section as a client offers it that prefers VP8.
fn preferred(section: &str) -> String {
    let is_other = |line: &str| {
        ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"]
            .iter()
            .filter_map(|it| line.strip_prefix(it))
            .any(|it| !it.starts_with("96 ") && !it.starts_with("97 "))
    };
    let lines = section.lines().filter(|it| !is_other(it));
    lines.map(|it| if it.starts_with("m=") { "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n".to_owned() } else { format!("{it}\r\n") }).collect()
}

#[test]
fn the_largest_lawful_offer_is_taken() {
    let at = CHROMIUM.rfind("m=video").unwrap();
    let slot = preferred(&CHROMIUM[at..]);
    let more: String = (8..56).map(|it| slot.replace("a=mid:7", &format!("a=mid:{it}"))).collect();
    let group: String = (8..56).map(|it| format!(" {it}")).collect();
    let offer = CHROMIUM.replace("BUNDLE 0 1 2 3 4 5 6 7", &format!("BUNDLE 0 1 2 3 4 5 6 7{group}")) + &more;
    let (media, _) = answer_with(&offer, &publish(), None, 1).unwrap_or_else(|it| panic!("{it:?}, {} bytes", offer.len()));
    assert_eq!(media.negotiated.video_slots.len(), 50);
}

proptest! {
    /// Whatever the text, the reader gives an answer or a reason; and an answer has one m-line for each of the offer's.
    #[test]
    fn no_offer_panics(edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0usize..4, "[ -~]{0,12}"), 0..8)) {
        let mut lines: Vec<String> = CHROMIUM.lines().map(str::to_owned).collect();
        for (at, how, text) in edits {
            let at = at.index(lines.len());
            match how {
                0 => lines[at] = text,
                1 => drop(lines.remove(at)),
                2 => { let copy = lines[at].clone(); lines.insert(at, copy) }
                _ => lines[at].push_str(&text),
            }
        }
        let offer = lines.join("\r\n");
        match answer_with(&offer, &publish(), None, 1) {
            Ok((_, text)) => prop_assert_eq!(sections(&text).len(), sections(&offer).len()),
            Err(refusal) => prop_assert!(refusal.values.contains_key("reason")),
        }
    }

    #[test]
    fn no_text_panics(offer in "v=0\r\n([vmoa]=[ -~]{0,30}\r\n){0,20}") {
        let _ = answer_with(&offer, &publish(), None, 1);
    }
}
