//! What people are for. A role is a right to ask; what it is asked for is decided in the domain.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonRole {
    /// Takes part in meetings, and calls them.
    Officer,
    /// Applies and administers for one agency (Pentadbir UC).
    UcAdministrator,
    /// Decides on applications, for the central agency (TP-4).
    Approver,
    /// Looks after the telepresence rooms of the sites named with the account.
    Facilitator,
    /// Reads the audit trail.
    Auditor,
    /// Runs the service: agencies, accounts, settings. No say in any application.
    SystemAdministrator,
}

impl PersonRole {
    pub const ALL: [Self; 6] =
        [Self::Officer, Self::UcAdministrator, Self::Approver, Self::Facilitator, Self::Auditor, Self::SystemAdministrator];

    /// As it is stored and sent.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::UcAdministrator => "uc_administrator",
            Self::Approver => "approver",
            Self::Facilitator => "facilitator",
            Self::Auditor => "auditor",
            Self::SystemAdministrator => "system_administrator",
        }
    }

    /// Only a system administrator hands these out.
    pub const fn is_privileged(self) -> bool {
        !matches!(self, Self::Officer)
    }
}

impl fmt::Display for PersonRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A role that this executable does not know: of a later version, and therefore no right at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role that is not known")]
pub struct UnknownRole;

impl FromStr for PersonRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.text() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_text_everywhere() {
        for role in PersonRole::ALL {
            assert_eq!(role.text().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).expect("it prints"), role.text());
        }
        assert_eq!("owner".parse::<PersonRole>(), Err(UnknownRole));
    }
}
