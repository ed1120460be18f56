//! The classification of a meeting and the one table of what it forbids. Both planes read this table and no other.

use crate::{grant::Act, rule::Rule};
use serde::{Deserialize, Deserializer, Serialize};

/// CLASS-1. Ordered: a later one is more secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[ts(export)]
pub enum Classification {
    Terbuka,
    Terhad,
    Sulit,
    Rahsia,
    RahsiaBesar,
}

/// What a classification demands and forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// CLASS-2: it may be held here at all.
    pub may_be_held: bool,
    /// CLASS-3: it may be recorded.
    pub may_be_recorded: bool,
    /// CLASS-4: it needs end-to-end encryption and officers verified by a second factor.
    pub needs_security_functions: bool,
    /// CLASS-5: it may keep a chat and take files.
    pub may_chat: bool,
    /// CLASS-5: what was asked and answered in a poll may be kept after it.
    pub may_keep_polls: bool,
    /// CLASS-4 (members only, identified officers): guests may be let in.
    pub may_admit_guests: bool,
}

impl Classification {
    pub const ALL: [Classification; 5] = [Self::Terbuka, Self::Terhad, Self::Sulit, Self::Rahsia, Self::RahsiaBesar];

    pub const fn policy(self) -> Policy {
        match self {
            Self::Terbuka => Policy {
                may_be_held: true,
                may_be_recorded: true,
                needs_security_functions: false,
                may_chat: true,
                may_keep_polls: true,
                may_admit_guests: true,
            },
            Self::Terhad | Self::Sulit => Policy {
                may_be_held: true,
                may_be_recorded: false,
                needs_security_functions: true,
                may_chat: false,
                may_keep_polls: false,
                may_admit_guests: false,
            },
            Self::Rahsia | Self::RahsiaBesar => Policy {
                may_be_held: false,
                may_be_recorded: false,
                needs_security_functions: true,
                may_chat: false,
                may_keep_polls: false,
                may_admit_guests: false,
            },
        }
    }

    /// The rule by which this classification forbids an act to everyone, whoever asks.
    pub const fn forbids(self, act: Act) -> Option<Rule> {
        let policy = self.policy();
        if !policy.may_be_held {
            return Some(Rule::Class2);
        }
        match act {
            Act::Record if !policy.may_be_recorded => Some(Rule::Class3),
            Act::Chat if !policy.may_chat => Some(Rule::Class5),
            _ => None,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Terbuka => "TERBUKA",
            Self::Terhad => "TERHAD",
            Self::Sulit => "SULIT",
            Self::Rahsia => "RAHSIA",
            Self::RahsiaBesar => "RAHSIA_BESAR",
        }
    }

    /// The classification of a name. Anything that is not one of the five names is the highest: fail closed.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|it| it.name() == name).unwrap_or(Self::RahsiaBesar)
    }
}

impl<'de> Deserialize<'de> for Classification {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer).map(|name| Self::from_name(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_what_each_classification_forbids() {
        use Classification::*;
        let table = [
            (Terbuka, Act::Record, None),
            (Terbuka, Act::Chat, None),
            (Terhad, Act::Record, Some(Rule::Class3)),
            (Terhad, Act::Chat, Some(Rule::Class5)),
            (Terhad, Act::PublishAudio, None),
            (Sulit, Act::Record, Some(Rule::Class3)),
            (Sulit, Act::Chat, Some(Rule::Class5)),
            (Sulit, Act::PublishVideo, None),
            (Rahsia, Act::PublishAudio, Some(Rule::Class2)),
            (RahsiaBesar, Act::Record, Some(Rule::Class2)),
        ];
        for (classification, act, rule) in table {
            assert_eq!(classification.forbids(act), rule, "{classification:?} {act:?}");
        }
    }

    #[test]
    fn an_unknown_classification_is_the_highest() {
        for name in ["\"terbuka\"", "\"TERBUKА\"", "\"\"", "\"OPEN\"", "\"RAHSIA BESAR\""] {
            let read: Classification = serde_json::from_str(name).unwrap();
            assert_eq!(read, Classification::RahsiaBesar, "{name}");
        }
        for it in Classification::ALL {
            assert_eq!(serde_json::from_str::<Classification>(&serde_json::to_string(&it).unwrap()).unwrap(), it);
        }
    }
}
