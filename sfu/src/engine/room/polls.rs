//! Polls: one is open at a time, a person has one vote, and what was chosen is told to everyone when it is closed. Of an anonymous poll
//! nothing is ever held that would say who chose what.

use super::{
    acts::Answer,
    effects::Effects,
    meeting::{Meeting, Outcome},
};
use std::collections::{BTreeSet, VecDeque};
use wire::{
    Code, Refusal, UnixMs,
    control::Fact,
    grant::Act,
    id::*,
    limits::{POLL_CHOICES_MAX, POLL_TEXT_BYTES_MAX, POLLS_MAX},
    signal::{Poll, PollResult, PollSummary, ServerMessage},
};

#[derive(Debug, Default)]
pub struct Polls {
    held: VecDeque<Held>,
    last: u32,
}

#[derive(Debug)]
struct Held {
    number: u32,
    question: String,
    choices: Vec<String>,
    anonymous: bool,
    by: PersonId,
    by_name: String,
    opened_at_ms: UnixMs,
    voters: BTreeSet<PersonId>,
    counts: Vec<PollResult>,
    closed: bool,
}

impl Held {
    fn seen_by(&self, person: PersonId) -> Poll {
        Poll {
            number: self.number,
            question: self.question.clone(),
            choices: self.choices.clone(),
            anonymous: self.anonymous,
            by_name: self.by_name.clone(),
            opened_at_ms: self.opened_at_ms,
            votes: u32::try_from(self.voters.len()).unwrap_or(u32::MAX),
            voted: self.voters.contains(&person),
            results: self.closed.then(|| self.counts.clone()),
        }
    }
}

impl Polls {
    /// Everything that is held, as one person sees it.
    pub fn for_person(&self, person: PersonId) -> Vec<Poll> {
        self.held.iter().map(|it| it.seen_by(person)).collect()
    }

    fn open(&mut self, number: u32) -> Result<&mut Held, Refusal> {
        self.held.iter_mut().find(|it| it.number == number && !it.closed).ok_or_else(|| Refusal::new(Code::PollClosed))
    }
}

/// What is put to the vote.
pub struct Question {
    pub question: String,
    pub choices: Vec<String>,
    pub anonymous: bool,
}

impl Question {
    fn checked(self) -> Result<Self, Refusal> {
        let unusable = |field| {
            Refusal::new(Code::PollUnusable)
                .with("field", field)
                .with("choices_max", POLL_CHOICES_MAX)
                .with("bytes_max", POLL_TEXT_BYTES_MAX)
        };
        let usable = |text: &str| !text.is_empty() && text.len() <= POLL_TEXT_BYTES_MAX && !text.chars().any(char::is_control);
        let question = self.question.trim().to_owned();
        let choices: Vec<_> = self.choices.iter().map(|it| it.trim().to_owned()).collect();
        if !usable(&question) {
            return Err(unusable("question"));
        }
        let different = choices.iter().collect::<BTreeSet<_>>().len() == choices.len();
        if !(2..=POLL_CHOICES_MAX).contains(&choices.len()) || !different || !choices.iter().all(|it| usable(it)) {
            return Err(unusable("choices"));
        }
        Ok(Self { question, choices, ..self })
    }
}

impl Meeting {
    pub fn open_poll(&mut self, by: SessionId, question: Question, now_ms: UnixMs, effects: &mut Effects) -> Answer {
        let (person, name) = self.permit(by, Act::Chair).map(|it| (it.grant.sub, it.grant.name.clone()))?;
        if self.polls.held.iter().any(|it| !it.closed) {
            return Err(Refusal::new(Code::PollOpen));
        }
        let Question { question, choices, anonymous } = question.checked()?;
        if self.polls.held.len() >= POLLS_MAX {
            self.polls.held.pop_front();
        }
        self.polls.last = self.polls.last.saturating_add(1);
        let number = self.polls.last;
        let counts = vec![PollResult { votes: 0, names: Vec::new() }; choices.len()];
        let (by, by_name) = (person, name);
        let voters = BTreeSet::new();
        let held = Held { number, question, choices, anonymous, by, by_name, opened_at_ms: now_ms, voters, counts, closed: false };
        self.polls.held.push_back(held);
        self.tell_poll(effects, number, |_| true);
        Ok(Outcome::default())
    }

    pub fn vote(&mut self, by: SessionId, number: u32, choice: u8, effects: &mut Effects) -> Answer {
        let (person, name) = self.asker(by).map(|it| (it.grant.sub, it.grant.name.clone()))?;
        let held = self.polls.open(number)?;
        let Some(count) = held.counts.get_mut(usize::from(choice)) else {
            return Err(Refusal::new(Code::SignalMalformed).with("field", "choice"));
        };
        if !held.voters.insert(person) {
            return Err(Refusal::new(Code::PollVoted));
        }
        count.votes += 1;
        if !held.anonymous {
            count.names.push(name);
        }
        // How many have voted is for those who chair: it grows with every vote, and everyone is told the result.
        let chairs: Vec<_> = self.roster.values().filter(|it| it.acts.contains(&Act::Chair)).map(|it| it.session).collect();
        self.tell_poll(effects, number, |session| session == by || chairs.contains(&session));
        Ok(Outcome::default())
    }

    pub fn close_poll(&mut self, by: SessionId, number: u32, effects: &mut Effects) -> Answer {
        self.permit(by, Act::Chair)?;
        let held = self.polls.open(number)?;
        held.closed = true;
        let summary = PollSummary {
            number,
            question: held.question.clone(),
            choices: held.choices.clone(),
            anonymous: held.anonymous,
            by: held.by,
            opened_at_ms: held.opened_at_ms,
            results: held.counts.clone(),
        };
        if self.classification.policy().may_keep_polls {
            effects.fact(self.id, Fact::PollClosed { poll: summary });
        }
        self.tell_poll(effects, number, |_| true);
        Ok(Outcome::default())
    }

    /// Each is told the poll as they see it themselves.
    fn tell_poll(&self, effects: &mut Effects, number: u32, to: impl Fn(SessionId) -> bool) {
        let Some(held) = self.polls.held.iter().find(|it| it.number == number) else { return };
        for member in self.attached().filter(|it| to(it.session)) {
            effects.message(member.session, ServerMessage::Poll { poll: held.seen_by(member.grant.sub) });
        }
    }
}
