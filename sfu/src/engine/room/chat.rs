//! The chat (MEET-2) and the signs: who may say something to whom, what is kept for those who come later, and for how long.

use super::{
    acts::Answer,
    effects::Effects,
    meeting::{Meeting, Outcome},
    rate_limited,
};
use std::{collections::VecDeque, time::Instant};
use wire::{
    Code, Refusal, UnixMs,
    control::Fact,
    grant::{Act, GrantClaims, Role},
    id::*,
    limits::{CHAT_LINES_MAX, CHAT_MENTIONS_MAX, CHAT_TEXT_BYTES_MAX},
    signal::{BreakoutNumber, ChatLine, ChatPerson, Reaction, ServerMessage},
};

/// Text that is kept, bytes: with a full roster beside it the state of a room stays far below what one message may hold.
const KEPT_BYTES_MAX: usize = 48 * 1024;

/// The lines that are kept, the eldest first. They live as long as somebody is inside.
#[derive(Debug, Default)]
pub struct Chat {
    lines: VecDeque<ChatLine>,
    bytes: usize,
    last: u32,
}

impl Chat {
    fn push(&mut self, line: ChatLine) {
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > CHAT_LINES_MAX || self.bytes > KEPT_BYTES_MAX {
            let Some(eldest) = self.lines.pop_front() else { break };
            self.bytes -= eldest.text.len();
        }
    }

    /// What a person may read: what was said to all in the room where they stand, or to all rooms, and to or by that person alone.
    pub fn for_person(&self, person: PersonId, room: Option<BreakoutNumber>) -> Vec<ChatLine> {
        self.lines.iter().filter(|line| reads(line, person, room)).cloned().collect()
    }

    /// The breakout rooms are closed: what was said in them is kept as facts alone.
    pub fn forget_breakouts(&mut self) {
        self.lines.retain(|it| it.breakout.is_none());
        self.bytes = self.lines.iter().map(|it| it.text.len()).sum();
    }

    /// CLASS-5: a meeting that is raised keeps nothing of it. Numbers go on.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.bytes = 0;
    }
}

fn reads(line: &ChatLine, person: PersonId, room: Option<BreakoutNumber>) -> bool {
    match &line.to {
        Some(to) => to.person == person || line.from.person == person,
        None => line.announcement || line.breakout == room,
    }
}

/// The text as it is shown: without what is not seen, and without marks that turn the order of what follows (Unicode TR 36, section 3.1).
fn shown(text: &str) -> Result<String, Refusal> {
    let hidden = |it: char| {
        (it.is_control() && it != '\n') || matches!(it, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let shown: String = text.chars().filter(|it| !hidden(*it)).collect();
    match shown.trim() {
        "" => Err(Refusal::new(Code::ChatText).with("bytes_max", CHAT_TEXT_BYTES_MAX)),
        it if text.len() > CHAT_TEXT_BYTES_MAX => {
            Err(Refusal::new(Code::ChatText).with("bytes_max", CHAT_TEXT_BYTES_MAX).with("bytes", it.len()))
        }
        it => Ok(it.to_owned()),
    }
}

/// What somebody wants to say.
pub struct Saying {
    pub text: String,
    pub to: Option<SessionId>,
    pub mentions: Vec<PersonId>,
}

fn named(grant: &GrantClaims) -> ChatPerson {
    ChatPerson { person: grant.sub, name: grant.name.clone(), agency: grant.agency.clone(), guest: grant.role == Role::Guest }
}

impl Meeting {
    pub fn say(&mut self, by: SessionId, saying: Saying, now: Instant, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let from = self.permit(by, Act::Chat)?.grant.clone();
        let text = shown(&saying.text)?;
        let here = self.asker(by)?.breakout;
        let to = match saying.to {
            None => None,
            Some(session) if session == by => return Err(Refusal::new(Code::ParticipantUnknown)),
            Some(session) => match self.asker(session)? {
                other if other.breakout != here => return Err(Refusal::new(Code::BreakoutElsewhere)),
                other => Some(other.grant.clone()),
            },
        };
        if let Some(member) = self.roster.get_mut(&by) {
            member.sayings.take(now).map_err(rate_limited)?;
        }
        let mut mentions = saying.mentions;
        mentions.truncate(CHAT_MENTIONS_MAX);
        mentions.retain(|person| self.roster.values().any(|it| it.grant.sub == *person));
        let line = ChatLine {
            number: 0,
            from: named(&from),
            to: to.as_ref().map(named),
            text,
            mentions,
            breakout: here,
            announcement: false,
            at_ms: now_ms,
        };
        self.put_line(by, line, effects);
        Ok(Outcome::default())
    }

    /// A chair says it into every room.
    pub fn announce(&mut self, by: SessionId, text: &str, now: Instant, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        let from = named(&self.permit(by, Act::Chat)?.grant);
        if self.breakouts.is_none() {
            return Err(Refusal::new(Code::BreakoutsClosed));
        }
        let text = shown(text)?;
        if let Some(member) = self.roster.get_mut(&by) {
            member.sayings.take(now).map_err(rate_limited)?;
        }
        let line = ChatLine { number: 0, from, to: None, text, mentions: Vec::new(), breakout: None, announcement: true, at_ms: now_ms };
        self.put_line(by, line, effects);
        Ok(Outcome::default())
    }

    /// Numbered, kept and told to those who may read it.
    fn put_line(&mut self, by: SessionId, mut line: ChatLine, effects: &mut Effects) {
        self.chat.last = self.chat.last.saturating_add(1);
        line.number = self.chat.last;
        self.chat.push(line.clone());
        if line.to.is_none() && self.classification.policy().may_chat {
            let breakout = self.roster.get(&by).filter(|_| !line.announcement).and_then(|it| self.said_in(it));
            let ChatPerson { person, name, .. } = line.from.clone();
            effects.fact(self.id, Fact::Said { number: line.number, person, name, text: line.text.clone(), breakout });
        }
        let readers = self.attached().filter(|it| reads(&line, it.grant.sub, it.breakout));
        for session in readers.map(|it| it.session).collect::<Vec<_>>() {
            effects.message(session, ServerMessage::Chat { line: line.clone() });
        }
    }

    pub fn react(&mut self, by: SessionId, reaction: Reaction, now: Instant, effects: &mut Effects) -> Answer {
        let here = self.permit(by, Act::RaiseHand)?.breakout;
        if let Some(member) = self.roster.get_mut(&by) {
            member.signs.take(now).map_err(rate_limited)?;
        }
        self.tell_room(effects, here, &ServerMessage::Reaction { session: by, reaction });
        Ok(Outcome::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_bound_in_lines_and_in_bytes() {
        let line = |number, text: String| ChatLine {
            number,
            from: ChatPerson { person: PersonId(uuid::Uuid::nil()), name: "n".into(), agency: "a".into(), guest: false },
            to: None,
            text,
            mentions: Vec::new(),
            breakout: None,
            announcement: false,
            at_ms: UnixMs(0),
        };
        let mut chat = Chat::default();
        for number in 0..CHAT_LINES_MAX as u32 + 5 {
            chat.push(line(number, "a".into()));
        }
        assert_eq!((chat.lines.len(), chat.lines[0].number), (CHAT_LINES_MAX, 5));
        for number in 0..100 {
            chat.push(line(number, "b".repeat(CHAT_TEXT_BYTES_MAX)));
        }
        assert!(chat.bytes <= KEPT_BYTES_MAX && chat.bytes == chat.lines.iter().map(|it| it.text.len()).sum::<usize>());
    }

    #[test]
    fn the_table_of_texts() {
        let long = "ü".repeat(CHAT_TEXT_BYTES_MAX / 2);
        let table = [
            ("salam", Some("salam")),
            ("  dua\nbaris \n", Some("dua\nbaris")),
            ("a\u{202e}b\u{0}c", Some("abc")),
            ("", None),
            (" \n\t ", None),
            ("\u{202e}\u{200f}", None),
            (long.as_str(), Some(long.as_str())),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text).ok().as_deref(), expected, "{text:?}");
        }
        assert_eq!(shown(&format!("{long}x")).unwrap_err().code, Code::ChatText);
    }
}
