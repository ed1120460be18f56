//! Mail through a real line: what leaves, how, in which order, and what becomes of it.

mod server;

use super::{
    compose::{Composed, compose, words_of},
    deliver::{Round, send_due},
    sender::Sender,
    *,
};
use crate::{
    Settings as Booking,
    calendar::{invite::invitations_due, writer::Address},
    notices::{self, About, Notice, words::Language},
    testing::{DAY, HOUR, NOW, Plane, Someone, settings},
    tests::cast::{self, Cast},
};
use calcard::icalendar::ICalendar;
use identity::PersonRole::SystemAdministrator;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use proptest::prelude::*;
use serde_json::{Value, json};
use server::{Line, Received, Server};
use wire::{Classification, id::ReservationId};
use zeroize::Zeroizing;

const USER: (&str, &str) = ("sidang", "rahsia-pelayan");

fn smtp(server: &Server, security: Security) -> Smtp {
    Smtp {
        host: "localhost".into(),
        port: server.port,
        security,
        credentials: Some((USER.0.into(), Zeroizing::new(USER.1.into()))),
        authorities: Some(server.certificate_pem.clone().into_bytes()),
    }
}

fn with(smtp: Option<Smtp>) -> Booking {
    let it = settings();
    Booking { mail: Settings { smtp, reply_to: Some("meja@sidang.example".into()), ..it.mail.clone() }, ..it }
}

/// A service with a mail server that lets it send, and how it sends.
async fn served(db: kernel::Db, line: Line, security: Security) -> (Plane, Server, Sender) {
    let server = Server::start(line).await;
    server.lets(USER.0, USER.1);
    let sender = Sender::new(&smtp(&server, security), "sidang.example").unwrap();
    (Plane::with(db, with(Some(smtp(&server, security)))).await, server, sender)
}

fn about(title: &str) -> About {
    About {
        reservation: ReservationId(uuid::Uuid::from_u128(7)),
        reference: "TP-2026-00012".into(),
        classification: Classification::Terbuka,
        title: Some(title.into()),
        sites: vec!["MAMPU Cyberjaya".into()],
        starts_at_ms: UnixMs(NOW.0 + 3 * DAY),
        ends_at_ms: UnixMs(NOW.0 + 3 * DAY + HOUR),
    }
}

/// Tells them; each `version` is a mail of its own.
async fn tell(plane: &Plane, people: &[&Someone], version: i64) {
    let notice = Notice::Approved { about: about("Mesyuarat Penyelarasan \u{2013} Café"), meeting: None, at_ms: UnixMs(version) };
    let people: Vec<PersonId> = people.iter().map(|it| it.id).collect();
    let now = kernel::Clock::now(&*plane.clock);
    kernel::transact!(plane.booking.db, tx => notices::tell(tx, now, &people, &notice).await).unwrap();
}

async fn send(plane: &Plane, sender: &Sender) -> Round {
    send_due(&plane.booking, sender).await.unwrap()
}

async fn states(plane: &Plane) -> Vec<(MailState, Option<Failure>)> {
    let (mut mails, _) = store::list(&mut plane.booking.db.read().await.unwrap(), None, None).await.unwrap();
    mails.reverse();
    mails.into_iter().map(|it| (it.state, it.failure)).collect()
}

fn header(mail: &Received, name: &str) -> String {
    let head = mail.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    let prefix = format!("{name}: ");
    let found: Vec<_> = head.split("\r\n").filter_map(|line| line.strip_prefix(&prefix)).collect();
    let [value] = found.as_slice() else { panic!("{name} stands {} times in\n{head}", found.len()) };
    (*value).to_owned()
}

kernel::on_both! {
    async fn a_mail_leaves_by_starttls_once(db: Db) {
        let (plane, server, sender) = served(db, Line::Offered, Security::StartTls).await;
        let (one, two) = (cast::officer(&plane, "satu").await, cast::officer(&plane, "dua").await);
        tell(&plane, &[&one, &two], 1).await;
        assert_eq!(send(&plane, &sender).await, Round { settled: 2, ..Round::default() });
        assert_eq!(send(&plane, &sender).await, Round::default(), "what was sent is not sent again");

        let received = server.received();
        assert_eq!(received.len(), 2);
        let mail = received.iter().find(|it| it.to == ["satu@agensi.example"]).unwrap();
        assert!(mail.encrypted && mail.authenticated);
        assert_eq!(mail.from, "sidang@sidang.example");
        assert_eq!((header(mail, "Reply-To"), header(mail, "Auto-Submitted")), ("meja@sidang.example".into(), "auto-generated".into()));
        assert!(header(mail, "Message-ID").ends_with("@sidang.example>"));
        assert_ne!(header(&received[0], "Message-ID"), header(&received[1], "Message-ID"));
        let read = MessageParser::default().parse(mail.data.as_bytes()).unwrap();
        assert_eq!(read.subject(), Some("Permohonan diluluskan: TP-2026-00012"));
        assert_eq!(read.date().unwrap().to_timestamp() * 1000, NOW.0);
        let text = read.body_text(0).unwrap();
        assert!(text.contains("\u{201c}Mesyuarat Penyelarasan \u{2013} Café\u{201d}") && text.contains("https://sidang.example/bookings/"), "{text}");
        assert_eq!(states(&plane).await, [(MailState::Sent, None), (MailState::Sent, None)]);
    }

    async fn an_invitation_is_one_mail_that_a_calendar_reads(db: Db) {
        let (plane, server, sender) = served(db.clone(), Line::Wrapped, Security::Tls).await;
        let cast = Cast::new(&plane).await;
        let id = cast::text(&cast.approved(&plane).await["id"]);
        while invitations_due(&db, NOW, "sidang.example").await.unwrap() > 0 {}
        send(&plane, &sender).await;
        plane.post(Some(&cast.applicant), &format!("/api/v1/reservations/{id}/withdrawal"), json!({})).await.ok();
        while invitations_due(&db, NOW, "sidang.example").await.unwrap() > 0 {}
        send(&plane, &sender).await;

        let received = server.received();
        let mut told: Vec<(String, String)> = Vec::new();
        for mail in received.iter().filter(|it| it.data.contains("text/calendar")) {
            let read = MessageParser::default().parse(mail.data.as_bytes()).unwrap();
            let part = read.parts.iter().find(|it| it.is_content_type("text", "calendar")).expect("a part for the calendar");
            let kind = part.content_type().unwrap();
            assert_eq!((kind.ctype(), read.content_type().unwrap().subtype()), ("text", Some("alternative")));
            let method = kind.attribute("method").unwrap().to_owned();
            let PartType::Text(file) = &part.body else { panic!("no text") };
            assert!(file.contains(&format!("METHOD:{method}\r\n")), "RFC 6047, section 2.4: one method");
            assert!(file.replace("\r\n ", "").contains(&format!("mailto:{}", mail.to[0])), "{file}");
            ICalendar::parse(file.as_ref()).unwrap_or_else(|_| panic!("calcard does not read it"));
            told.push((mail.to[0].clone(), method));
        }
        told.sort();
        let expected = ["dua", "satu", "tiga"].iter().flat_map(|name| ["CANCEL", "REQUEST"].map(|it| (format!("{name}@agensi.example"), it.to_owned())));
        assert_eq!(told, expected.collect::<Vec<_>>());
    }

    async fn nothing_is_said_on_a_line_that_is_not_secret(db: Db) {
        let (plane, server, sender) = served(db, Line::Plain, Security::StartTls).await;
        let one = cast::officer(&plane, "satu").await;
        tell(&plane, &[&one], 1).await;
        assert!(send(&plane, &sender).await.away.is_some());
        assert!(!server.commands().iter().any(|it| ["AUTH", "MAIL", "RCPT"].contains(&it.as_str())), "{:?}", server.commands());
        assert_eq!(states(&plane).await[0].0, MailState::Waiting);
    }

    async fn a_server_that_nobody_vouches_for_gets_nothing(db: Db) {
        let (plane, server, _) = served(db, Line::Offered, Security::StartTls).await;
        let other = Server::start(Line::Offered).await;
        let sender = Sender::new(&Smtp { authorities: Some(other.certificate_pem.clone().into_bytes()), ..smtp(&server, Security::StartTls) }, "sidang.example").unwrap();
        let one = cast::officer(&plane, "satu").await;
        tell(&plane, &[&one], 1).await;
        assert!(send(&plane, &sender).await.away.is_some());
        assert!(server.received().is_empty() && !server.commands().contains(&"AUTH".to_owned()));
    }

    async fn what_is_refused_for_now_is_tried_again_and_what_is_refused_for_good_is_kept(db: Db) {
        let (plane, server, sender) = served(db, Line::Offered, Security::StartTls).await;
        let (one, two) = (cast::officer(&plane, "satu").await, cast::officer(&plane, "dua").await);
        server.answers(&["451 4.7.1 greylisted", "550 5.1.1 nobody here"]);
        tell(&plane, &[&one], 1).await;
        tell(&plane, &[&two], 1).await;
        assert_eq!(send(&plane, &sender).await, Round { settled: 1, deferred: 1, away: None });
        assert_eq!(states(&plane).await, [(MailState::Waiting, Some(Failure::RefusedForNow)), (MailState::Failed, Some(Failure::Refused))]);
        assert_eq!(send(&plane, &sender).await, Round::default(), "not before its time");
        plane.clock.advance_ms(60_000);
        assert_eq!(send(&plane, &sender).await.settled, 1);
        assert_eq!(server.received().len(), 1);

        // Twelve times for now is for good; the pauses grow.
        tell(&plane, &[&one], 2).await;
        server.answers(&["451 no"; 12]);
        let began = kernel::Clock::now(&*plane.clock);
        for minutes in [1, 5, 15, 60, 240, 240, 240, 240, 240, 240, 240] {
            assert_eq!(send(&plane, &sender).await.deferred, 1);
            plane.clock.advance_ms(minutes * 60_000 - 1);
            assert_eq!(send(&plane, &sender).await, Round::default());
            plane.clock.advance_ms(1);
        }
        send(&plane, &sender).await;
        assert_eq!(states(&plane).await[2], (MailState::Failed, Some(Failure::RefusedForNow)));
        assert!(kernel::Clock::now(&*plane.clock).0 - began.0 < 2 * DAY);
    }

    async fn a_wrong_password_is_no_mail_s_fault(db: Db) {
        let (plane, server, sender) = served(db, Line::Offered, Security::StartTls).await;
        let one = cast::officer(&plane, "satu").await;
        tell(&plane, &[&one], 1).await;
        server.lets(USER.0, "another");
        for _ in 0..20 {
            assert_eq!(send(&plane, &sender).await.away, Some(Failure::Credentials));
        }
        assert_eq!(states(&plane).await, [(MailState::Waiting, Some(Failure::Credentials))]);
        server.lets(USER.0, USER.1);
        assert_eq!(send(&plane, &sender).await.settled, 1);
    }

    async fn one_persons_mails_leave_in_their_order(db: Db) {
        let (plane, server, sender) = served(db, Line::Offered, Security::StartTls).await;
        let (one, two) = (cast::officer(&plane, "satu").await, cast::officer(&plane, "dua").await);
        for version in 1..=3 {
            tell(&plane, &[&one], version).await;
        }
        tell(&plane, &[&two], 1).await;
        server.answers(&["450 later"]);
        assert_eq!(send(&plane, &sender).await, Round { settled: 1, deferred: 1, away: None });
        assert_eq!(server.received()[0].to, ["dua@agensi.example"], "nobody waits for another");
        plane.clock.advance_ms(60_000);
        assert_eq!(send(&plane, &sender).await.settled, 3);
        let ids: Vec<_> = server.received()[1..].iter().map(|it| header(it, "Message-ID")).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }

    async fn who_died_while_sending_sends_it_again_under_the_same_name(db: Db) {
        let (plane, server, sender) = served(db, Line::Offered, Security::StartTls).await;
        let one = cast::officer(&plane, "satu").await;
        tell(&plane, &[&one], 1).await;
        // It was handed over, and the process died before that was stored.
        let id = store::due(&mut plane.booking.db.read().await.unwrap(), NOW, 9).await.unwrap()[0];
        let mail = kernel::transact!(plane.booking.db, tx => store::claim(tx, id, NOW, UnixMs(NOW.0 + 300_000)).await).unwrap().unwrap();
        let to = identity::recipients(&mut plane.booking.db.read().await.unwrap(), &[one.id]).await.unwrap().remove(0);
        let composed = compose(&mail, &to, &plane.booking.settings).unwrap();
        assert_eq!(sender.send(composed.message(&plane.booking.settings).unwrap()).await, sender::Outcome::Sent);
        assert_eq!(send(&plane, &sender).await, Round::default(), "left alone while somebody may be sending it");
        plane.clock.advance_ms(300_000);
        assert_eq!(send(&plane, &sender).await.settled, 1);
        let received = server.received();
        assert_eq!(received[0].data, received[1].data, "byte for byte, Message-ID and date too");
    }

    async fn who_has_gone_and_what_is_stale_is_not_mailed(db: Db) {
        let (plane, server, sender) = served(db.clone(), Line::Offered, Security::StartTls).await;
        let (gone, late) = (cast::officer(&plane, "satu").await, cast::officer(&plane, "dua").await);
        tell(&plane, &[&gone], 1).await;
        db.execute_for_tests("UPDATE person SET state = 'disabled' WHERE email = 'satu@agensi.example'").await.unwrap();
        send(&plane, &sender).await;
        tell(&plane, &[&late], 1).await;
        plane.clock.advance_ms(3 * DAY + 1);
        send(&plane, &sender).await;
        assert_eq!(states(&plane).await, [(MailState::Dropped, Some(Failure::PersonGone)), (MailState::Dropped, Some(Failure::Stale))]);
        assert!(server.received().is_empty());
    }

    async fn the_administrator_reads_what_waits_and_sends_it_again(db: Db) {
        let plane = Plane::new(db).await;
        let (one, officer) = (cast::officer(&plane, "satu").await, cast::officer(&plane, "dua").await);
        let admin = plane.someone("sistem", plane.central, &[SystemAdministrator], &[]).await;
        tell(&plane, &[&one], 1).await;
        for who in [&one, &officer] {
            plane.get(Some(who), "/api/v1/mail").await.refused(403, "role.missing");
        }
        let list = plane.get(Some(&admin), "/api/v1/mail?state=waiting").await.ok();
        assert_eq!((&list["sends"], &list["waiting"], &list["mails"].as_array().unwrap().len()), (&json!(false), &json!(1), &1));
        let row: &Value = &list["mails"][0];
        assert_eq!((&row["subject"], &row["to"]["email"]), (&json!("Permohonan diluluskan: TP-2026-00012"), &json!("satu@agensi.example")));
        assert_eq!(plane.get(Some(&admin), "/api/v1/mail?state=failed").await.ok()["mails"], json!([]));
        plane.get(Some(&admin), "/api/v1/mail?state=odd").await.refused(422, "request.malformed");

        let path = format!("/api/v1/mail/{}", row["id"].as_str().unwrap());
        let whole = plane.get(Some(&admin), &path).await.ok();
        assert!(whole["text"].as_str().unwrap().contains("diluluskan") && whole["message_id"].as_str().unwrap().ends_with("@sidang.example>"));
        plane.get(Some(&one), &path).await.refused(403, "role.missing");
        plane.post(Some(&officer), &format!("{path}/resend"), json!({})).await.refused(403, "role.missing");
        assert_eq!(plane.post(Some(&admin), &format!("{path}/resend"), json!({})).await.ok()["mail"]["state"], "waiting");
        plane.get(Some(&admin), "/api/v1/mail/019aa000-0000-7000-8000-000000000001").await.refused(404, "not_found");
        plane.post(Some(&admin), "/api/v1/mail/019aa000-0000-7000-8000-000000000001/resend", json!({})).await.refused(404, "not_found");
    }

    async fn what_failed_is_sent_when_asked(db: Db) {
        let (plane, server, sender) = served(db, Line::Offered, Security::StartTls).await;
        let one = cast::officer(&plane, "satu").await;
        let admin = plane.someone("sistem", plane.central, &[SystemAdministrator], &[]).await;
        tell(&plane, &[&one], 1).await;
        server.answers(&["550 5.1.1 nobody here"]);
        send(&plane, &sender).await;
        plane.clock.advance_ms(10 * DAY);
        let list = plane.get(Some(&admin), "/api/v1/mail?state=failed").await.ok();
        assert_eq!((&list["sends"], &list["mails"][0]["failure"]), (&json!(true), &json!("refused")));
        plane.post(Some(&admin), &format!("/api/v1/mail/{}/resend", list["mails"][0]["id"].as_str().unwrap()), json!({})).await.ok();
        assert_eq!(send(&plane, &sender).await.settled, 1);
        assert_eq!((server.received().len(), states(&plane).await), (1, vec![(MailState::Sent, None)]));
    }
}

fn composed(subject: &str, name: &str, text: &str) -> Composed {
    Composed {
        id: MailId(uuid::Uuid::from_u128(3)),
        to: Address { name: name.into(), email: "satu@agensi.example".into() },
        language: Language::Ms,
        subject: subject.into(),
        text: text.into(),
        calendar: None,
        created_at: NOW,
    }
}

#[test]
fn what_would_begin_another_header_is_refused() {
    let settings = settings();
    for (subject, name) in [
        ("a\r\nBcc: x@y.example", "Satu"),
        ("a\nb", "Satu"),
        ("a\rb", "Satu"),
        ("a\u{0}b", "Satu"),
        ("a", "Satu\r\nBcc: x@y.example"),
        ("a", "Satu\u{85}Dua"),
    ] {
        assert!(composed(subject, name, "x").message(&settings).is_err(), "{subject:?} {name:?}");
    }
    let wrong = Composed { to: Address { name: "Satu".into(), email: "a@b.example>, <x@y.example".into() }, ..composed("a", "b", "c") };
    assert!(wrong.message(&settings).is_err());
}

proptest! {
    /// Whatever the words: refused, or one message with one recipient whose parts read back as they were.
    #[test]
    fn words_stay_where_they_belong(subject in any::<String>(), name in any::<String>(), text in "[^\\r]{0,300}") {
        let settings = settings();
        let Ok(message) = composed(&subject, &name, &text).message(&settings) else { return Ok(()) };
        let bytes = message.formatted();
        let plain = MessageParser::default().parse(&bytes).unwrap();
        let names: Vec<_> = plain.headers_raw().map(|it| it.0.to_ascii_lowercase()).collect();
        let mut expected = vec!["from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "content-transfer-encoding", "mime-version"];
        expected.retain(|it| names.iter().any(|name| name == it));
        prop_assert_eq!(names.len(), expected.len(), "a header more: {:?}", names);
        prop_assert_eq!(plain.to().unwrap().iter().count(), 1);
        prop_assert_eq!(plain.to().unwrap().first().unwrap().address(), Some("satu@agensi.example"));
        prop_assert_eq!(plain.subject().unwrap_or_default(), words_of(&subject));
        prop_assert_eq!(message.envelope().to().len(), 1);
    }
}
