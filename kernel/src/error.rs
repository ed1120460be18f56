//! What can go wrong in the control plane: three kinds, because three different readers act on them.

use crate::db::weather;
use wire::{Code, Refusal};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An expected "no", for the person who asked.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// Another transaction was in the way; the same again may pass ([`crate::transact`] tries it).
    #[error("the store was busy")]
    Busy(#[source] sqlx::Error),
    /// The store cannot be reached or has no room: for the one who runs the service. Trying again at once does not help.
    #[error("the store is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A fault of ours, for the developer: logged once, at the edge, with its chain.
    #[error("broken: {0:#}")]
    Broken(#[source] anyhow::Error),
}

impl Error {
    /// A fault that has no source error: a broken invariant met where a panic would take down more than the request.
    pub fn broken(what: &'static str) -> Self {
        Self::Broken(anyhow::Error::msg(what))
    }

    /// What the person who asked is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Busy(_) => Refusal::new(Code::Unavailable).with("retry_after_s", weather::BUSY_RETRY_AFTER_S),
            Self::Unavailable(_) => Refusal::new(Code::Unavailable).with("retry_after_s", weather::UNAVAILABLE_RETRY_AFTER_S),
            Self::Broken(_) => Refusal::new(Code::Internal),
        }
    }

    pub fn is_refused(&self, code: Code) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == code)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(Refusal::new(code))
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match weather::of(&error) {
            weather::Weather::Busy => Self::Busy(error),
            weather::Weather::Down => Self::Unavailable(error),
            weather::Weather::Fair => Self::Broken(error.into()),
        }
    }
}
