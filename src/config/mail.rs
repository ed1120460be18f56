//! The settings of mail: where it leaves, as whom, and from which mailbox.

use super::{Sources, Wrong};
use booking::{
    calendar::writer::Address,
    mail::{Security, Smtp},
};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// The settings of mail, before the service's own address is known.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub smtp: Option<Smtp>,
    /// Nothing: a mailbox at the service's own address, which is seen only while mail waits.
    pub from: Option<Address>,
    pub reply_to: Option<String>,
}

impl MailSettings {
    pub(super) fn read(sources: &Sources) -> Result<Self, Wrong> {
        let host =
            sources.get("mail.smtp_host", |value| (!value.contains(|c: char| c.is_whitespace() || c == '/')).then(|| value.to_owned()))?;
        let from = sources.get("mail.from", |value| match value {
            "" => host.is_empty().then_some(None),
            value => address(value).map(Some),
        })?;
        let reply_to = sources.get("mail.reply_to", |value| match value {
            "" => Some(None),
            value => address(value).filter(|it| it.name.is_empty()).map(|it| Some(it.email)),
        })?;
        let security = sources.get("mail.smtp_security", |value| match value {
            "starttls" => Some(Security::StartTls),
            "tls" => Some(Security::Tls),
            "none" => (host.is_empty() || is_this_host(&host)).then_some(Security::None),
            _ => None,
        })?;
        let port = sources.get("mail.smtp_port", |value| value.parse().ok().filter(|it| *it != 0))?;
        let authorities = sources.get("mail.smtp_authority", |value| match value {
            "" => Some(None),
            path => std::fs::read(path).ok().map(Some),
        })?;
        let credentials = Self::credentials(sources)?;
        let smtp = (!host.is_empty()).then_some(Smtp { host, port, security, credentials, authorities });
        Ok(Self { smtp, from, reply_to })
    }

    fn credentials(sources: &Sources) -> Result<Option<(String, Zeroizing<String>)>, Wrong> {
        let user = sources.get("mail.smtp_user", |value| Some(value.to_owned()))?;
        let told = Zeroizing::new(
            sources
                .get("mail.smtp_password", |value| (value.is_empty() || !user.is_empty()).then(|| value.to_owned()))
                .map_err(|wrong| Wrong { expected: "mail.smtp_user beside it, or neither".into(), ..wrong })?,
        );
        let kept = sources.get("mail.smtp_password_file", |value| match value {
            "" => Some(None),
            path => std::fs::read_to_string(path).ok().map(|text| Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))),
        })?;
        let password = match (told.is_empty(), kept) {
            (true, kept) => kept.unwrap_or_default(),
            (false, None) => told,
            (false, Some(_)) => {
                let wrong = sources.get::<()>("mail.smtp_password_file", |_| None);
                return Err(wrong
                    .err()
                    .map_or_else(Wrong::default, |wrong| Wrong { expected: "this or mail.smtp_password, not both".into(), ..wrong }));
            }
        };
        sources.get("mail.smtp_user", |_| (user.is_empty() == password.is_empty()).then_some(())).map_err(|wrong| Wrong {
            expected: "mail.smtp_user with mail.smtp_password_file or mail.smtp_password, or none of them".into(),
            ..wrong
        })?;
        Ok((!user.is_empty()).then_some((user, password)))
    }
}

/// Whether mail in plain stays on this host.
fn is_this_host(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// `Sidang <sidang@agency.example>`, or the address alone.
fn address(value: &str) -> Option<Address> {
    let (name, email) = match value.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix('>')?.trim()),
        None => ("", value.trim()),
    };
    let lawful = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && email
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | ';' | ':' | '"' | '\\' | '(' | ')' | '%' | '?' | '#'))
        && !name.chars().any(char::is_control);
    lawful.then(|| Address { name: name.trim_matches('"').to_owned(), email: email.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<MailSettings, Wrong> {
        let mut sources = Sources::defaults();
        sources.add_environment(given.iter().map(|(key, value)| (format!("SIDANG_MAIL_{key}"), (*value).to_owned())))?;
        MailSettings::read(&sources)
    }

    #[test]
    fn without_a_mail_server_mail_waits() {
        let settings = read(&[]).unwrap();
        assert!(settings.smtp.is_none() && settings.from.is_none() && settings.reply_to.is_none());
    }

    #[test]
    fn a_mail_server_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "rahsia pelayan\n").unwrap();
        let given = [
            ("SMTP_HOST", "mail.agency.example"),
            ("SMTP_USER", "sidang"),
            ("SMTP_PASSWORD_FILE", file.to_str().unwrap()),
            ("FROM", "Sidang <sidang@agency.example>"),
            ("REPLY_TO", "desk@agency.example"),
        ];
        let settings = read(&given).unwrap();
        let smtp = settings.smtp.unwrap();
        assert_eq!((smtp.port, smtp.security, smtp.host.as_str()), (587, Security::StartTls, "mail.agency.example"));
        let (user, password) = smtp.credentials.clone().unwrap();
        assert_eq!((user.as_str(), password.as_str()), ("sidang", "rahsia pelayan"));
        assert!(!format!("{smtp:?}").contains("rahsia"));
        assert_eq!(settings.from, Some(Address { name: "Sidang".into(), email: "sidang@agency.example".into() }));
    }

    #[test]
    fn what_would_not_do_is_named() {
        let server = [("SMTP_HOST", "mail.agency.example"), ("FROM", "sidang@agency.example")];
        let table: &[(&[(&str, &str)], &str)] = &[
            (&[("SMTP_HOST", "mail.agency.example")], "mail.from"),
            (&[("SMTP_HOST", "https://mail.agency.example")], "mail.smtp_host"),
            (&[("SMTP_PORT", "0")], "mail.smtp_port"),
            (&[("SMTP_PORT", "smtp")], "mail.smtp_port"),
            (&[("SMTP_SECURITY", "ssl")], "mail.smtp_security"),
            (&[("SMTP_SECURITY", "none")], "mail.smtp_security"),
            (&[("SMTP_USER", "sidang")], "mail.smtp_user"),
            (&[("SMTP_PASSWORD", "secret")], "mail.smtp_password"),
            (&[("SMTP_USER", "sidang"), ("SMTP_PASSWORD_FILE", "/nowhere/at/all")], "mail.smtp_password_file"),
            (&[("SMTP_AUTHORITY", "/nowhere/at/all")], "mail.smtp_authority"),
            (&[("FROM", "nobody")], "mail.from"),
            (&[("FROM", "a@b.example, c@d.example")], "mail.from"),
            (&[("FROM", "Sidang <a@b.example")], "mail.from"),
            (&[("REPLY_TO", "Desk <desk@agency.example>")], "mail.reply_to"),
        ];
        for (given, name) in table {
            let mut all: Vec<_> = server.iter().filter(|it| *name != "mail.from" || it.0 != "FROM").copied().collect();
            all.extend(given.iter());
            let wrong = read(&all).expect_err(name);
            assert_eq!(&wrong.name, name);
            assert!(!wrong.expected.is_empty() && !wrong.to_string().contains("secret"), "{wrong}");
        }
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(read(&[("SMTP_HOST", host), ("FROM", "a@b.example"), ("SMTP_SECURITY", "none")]).is_ok(), "{host}");
        }
    }

    #[test]
    fn two_passwords_are_one_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "a").unwrap();
        let given = [
            ("SMTP_HOST", "h"),
            ("FROM", "a@b.example"),
            ("SMTP_USER", "u"),
            ("SMTP_PASSWORD", "b"),
            ("SMTP_PASSWORD_FILE", file.to_str().unwrap()),
        ];
        let wrong = read(&given).unwrap_err();
        assert!(wrong.name == "mail.smtp_password_file" && wrong.expected.contains("not both"), "{wrong}");
    }
}
