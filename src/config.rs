//! The settings: one table of every setting, read from a TOML file, then the environment, then flags; a later source wins.
//! A setting that is unknown or wrong is refused at start, with its name, where it was given and what would be right.

mod mail;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use booking::settings::TrustedNode;
use mail::MailSettings;
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// One setting: its name in the TOML file (`http.listen`); the environment has `SIDANG_HTTP_LISTEN`, the command line `--http-listen`.
pub struct Setting {
    pub name: &'static str,
    pub default: &'static str,
    /// What a right value looks like.
    pub expected: &'static str,
    pub doc: &'static str,
}

macro_rules! table {
    ($($name:literal, $default:literal, $expected:literal, $doc:literal;)*) => {
        pub const SETTINGS: &[Setting] = &[$(Setting { name: $name, default: $default, expected: $expected, doc: $doc }),*];
    };
}

table! {
    "demo", "false", "true or false", "Seeds demonstration people, meetings and bookings and prints them. The environment's DEMO=1 does the same.";
    "http.listen", "127.0.0.1:8080", "an address and a port", "Where HTTP, WebSocket and the browser client are served.";
    "http.public_url", "", "an origin such as https://sidang.example.gov.my", "The address people open. Issuer of tokens, allowed origin, base of links. Empty: http(s)://localhost and the port of http.listen.";
    "http.tls_certificate", "", "a path to a PEM file, or empty", "Certificate chain. With http.tls_key the service speaks HTTPS itself.";
    "http.tls_key", "", "a path to a PEM file, or empty", "Private key of the certificate.";
    "http.trusted_proxies", "0", "a whole number", "Reverse proxies in front that each add their client's address to X-Forwarded-For.";
    "data.folder", "data", "a path to a folder that can be written", "Everything the service keeps on disk: the SQLite database, keys, recordings, photographs.";
    "database.url", "", "empty, sqlite:PATH or postgres://…", "Empty: an SQLite database in the data folder.";
    "media.listen", "0.0.0.0:7800", "an address and a port", "The one UDP port of all media.";
    "media.announce", "", "addresses separated by commas, or empty", "Addresses at which clients reach media.listen. Empty: the host's own.";
    "media.https_port", "", "a port, 0, or empty", "The TCP port of this host at which clients that have no UDP reach media beside HTTPS. Empty: that of http.listen where certificates are set; 0: none.";
    "media.name", "sfu:main", "a short name without spaces", "The media node's name: the audience of its join tokens.";
    "media.signal_url", "", "a path, or an origin with ws:// or wss://, or empty", "Where browsers open signalling, if not on the address they came from (planes on separate hosts).";
    "media.nodes", "", "NODE:KEY pairs separated by commas, or empty", "The media nodes that `sidang booking` trusts, as `sidang admin node-key` prints them on each.";
    "booking.url", "", "an origin such as https://sidang.example.gov.my", "Address of the booking node, for `sidang sfu` alone.";
    "mail.smtp_host", "", "a host name, or empty", "The mail server. Empty: mail waits, and the system administrator reads it.";
    "mail.smtp_port", "587", "a port", "Port of the mail server.";
    "mail.smtp_security", "starttls", "starttls, tls, or none (none only where the mail server is on this host)", "How the line to the mail server is kept secret; nothing is said on it before.";
    "mail.smtp_user", "", "a name, or empty", "Whom the service signs in as at the mail server.";
    "mail.smtp_password", "", "a password, or empty", "With mail.smtp_user. Rather in a file than here.";
    "mail.smtp_password_file", "", "a path to a file that can be read, or empty", "A file that holds the password of mail.smtp_user and nothing else.";
    "mail.smtp_authority", "", "a path to a PEM file that can be read, or empty", "Certificates that are trusted for the mail server besides the system's.";
    "mail.from", "", "an address such as Sidang <sidang@agency.example>, or empty without mail.smtp_host", "The mailbox that mail comes from and that organizes events in calendars.";
    "mail.reply_to", "", "an e-mail address, or empty", "Where answers to mail go.";
    "policy.classified_without_e2ee", "false", "true or false", "Lets TERHAD and SULIT meetings start although end-to-end encryption is not there (CLASS-4 is then not met, and the meeting says so).";
    "recording.free_space_min_mb", "500", "a whole number of megabytes", "No recording starts or goes on with less free disk than this.";
    "log.format", "text", "text or json", "Shape of log lines on standard error.";
    "log.filter", "info,memory_serve=warn,rtc_dtls=error", "a tracing filter such as info,sfu=debug", "Which log lines are written.";
}

/// A setting that cannot be used.
#[derive(Debug, Default, PartialEq)]
pub struct Wrong {
    pub name: String,
    pub value: String,
    pub source: String,
    pub expected: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {} = {:?} (from {}) is wrong: expected {}", self.name, self.value, self.source, self.expected)
    }
}

impl std::error::Error for Wrong {}

/// Values by name, each with the source that gave it.
#[derive(Default)]
pub struct Sources {
    values: BTreeMap<&'static str, (String, String)>,
}

impl Sources {
    pub fn defaults() -> Self {
        let values = SETTINGS.iter().map(|it| (it.name, (it.default.to_owned(), "the default".to_owned()))).collect();
        Self { values }
    }

    fn set(&mut self, name: &str, value: String, source: String) -> Result<(), Wrong> {
        let Some(setting) = SETTINGS.iter().find(|it| it.name == name) else {
            let expected = format!("one of: {}", SETTINGS.iter().map(|it| it.name).collect::<Vec<_>>().join(", "));
            return Err(Wrong { name: name.to_owned(), value, source, expected });
        };
        self.values.insert(setting.name, (value, source));
        Ok(())
    }

    /// Tables become dotted names; lists become values separated by commas.
    pub fn add_toml(&mut self, text: &str, file: &str) -> Result<(), Wrong> {
        let document: toml::Table = text.parse().map_err(|error: toml::de::Error| Wrong {
            name: "(file)".into(),
            value: error.message().to_owned(),
            source: file.to_owned(),
            expected: "valid TOML".into(),
        })?;
        let mut open = vec![(String::new(), document)];
        while let Some((prefix, table)) = open.pop() {
            for (key, value) in table {
                let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                match value {
                    toml::Value::Table(inner) => open.push((name, inner)),
                    value => self.set(&name, toml_text(&value), file.to_owned())?,
                }
            }
        }
        Ok(())
    }

    pub fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), Wrong> {
        for (key, value) in variables {
            if key == "DEMO" {
                let value = match value.as_str() {
                    "1" => "true".to_owned(),
                    "0" | "" => "false".to_owned(),
                    _ => value,
                };
                self.set("demo", value, "the environment's DEMO".to_owned())?;
            } else if let Some(rest) = key.strip_prefix("SIDANG_") {
                // Variables of tests and scripts share the prefix.
                if rest.starts_with("TEST_") || rest == "CONFIG" {
                    continue;
                }
                let name = SETTINGS.iter().find(|it| environment_name(it.name) == key).map_or(rest, |it| it.name);
                self.set(name, value, format!("the environment's {key}"))?;
            }
        }
        Ok(())
    }

    pub fn add_flags(&mut self, flags: impl Iterator<Item = (&'static str, String)>) -> Result<(), Wrong> {
        for (name, value) in flags {
            self.set(name, value, format!("--{}", flag_name(name)))?;
        }
        Ok(())
    }

    fn get<T>(&self, name: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Wrong> {
        let (value, source) = self.values.get(name).cloned().unwrap_or_default();
        read(value.trim()).ok_or_else(|| Wrong {
            name: name.to_owned(),
            value: match name {
                "database.url" => without_password(&value),
                "mail.smtp_password" => "…".to_owned(),
                _ => value,
            },
            source,
            expected: SETTINGS.iter().find(|it| it.name == name).map_or("", |it| it.expected).to_owned(),
        })
    }
}

pub fn environment_name(name: &str) -> String {
    format!("SIDANG_{}", name.replace('.', "_").to_uppercase())
}

pub fn flag_name(name: &str) -> String {
    name.replace(['.', '_'], "-")
}

fn toml_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(toml_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings, read and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub http_listen: SocketAddr,
    /// Nothing: `localhost` with the port that is bound.
    pub public_url: Option<String>,
    pub tls: Option<(PathBuf, PathBuf)>,
    pub trusted_proxies: usize,
    pub data_folder: PathBuf,
    pub database_url: String,
    pub media_listen: SocketAddr,
    pub media_announce: Vec<IpAddr>,
    /// None: that of the socket where HTTPS is served here.
    pub media_https_port: Option<u16>,
    pub media_name: String,
    pub media_signal_url: String,
    pub media_nodes: Vec<TrustedNode>,
    pub booking_url: String,
    pub mail: MailSettings,
    pub classified_without_e2ee: bool,
    pub recording_free_space_min_bytes: u64,
    pub log_format: LogFormat,
    pub log_filter: String,
    pub demo: bool,
}

impl Settings {
    pub fn read(sources: &Sources) -> Result<Self, Wrong> {
        let text = |name| sources.get(name, |value| Some(value.to_owned()));
        let flag = |name| sources.get(name, |value| value.parse::<bool>().ok());
        let http_listen: SocketAddr = sources.get("http.listen", |value| value.parse().ok())?;
        let data_folder = sources.get("data.folder", |value| (!value.is_empty()).then(|| PathBuf::from(value)))?;
        let certificate = text("http.tls_certificate")?;
        let pair = |value: &str| (value.is_empty() == certificate.is_empty()).then(|| value.to_owned());
        let key = sources.get("http.tls_key", pair).map_err(|wrong| {
            let expected = match certificate.is_empty() {
                true => "http.tls_certificate beside it, or neither",
                false => "a path to a PEM file, because http.tls_certificate is set",
            };
            Wrong { expected: expected.to_owned(), ..wrong }
        })?;
        let tls = (!key.is_empty()).then(|| (PathBuf::from(certificate), PathBuf::from(key)));
        let demo = flag("demo")?;
        let public_url = sources.get("http.public_url", |value| match value {
            "" => Some(None),
            value => origin(value, &["http", "https"]).map(Some),
        })?;
        let database_url = sources.get("database.url", |value| match value {
            "" => Some(format!("sqlite:{}", data_folder.join("sidang.db").display())),
            value if ["sqlite:", "postgres://", "postgresql://"].iter().any(|it| value.starts_with(it)) => Some(value.to_owned()),
            _ => None,
        })?;
        Ok(Self {
            http_listen,
            public_url,
            tls,
            trusted_proxies: sources.get("http.trusted_proxies", |value| value.parse().ok())?,
            database_url,
            media_listen: sources.get("media.listen", |value| value.parse().ok())?,
            media_announce: sources.get("media.announce", |value| list(value).map(|it| it.parse().ok()).collect())?,
            media_https_port: sources.get("media.https_port", |value| match value {
                "" => Some(None),
                value => value.parse().ok().map(Some),
            })?,
            media_name: sources.get("media.name", |value| {
                (!value.is_empty() && value.len() <= 64 && !value.contains(char::is_whitespace)).then(|| value.to_owned())
            })?,
            media_signal_url: sources.get("media.signal_url", |value| match value {
                "" => Some("/media/signal".to_owned()),
                path if path.starts_with('/') => Some(path.to_owned()),
                value => (value.starts_with("ws://") || value.starts_with("wss://")).then(|| value.to_owned()),
            })?,
            media_nodes: sources.get("media.nodes", |value| list(value).map(trusted_node).collect())?,
            booking_url: sources
                .get("booking.url", |value| if value.is_empty() { Some(String::new()) } else { origin(value, &["http", "https"]) })?,
            mail: MailSettings::read(sources)?,
            // The demonstration shows classified meetings, with what they lack.
            classified_without_e2ee: flag("policy.classified_without_e2ee")? || demo,
            recording_free_space_min_bytes: sources
                .get("recording.free_space_min_mb", |value| value.parse::<u64>().ok()?.checked_mul(1_000_000))?,
            log_format: sources.get("log.format", |value| match value {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            })?,
            log_filter: sources.get("log.filter", |value| value.parse::<tracing_subscriber::EnvFilter>().ok().map(|_| value.to_owned()))?,
            demo,
            data_folder,
        })
    }
}

/// An address without the user and password that may stand in it: for messages.
pub fn without_password(url: &str) -> String {
    // PostgreSQL takes a password as a parameter too.
    let url = url.split('?').next().unwrap_or_default();
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, host)) => format!("{scheme}://…@{host}"),
        None => url.to_owned(),
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|it| !it.is_empty())
}

/// A node's id and its Ed25519 public key in base64url (RFC 8037).
fn trusted_node(value: &str) -> Option<TrustedNode> {
    let (node, key) = value.split_once(':')?;
    let public_key = URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()?;
    Some(TrustedNode { node: node.parse().ok()?, public_key })
}

/// A scheme, a host and perhaps a port, and nothing after them.
fn origin(value: &str, schemes: &[&str]) -> Option<String> {
    let (scheme, rest) = value.trim_end_matches('/').split_once("://")?;
    let uri: axum::http::Uri = value.parse().ok()?;
    (schemes.contains(&scheme) && uri.host().is_some() && !rest.contains(['/', '?', '#', '@'])).then(|| format!("{scheme}://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Settings, Wrong> {
        let mut sources = Sources::defaults();
        sources.add_toml(toml, "sidang.toml")?;
        sources.add_environment(environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))?;
        sources.add_flags(flags.iter().map(|(k, v)| (*k, (*v).to_owned())))?;
        Settings::read(&sources)
    }

    #[test]
    fn the_defaults_are_right() {
        let settings = read("", &[], &[]).unwrap();
        assert_eq!(settings.public_url, None);
        assert_eq!(settings.database_url, "sqlite:data/sidang.db");
        assert!(!settings.classified_without_e2ee);
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let file = "[http]\nlisten = \"127.0.0.1:1\"\n[media]\nannounce = [\"10.0.0.1\", \"fd00::1\"]\n";
        assert_eq!(read(file, &[], &[]).unwrap().http_listen.port(), 1);
        assert_eq!(read(file, &[], &[]).unwrap().media_announce.len(), 2);
        assert_eq!(read(file, &[("SIDANG_HTTP_LISTEN", "127.0.0.1:2")], &[]).unwrap().http_listen.port(), 2);
        assert_eq!(read(file, &[("SIDANG_HTTP_LISTEN", "127.0.0.1:2")], &[("http.listen", "127.0.0.1:3")]).unwrap().http_listen.port(), 3);
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_source_and_what_would_be_right() {
        let table: &[(&str, &[(&str, &str)], &str)] = &[
            ("[http]\nlisten = \"nowhere\"", &[], "http.listen"),
            ("[http]\npublic_url = \"ftp://x\"", &[], "http.public_url"),
            ("[http]\npublic_url = \"https://x/path\"", &[], "http.public_url"),
            ("[http]\ntls_key = \"k.pem\"", &[], "http.tls_key"),
            ("[http]\nlisten = 5", &[], "http.listen"),
            ("", &[("SIDANG_POLICY_CLASSIFIED_WITHOUT_E2EE", "yes")], "policy.classified_without_e2ee"),
            ("", &[("SIDANG_MEDIA_NODES", "short")], "media.nodes"),
            ("", &[("SIDANG_LOG_FORMAT", "xml")], "log.format"),
            ("", &[("SIDANG_DATABASE_URL", "mysql://x")], "database.url"),
        ];
        for (file, environment, name) in table {
            let wrong = read(file, environment, &[]).unwrap_err();
            assert_eq!(&wrong.name, name);
            assert!(!wrong.expected.is_empty() && !wrong.source.is_empty(), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_database_address_is_told_without_its_password() {
        let wrong = read("", &[("SIDANG_DATABASE_URL", "mysql://u:p@ss@host/x")], &[]).unwrap_err().to_string();
        assert!(wrong.contains("mysql://…@host/x") && !wrong.contains("ss@"), "{wrong}");
        assert_eq!(without_password("postgres://host/x?user=u&password=p"), "postgres://host/x");
        assert_eq!(without_password("sqlite:data/sidang.db"), "sqlite:data/sidang.db");
    }

    #[test]
    fn half_of_tls_is_told_what_the_other_half_is() {
        for given in ["SIDANG_HTTP_TLS_KEY", "SIDANG_HTTP_TLS_CERTIFICATE"] {
            let wrong = read("", &[(given, "x.pem")], &[]).unwrap_err();
            assert!(wrong.name == "http.tls_key" && wrong.expected.contains("http.tls_certificate"), "{wrong}");
        }
    }

    #[test]
    fn an_unclear_demo_is_refused_and_not_taken_for_no() {
        assert!(!read("", &[("DEMO", "")], &[]).unwrap().demo);
        assert_eq!(read("", &[("DEMO", "yes")], &[]).unwrap_err().name, "demo");
    }

    #[test]
    fn an_unknown_setting_is_refused_with_the_list_of_known_ones() {
        assert!(read("[http]\nlissten = \"127.0.0.1:1\"", &[], &[]).unwrap_err().expected.contains("http.listen"));
        assert_eq!(read("", &[("SIDANG_HTTP_LISSTEN", "x")], &[]).unwrap_err().name, "HTTP_LISSTEN");
        assert_eq!(read("listen = ", &[], &[]).unwrap_err().expected, "valid TOML");
    }

    #[test]
    fn the_demonstration_lets_classified_meetings_start_and_nothing_else_does() {
        assert!(read("", &[("DEMO", "1")], &[]).unwrap().classified_without_e2ee);
        assert!(!read("", &[("DEMO", "0")], &[]).unwrap().demo);
    }
}
