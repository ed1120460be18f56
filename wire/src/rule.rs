//! The rules of the source documents, by the identifiers that `web/src/rules` lists with their sources.

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($name:ident = $id:tt),* $(,)?) => {
        /// A rule that the service keeps. Errors, tests and audit rows name it by its identifier.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
        #[ts(export)]
        pub enum Rule { $(#[serde(rename = $id)] $name),* }

        impl Rule {
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// The identifier, as in `TP-2`.
            pub const fn id(self) -> &'static str { match self { $(Rule::$name => $id),* } }
        }
    };
}

rules! {
    Tp1 = "TP-1",
    Tp2 = "TP-2",
    Tp3 = "TP-3",
    Tp4 = "TP-4",
    Tp5 = "TP-5",
    Tp6 = "TP-6",
    Tp7 = "TP-7",
    Tp8 = "TP-8",
    Meet1 = "MEET-1",
    Meet2 = "MEET-2",
    Meet3 = "MEET-3",
    Meet4 = "MEET-4",
    Meet5 = "MEET-5",
    Meet6 = "MEET-6",
    Meet7 = "MEET-7",
    Meet8 = "MEET-8",
    Meet9 = "MEET-9",
    Meet10 = "MEET-10",
    Meet11 = "MEET-11",
    Meet12 = "MEET-12",
    Meet13 = "MEET-13",
    Meet14 = "MEET-14",
    Class1 = "CLASS-1",
    Class2 = "CLASS-2",
    Class3 = "CLASS-3",
    Class4 = "CLASS-4",
    Class5 = "CLASS-5",
    Class6 = "CLASS-6",
    Class7 = "CLASS-7",
    Sec1 = "SEC-1",
    Sec2 = "SEC-2",
    Sec3 = "SEC-3",
    Sec4 = "SEC-4",
    Sec5 = "SEC-5",
    Sec6 = "SEC-6",
    Id1 = "ID-1",
    Id2 = "ID-2",
    Id3 = "ID-3",
    Id4 = "ID-4",
    Id5 = "ID-5",
    Id6 = "ID-6",
    Id7 = "ID-7",
    Id8 = "ID-8",
    Id9 = "ID-9",
    Id10 = "ID-10",
    Chat1 = "CHAT-1",
    Chat2 = "CHAT-2",
    Chat3 = "CHAT-3",
    Chat4 = "CHAT-4",
    Chat5 = "CHAT-5",
    Chat6 = "CHAT-6",
    Chat7 = "CHAT-7",
    Desk1 = "DESK-1",
    Desk2 = "DESK-2",
    Train1 = "TRAIN-1",
    Portal1 = "PORTAL-1",
    Portal2 = "PORTAL-2",
    Mail1 = "MAIL-1",
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}
