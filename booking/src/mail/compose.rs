//! A stored mail becomes subject, text and calendar part, and these a message (RFC 5322, RFC 2045, RFC 6047).

use super::store::Stored;
use crate::{
    Settings,
    calendar::{
        invite::Part,
        part::{Correspondents, of_mail},
        writer::{Address, Method},
    },
    notices::{
        Notice,
        words::{self, Language},
    },
};
use identity::Recipient;
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use std::time::{Duration, SystemTime};
use wire::{UnixMs, id::MailId};

/// What a mail says, before it is a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    pub id: MailId,
    pub to: Address,
    pub language: Language,
    pub subject: String,
    pub text: String,
    /// The part that a calendar reads.
    pub calendar: Option<(Method, String)>,
    pub created_at: UnixMs,
}

/// It holds what a mail server or a calendar would obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail cannot be written: {0}")]
pub struct Unwritable(pub &'static str);

/// The mail as this person reads it.
pub fn compose(mail: &Stored, to: &Recipient, settings: &Settings) -> Result<Composed, Unwritable> {
    let language = Language::of(&to.language);
    let to = Address { name: to.name.clone(), email: to.email.clone() };
    let words = words::mail(&mail.notice, language, &settings.public_url);
    let calendar = match (&mail.calendar, event(&mail.notice)) {
        (Some(part), Some(event)) => {
            let between = Correspondents { to: &to, language, organizer: &settings.mail.from, address: &settings.public_url };
            Some((part.method, file(part, event, &between)?))
        }
        _ => None,
    };
    Ok(Composed {
        id: mail.id,
        language,
        subject: line("subject", words.subject)?,
        text: words.paragraphs.join("\n\n") + "\n",
        calendar,
        created_at: mail.created_at,
        to,
    })
}

fn file(part: &Part, event: &crate::notices::AboutMeeting, between: &Correspondents) -> Result<String, Unwritable> {
    of_mail(part, event, between).map_err(|error| {
        tracing::error!(meeting.id = %event.meeting, error = %error, "an invitation cannot be written");
        Unwritable("calendar")
    })
}

fn event(notice: &Notice) -> Option<&crate::notices::AboutMeeting> {
    match notice {
        Notice::Invited { event } | Notice::InvitationChanged { event } | Notice::InvitationCancelled { event } => Some(event),
        _ => None,
    }
}

/// `<id@host>`: the same however often it is sent.
pub fn message_id(id: MailId, settings: &Settings) -> String {
    format!("<{id}@{}>", crate::calendar::host_of(&settings.issuer))
}

impl Composed {
    /// The message, byte for byte the same however often it is made.
    pub fn message(&self, settings: &Settings) -> Result<Message, Unwritable> {
        let created = Duration::from_millis(u64::try_from(self.created_at.0).unwrap_or(0));
        let mut builder = Message::builder()
            .from(mailbox(&settings.mail.from)?)
            .to(mailbox(&self.to)?)
            .subject(words_of(&line("subject", self.subject.clone())?))
            .date(SystemTime::UNIX_EPOCH + created)
            .message_id(Some(message_id(self.id, settings)))
            // RFC 3834: nobody's absence answers it.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
        if let Some(reply_to) = &settings.mail.reply_to {
            builder = builder.reply_to(mailbox(&Address { name: String::new(), email: reply_to.clone() })?);
        }
        let text = SinglePart::plain(self.text.clone());
        let made = match &self.calendar {
            None => builder.singlepart(text),
            Some((method, file)) => {
                // RFC 6047, section 2.4: the type says the method, and it is the file's own.
                let kind = format!("text/calendar; method={}; charset=utf-8", method.text());
                let kind = ContentType::parse(&kind).map_err(|_| Unwritable("calendar"))?;
                let calendar = SinglePart::builder().header(kind).body(file.clone());
                let boundary = format!("sidang-{}", self.id);
                builder.multipart(MultiPart::alternative().boundary(boundary).singlepart(text).singlepart(calendar))
            }
        };
        made.map_err(|_| Unwritable("message"))
    }
}

fn mailbox(address: &Address) -> Result<Mailbox, Unwritable> {
    let email = address.email.parse().map_err(|_| Unwritable("e-mail"))?;
    let name = line("name", address.name.clone())?;
    Ok(Mailbox::new(Some(name).filter(|it| !it.is_empty()), email))
}

/// With single spaces between its words: a header may be folded at a space (RFC 5322, section 2.2.3), and readers join what was folded
/// each in their own way.
pub(super) fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line: what would begin another header is refused and not mended.
fn line(field: &'static str, text: String) -> Result<String, Unwritable> {
    match text.chars().any(char::is_control) {
        true => Err(Unwritable(field)),
        false => Ok(text),
    }
}
