//! What `docs/signalling.md` shows is what is spoken.

use wire::signal::{ClientEnvelope, ClientMessage, ServerMessage};

const PAGE: &str = include_str!("../../../../docs/signalling.md");
const ID: &str = "01998a4c-7c1e-7d3a-9f00-5b2f1d7c0a11";

/// Every JSON object of the page: in code blocks and between back quotes.
fn examples() -> Vec<String> {
    let mut found = Vec::new();
    for (place, part) in PAGE.split("```").enumerate() {
        if place % 2 == 1 {
            let block = part.strip_prefix("json").unwrap_or(part);
            found.extend(block.trim().split("\n{").map(|it| if it.starts_with('{') { it.to_owned() } else { format!("{{{it}") }));
        } else {
            found.extend(part.split('`').filter(|it| it.starts_with('{') && it.contains("\"type\"")).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_example_of_the_page_can_be_read() {
    let examples = examples();
    assert!(examples.len() > 20, "the page has its examples");
    for example in examples {
        // The page shortens ids and long texts.
        let mut text = example.clone();
        for short in ["0199…", "0197…", "01998a4d-…", "01998a4c-…"] {
            text = text.replace(short, ID);
        }
        if text.contains("{…}") || text.contains("[…]") {
            text = text.replace("[…]", "[]");
            let row = serde_json::json!({
                "session": ID, "kind": "person", "person": ID, "name": "n", "agency": "a", "role": "host", "joined_at_ms": 0, "connected": true, "sources": [],
            });
            text = text.replace("{…}", &row.to_string());
        }
        let read = serde_json::from_str::<ClientEnvelope>(&text).is_ok()
            || serde_json::from_str::<ClientMessage>(&text).is_ok()
            || serde_json::from_str::<ServerMessage>(&text).is_ok();
        assert!(read, "{example}");
    }
}
