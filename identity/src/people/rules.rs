//! What an account is made of, and who may make which: pure.

use crate::{agencies::AgencyRef, role::PersonRole};
use kernel::extract::malformed;
use serde::Deserialize;
use std::collections::BTreeSet;
use wire::{
    Code, Refusal, Rule,
    id::{AgencyId, SiteId},
};

/// Letters in a name or a position.
const NAME_CHARS_MAX: usize = 200;
/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const EMAIL_CHARS_MAX: usize = 254;
/// Sites that one facilitator looks after.
const SITES_MAX: usize = 50;

/// A person to be given an account.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    pub name: String,
    pub email: String,
    pub position: String,
    pub agency: AgencyId,
    #[schema(value_type = Vec<PersonRole>)]
    pub roles: BTreeSet<PersonRole>,
    /// Only with the role of a facilitator: the sites looked after.
    #[serde(default)]
    #[schema(value_type = Vec<SiteId>)]
    pub sites: BTreeSet<SiteId>,
}

impl NewPerson {
    /// The same, with blanks trimmed and the e-mail in lower case; or what is wrong with it.
    pub fn checked(mut self) -> Result<Self, Refusal> {
        self.name = line("name", &self.name, 1)?;
        self.position = line("position", &self.position, 0)?;
        self.email = email(&self.email)?;
        let facilitator = self.roles.contains(&PersonRole::Facilitator);
        match () {
            () if self.roles.is_empty() => Err(malformed("roles", "at least one role")),
            () if facilitator && self.sites.is_empty() => Err(malformed("sites", "the sites that the facilitator looks after")),
            () if !facilitator && !self.sites.is_empty() => Err(malformed("sites", "none without the role of a facilitator")),
            () if self.sites.len() > SITES_MAX => Err(malformed("sites", format!("at most {SITES_MAX}"))),
            () => Ok(self),
        }
    }

    /// Whether roles and agency fit together.
    pub fn fits(&self, agency: &AgencyRef) -> Result<(), Refusal> {
        match self.roles.contains(&PersonRole::Approver) && !agency.is_central {
            // Only the central agency decides.
            true => Err(Refusal { rule: Some(Rule::Tp4), ..malformed("roles", "an approver only in the central agency") }),
            false => Ok(()),
        }
    }
}

/// Whether somebody of `agency` with `roles` may make the account: a system administrator any; a UC administrator only officers of their own
/// agency.
pub fn may_create(roles: &BTreeSet<PersonRole>, agency: AgencyId, new: &NewPerson) -> Result<(), Refusal> {
    let refused = || Refusal::by(Code::RoleMissing, Rule::Sec3);
    if roles.contains(&PersonRole::SystemAdministrator) {
        return Ok(());
    }
    if !roles.contains(&PersonRole::UcAdministrator) {
        return Err(refused().with("roles", vec![PersonRole::SystemAdministrator.text(), PersonRole::UcAdministrator.text()]));
    }
    match new.agency == agency && !new.roles.iter().any(|role| role.is_privileged()) {
        true => Ok(()),
        false => Err(refused().with("roles", vec![PersonRole::SystemAdministrator.text()])),
    }
}

/// One line of text with its blanks trimmed: no control letters, and none that turn the direction of writing, which make one name look like
/// another's.
pub fn line(field: &'static str, text: &str, chars_min: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let turns = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let lawful =
        (chars_min..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(|letter| letter.is_control() || turns(letter));
    match lawful {
        true => Ok(text.to_owned()),
        false => Err(malformed(field, format!("one line of {chars_min} to {NAME_CHARS_MAX} letters"))),
    }
}

/// An address as accounts are found by: trimmed and in lower case. Only its shape is judged; whether it works, mail tells.
pub fn email(text: &str) -> Result<String, Refusal> {
    let email = text.trim().to_lowercase();
    let lawful = email.len() <= EMAIL_CHARS_MAX
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@') && domain.split('.').all(|label| !label.is_empty())
        })
        && email.chars().all(|letter| letter.is_ascii_graphic() && !matches!(letter, '<' | '>' | ',' | ';' | ':' | '"' | '\\' | '(' | ')'));
    match lawful {
        true => Ok(email),
        false => Err(malformed("email", "an e-mail address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PersonRole::*;

    fn new(agency: AgencyId, roles: &[PersonRole]) -> NewPerson {
        NewPerson {
            name: " Nur Aisyah ".into(),
            email: " Aisyah@KKM.example ".into(),
            position: String::new(),
            agency,
            roles: roles.iter().copied().collect(),
            sites: BTreeSet::new(),
        }
    }

    fn agency(is_central: bool) -> AgencyRef {
        AgencyRef { id: AgencyId::fresh(), name: "A".into(), short_name: "A".into(), is_central }
    }

    #[test]
    fn names_and_addresses_are_brought_to_one_form() {
        let person = new(AgencyId::fresh(), &[Officer]).checked().expect("it is lawful");
        assert_eq!((person.name.as_str(), person.email.as_str()), ("Nur Aisyah", "aisyah@kkm.example"));
    }

    #[test]
    fn addresses() {
        for lawful in ["a@b.example", "a.b+c@d-e.example", "o'brien@x.example"] {
            assert_eq!(email(lawful), Ok(lawful.to_owned()));
        }
        let long = format!("{}@x.example", "a".repeat(250));
        for wrong in [
            "",
            "a",
            "@b.example",
            "a@b",
            "a@.example",
            "a@b..example",
            "a@b@c.example",
            "a b@c.example",
            "a@b.example\r\nBcc: x@y.z",
            "<a@b.example>",
            "é@b.example",
            &long,
        ] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_that_deceive_are_refused() {
        assert!(line("name", "Aisyah binti Omar", 1).is_ok());
        assert!(line("name", "李小明", 1).is_ok());
        for wrong in ["", "   ", "a\nb", "a\u{202e}b", "a\u{200b}b", &"x".repeat(201)] {
            assert!(line("name", wrong, 1).is_err(), "{wrong:?}");
        }
        assert!(line("position", "", 0).is_ok());
    }

    #[test]
    fn roles_and_sites_fit_together() {
        let site = SiteId::fresh();
        let with = |roles: &[PersonRole], sites: &[SiteId]| {
            NewPerson { sites: sites.iter().copied().collect(), ..new(AgencyId::fresh(), roles) }.checked()
        };
        assert!(with(&[Facilitator], &[site]).is_ok());
        assert!(with(&[Facilitator], &[]).is_err());
        assert!(with(&[Officer], &[site]).is_err());
        assert!(with(&[], &[]).is_err());
        assert!(new(AgencyId::fresh(), &[Approver]).fits(&agency(true)).is_ok());
        assert_eq!(new(AgencyId::fresh(), &[Approver]).fits(&agency(false)).expect_err("not central").rule, Some(Rule::Tp4));
    }

    #[test]
    fn who_may_make_which_account() {
        let (own, other) = (AgencyId::fresh(), AgencyId::fresh());
        let roles = |roles: &[PersonRole]| roles.iter().copied().collect::<BTreeSet<_>>();
        let table = [
            (roles(&[SystemAdministrator]), new(other, &[Auditor]), true),
            (roles(&[UcAdministrator]), new(own, &[Officer]), true),
            (roles(&[UcAdministrator]), new(other, &[Officer]), false),
            (roles(&[UcAdministrator]), new(own, &[Officer, UcAdministrator]), false),
            (roles(&[UcAdministrator]), new(own, &[Facilitator]), false),
            (roles(&[UcAdministrator, SystemAdministrator]), new(other, &[Officer]), true),
            (roles(&[Officer, Approver, Facilitator, Auditor]), new(own, &[Officer]), false),
            (roles(&[]), new(own, &[Officer]), false),
        ];
        for (roles, new, expected) in table {
            assert_eq!(may_create(&roles, own, &new).is_ok(), expected, "{roles:?} {:?}", new.roles);
        }
    }
}
