//! What may be written down of a piece of equipment, and how it stands by its faults. Pure.

use super::{EquipmentDraft, EquipmentKind, Standing};
use crate::{
    faults::{FaultState, Severity},
    text,
};
use kernel::extract::malformed;
use wire::Refusal;

const NAME_CHARS_MAX: usize = 80;
const WORD_CHARS_MAX: usize = 80;
const NOTE_CHARS_MAX: usize = 1000;

/// The draft as it is kept, or what is wrong with it.
pub fn judged(draft: &EquipmentDraft) -> Result<EquipmentDraft, Refusal> {
    let word = |field, of: &Option<String>| text::optional(field, of.as_deref(), WORD_CHARS_MAX, text::line);
    for (field, date) in [("bought_on", draft.bought_on), ("warranty_until", draft.warranty_until)] {
        date.map(|it| text::day(field, it)).transpose()?;
    }
    if let (Some(bought), Some(until)) = (draft.bought_on, draft.warranty_until)
        && until < bought
    {
        return Err(malformed("warranty_until", "a day after bought_on"));
    }
    Ok(EquipmentDraft {
        name: text::line("name", &draft.name, NAME_CHARS_MAX)?,
        serial: word("serial", &draft.serial)?,
        supplier: word("supplier", &draft.supplier)?,
        firmware: word("firmware", &draft.firmware)?,
        note: text::optional("note", draft.note.as_deref(), NOTE_CHARS_MAX, text::paragraph)?,
        ..draft.clone()
    })
}

/// The fields in which two differ, by the names that they have outside.
pub fn changed(before: &EquipmentDraft, after: &EquipmentDraft) -> Vec<&'static str> {
    let fields = [
        ("name", before.name != after.name),
        ("kind", before.kind != after.kind),
        ("criticality", before.criticality != after.criticality),
        ("room", before.room != after.room),
        ("serial", before.serial != after.serial),
        ("supplier", before.supplier != after.supplier),
        ("firmware", before.firmware != after.firmware),
        ("bought_on", before.bought_on != after.bought_on),
        ("warranty_until", before.warranty_until != after.warranty_until),
        ("note", before.note != after.note),
        ("photographs", !after.photographs.is_empty()),
    ];
    fields.into_iter().filter(|it| it.1).map(|it| it.0).collect()
}

/// `CBJ-CAM-2`: the site, the kind, and the first number that no piece of them has or had.
pub fn next_tag<'a>(site: &str, kind: EquipmentKind, taken: impl Iterator<Item = &'a str>) -> String {
    // Sites are named by a few letters; a tag must fit a label whatever somebody called one.
    let site: String = site.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>().to_ascii_uppercase();
    let stem = format!("{}-{}-", if site.is_empty() { "TP" } else { &site }, kind.letters());
    let last = taken.filter_map(|tag| tag.strip_prefix(&stem)?.parse::<u32>().ok()).max().unwrap_or(0);
    format!("{stem}{}", last.saturating_add(1))
}

/// How it stands: being mended, not to be relied on, or in order although somebody told of a trifle.
pub fn condition(retired: bool, faults: impl Iterator<Item = (FaultState, Severity)>) -> Standing {
    if retired {
        return Standing::Retired;
    }
    let mut worst = Standing::InOrder;
    for (state, severity) in faults {
        match state {
            FaultState::Mended | FaultState::Closed => {}
            FaultState::InWork | FaultState::Waiting => return Standing::InRepair,
            _ if severity <= Severity::S2 => worst = Standing::OutOfOrder,
            _ => {}
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Criticality;

    pub fn draft() -> EquipmentDraft {
        EquipmentDraft {
            name: "Kamera utama".into(),
            kind: EquipmentKind::Camera,
            criticality: Criticality::Critical,
            room: None,
            serial: None,
            supplier: None,
            firmware: None,
            bought_on: None,
            warranty_until: None,
            note: None,
            photographs: Vec::new(),
        }
    }

    #[test]
    fn the_table_of_drafts() {
        let kept = judged(&EquipmentDraft { name: "  Kamera ".into(), serial: Some("  ".into()), ..draft() }).unwrap();
        assert_eq!((kept.name.as_str(), kept.serial), ("Kamera", None));
        let day = |text: &str| Some(text.parse().unwrap());
        let wrong = [
            EquipmentDraft { name: " ".into(), ..draft() },
            EquipmentDraft { name: "a\nb".into(), ..draft() },
            EquipmentDraft { name: "x".repeat(81), ..draft() },
            EquipmentDraft { firmware: Some("1\u{202e}2".into()), ..draft() },
            EquipmentDraft { bought_on: day("2026-02-02"), warranty_until: day("2026-02-01"), ..draft() },
        ];
        for it in wrong {
            assert!(judged(&it).is_err(), "{it:?}");
        }
        judged(&EquipmentDraft { bought_on: day("2026-02-02"), warranty_until: day("2026-02-02"), ..draft() }).unwrap();
    }

    #[test]
    fn a_change_is_named_by_its_fields() {
        let after = EquipmentDraft { name: "Lain".into(), serial: Some("7".into()), ..draft() };
        assert_eq!(changed(&draft(), &after), ["name", "serial"]);
        assert!(changed(&draft(), &draft()).is_empty());
    }

    #[test]
    fn a_tag_is_given_out_once() {
        let taken = ["CBJ-CAM-1", "CBJ-CAM-9", "CBJ-MIC-12", "SWK-CAM-40", "CBJ-CAM-X"];
        assert_eq!(next_tag("CBJ", EquipmentKind::Camera, taken.into_iter()), "CBJ-CAM-10");
        assert_eq!(next_tag("CBJ", EquipmentKind::Power, taken.into_iter()), "CBJ-PWR-1");
        assert_eq!(next_tag("é /", EquipmentKind::Other, taken.into_iter()), "TP-OTH-1");
        assert_eq!(next_tag("a very long name of a site", EquipmentKind::Other, [].into_iter()), "AVERYLONGNAM-OTH-1");
    }

    #[test]
    fn its_state_is_what_its_faults_say() {
        use {FaultState as F, Severity::*, Standing::*};
        let table: [(bool, &[(FaultState, Severity)], Standing); 7] = [
            (false, &[], InOrder),
            (false, &[(F::Open, S3), (F::Open, S4)], InOrder),
            (false, &[(F::Open, S4), (F::Open, S2)], OutOfOrder),
            (false, &[(F::Open, S1), (F::InWork, S4)], InRepair),
            (false, &[(F::InWork, S1)], InRepair),
            (false, &[(F::Mended, S1)], InOrder),
            (true, &[(F::Open, S1)], Retired),
        ];
        for (retired, faults, expected) in table {
            assert_eq!(condition(retired, faults.iter().copied()), expected, "{faults:?}");
        }
    }
}
