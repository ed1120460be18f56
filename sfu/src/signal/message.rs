//! Text to messages and back. A message that cannot be read is answered, under its number where that much can be read.

use wire::{
    Code, Refusal,
    limits::SIGNAL_VERSION,
    signal::{ClientEnvelope, RequestId, ServerMessage},
};

/// What can be read of a message whose shape is not ours.
#[derive(serde::Deserialize)]
struct Outline {
    #[serde(default)]
    id: RequestId,
    #[serde(default)]
    message: OutlineMessage,
}

#[derive(Default, serde::Deserialize)]
struct OutlineMessage {
    #[serde(default)]
    version: Option<u64>,
}

pub fn read(text: &str) -> Result<ClientEnvelope, (RequestId, Refusal)> {
    serde_json::from_str(text).map_err(|_| {
        let outline = serde_json::from_str::<Outline>(text).unwrap_or(Outline { id: 0, message: OutlineMessage::default() });
        // A client of another version may well say things that cannot be read here.
        match outline.message.version {
            Some(version) if version != u64::from(SIGNAL_VERSION) => (outline.id, wrong_version()),
            _ => (outline.id, Refusal::new(Code::SignalMalformed)),
        }
    })
}

pub fn wrong_version() -> Refusal {
    Refusal::new(Code::SignalVersion).with("version", SIGNAL_VERSION)
}

pub fn write(message: &ServerMessage) -> String {
    serde_json::to_string(message).expect("a server message has no map with keys that are not text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abuse_49_what_cannot_be_read_is_answered_to_its_sender() {
        let table = [
            ("", 0, Code::SignalMalformed),
            ("null", 0, Code::SignalMalformed),
            ("{}", 0, Code::SignalMalformed),
            (r#"{"id":7}"#, 7, Code::SignalMalformed),
            (r#"{"id":7,"message":{"type":"become_admin"}}"#, 7, Code::SignalMalformed),
            (r#"{"id":7,"message":{"type":"raise_hand","raised":"yes"}}"#, 7, Code::SignalMalformed),
            (r#"{"id":-1,"message":{"type":"ping"}}"#, 0, Code::SignalMalformed),
            (r#"{"id":1,"id":2,"message":{"type":"ping"}}"#, 0, Code::SignalMalformed),
            (r#"{"id":3,"message":{"type":"join","version":2,"something":1}}"#, 3, Code::SignalVersion),
            (r#"{"id":3,"message":{"type":"join","version":1,"something":1}}"#, 3, Code::SignalMalformed),
        ];
        for (text, id, code) in table {
            let (answered, refusal) = read(text).expect_err(text);
            assert_eq!((answered, refusal.code), (id, code), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(&deep).is_err());
        assert!(read(r#"{"id":1,"message":{"type":"ping"}}"#).is_ok());
    }
}
