//! Closed lists of names that are stored and sent as the same text.

/// A name that is not of the list: a row that the schema's own check should have kept out.
#[derive(Debug, thiserror::Error)]
#[error("no such {list}")]
pub struct UnknownName {
    pub list: &'static str,
}

/// An enum whose variants have one name each, in JSON and in the store.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:tt),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            #[allow(dead_code)]
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            pub const fn text(self) -> &'static str { match self { $($name::$variant => $text),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.text()) }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::names::UnknownName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|it| it.text() == text).ok_or($crate::names::UnknownName { list: stringify!($name) })
            }
        }
    };
}
pub(crate) use names;
