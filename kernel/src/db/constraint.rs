//! Which constraint of the schema refused a statement: one name on both engines, so that code maps names to refusals once.
//!
//! PostgreSQL tells the name. SQLite tells the name of a CHECK and the text of a trigger's RAISE, but of a unique key only the columns,
//! and of a foreign key nothing. Hence the names, which a test holds both schemas to:
//!
//! | constraint | name |
//! |---|---|
//! | check | as declared: `CONSTRAINT person_name_filled CHECK (…)` |
//! | trigger (SQLite) for an exclusion or another rule | as in `RAISE(ABORT, 'constraint:occupancy_no_double')`, and the same name in PostgreSQL |
//! | unique key or unique index | `<table>_<column>[_<column>…]_key` |
//! | primary key | `<table>_pkey` |
//! | foreign key | `foreign_key`, whichever |

use crate::error::{Error, Result};
use sqlx::error::{DatabaseError, ErrorKind};
use wire::Refusal;

/// What a trigger's RAISE puts before the name of the rule that it keeps.
const RAISED: &str = "constraint:";
/// What every foreign key is called here, because SQLite does not tell them apart.
pub const FOREIGN_KEY: &str = "foreign_key";

/// SQLite, extended result codes: a primary key.
const SQLITE_PRIMARY_KEY: &str = "1555";
const SQLITE_ROWID: &str = "2579";

/// The name of the constraint that refused, if one did.
pub fn name(error: &sqlx::Error) -> Option<String> {
    let sqlx::Error::Database(database) = error else { return None };
    if database.kind() == ErrorKind::ForeignKeyViolation {
        return Some(FOREIGN_KEY.to_owned());
    }
    let code = database.code();
    if let Some(name) = raised(database.as_ref()) {
        return Some(name);
    }
    match database.constraint() {
        Some(name) => Some(name.to_owned()),
        None => of_sqlite(code.as_deref().unwrap_or_default(), database.message()),
    }
}

/// A trigger's own words, on either engine.
fn raised(database: &dyn DatabaseError) -> Option<String> {
    database.message().strip_prefix(RAISED).map(|name| name.trim().to_owned())
}

fn of_sqlite(code: &str, message: &str) -> Option<String> {
    if let Some(name) = message.strip_prefix("CHECK constraint failed: ") {
        return Some(name.to_owned());
    }
    let columns = message.strip_prefix("UNIQUE constraint failed: ")?;
    let mut table = None;
    let mut names = Vec::new();
    for column in columns.split(", ") {
        let (of, column) = column.split_once('.')?;
        table = Some(of);
        names.push(column);
    }
    let table = table?;
    Some(match code {
        SQLITE_PRIMARY_KEY | SQLITE_ROWID => format!("{table}_pkey"),
        _ => format!("{table}_{}_key", names.join("_")),
    })
}

/// Turns the refusal of a constraint into the refusal that the person is told.
pub trait OnConstraint<T> {
    /// `map` is asked with the constraint's name; where it answers nothing, the error is a fault of ours. After any error a
    /// transaction is dead: return.
    fn on_constraint(self, map: impl FnOnce(&str) -> Option<Refusal>) -> Result<T>;
}

impl<T> OnConstraint<T> for std::result::Result<T, sqlx::Error> {
    fn on_constraint(self, map: impl FnOnce(&str) -> Option<Refusal>) -> Result<T> {
        self.map_err(|error| match name(&error).and_then(|name| map(&name)) {
            Some(refusal) => Error::Refused(refusal),
            None => error.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_messages_lead_to_the_names_of_the_schema() {
        let table = [
            ("275", "CHECK constraint failed: person_name_filled", Some("person_name_filled")),
            ("2067", "UNIQUE constraint failed: person.email", Some("person_email_key")),
            ("2067", "UNIQUE constraint failed: seat.occupancy_id, seat.seat_no", Some("seat_occupancy_id_seat_no_key")),
            ("1555", "UNIQUE constraint failed: seat.occupancy_id, seat.seat_no", Some("seat_pkey")),
            ("1299", "NOT NULL constraint failed: person.name", None),
            ("1", "no such table: person", None),
            ("2067", "UNIQUE constraint failed: index 'odd'", None),
        ];
        for (code, message, expected) in table {
            assert_eq!(of_sqlite(code, message).as_deref(), expected, "{message}");
        }
    }
}
