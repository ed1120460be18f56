//! Malay.

use super::{About, AboutMeeting, Language, Notice, Words, clock, date, named, named_fault, named_meeting};
use crate::{
    blocks::Outcome,
    decisions::ReasonCode,
    faults::{FaultState, Severity},
    notices::{Cause, Misfit},
};
use wire::UnixMs;

const WEEKDAYS: [&str; 7] = ["Isnin", "Selasa", "Rabu", "Khamis", "Jumaat", "Sabtu", "Ahad"];
const MONTHS: [&str; 12] =
    ["Januari", "Februari", "Mac", "April", "Mei", "Jun", "Julai", "Ogos", "September", "Oktober", "November", "Disember"];

pub const AUTOMATIC: &str = "Mesej ini dihantar secara automatik oleh Sidang. Balasan kepadanya tidak dibaca.";
pub const CLASSIFIED_MEETING: &str = "Mesyuarat terperingkat";

pub fn open(link: &str) -> String {
    format!("Butiran: {link}")
}

fn moment(at: UnixMs) -> String {
    format!("{}, {}", date(at, &WEEKDAYS, &MONTHS), clock(at))
}

fn span(from: UnixMs, to: UnixMs) -> String {
    let until = if date(from, &WEEKDAYS, &MONTHS) == date(to, &WEEKDAYS, &MONTHS) { clock(to) } else { moment(to) };
    format!("{}\u{2013}{until} (waktu Malaysia)", moment(from))
}

fn when(about: &About) -> String {
    format!("Masa: {}", span(about.starts_at_ms, about.ends_at_ms))
}

fn places(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("Tapak: {}", names.join("; ")))
}

fn reason(code: Option<ReasonCode>, words: Option<&String>) -> Option<String> {
    let text = match code {
        Some(ReasonCode::PurposeUnclear) => Some("tujuan tidak jelas"),
        Some(ReasonCode::NotOfficial) => Some("bukan urusan rasmi"),
        Some(ReasonCode::RoomNeeded) => Some("bilik diperlukan untuk kegunaan lain"),
        Some(ReasonCode::DocumentsMissing) => Some("dokumen tidak lengkap"),
        Some(ReasonCode::ConsentWithheld) => Some("fasilitator tapak tidak bersetuju"),
        Some(ReasonCode::NotPutRight) => Some("pembetulan yang diminta tidak dibuat"),
        Some(ReasonCode::Other) | None => None,
    };
    let parts: Vec<&str> = text.into_iter().chain(words.map(String::as_str)).collect();
    (!parts.is_empty()).then(|| format!("Sebab: {}", parts.join(". ")))
}

const fn misfit(kind: Misfit) -> &'static str {
    match kind {
        Misfit::Seats => "tempat duduk kini kurang daripada bilangan orang",
        Misfit::Hours => "waktu buka telah berubah",
        Misfit::Closed => "tapak ditutup sebelum hari itu",
        Misfit::Holiday => "hari itu kini hari kelepasan am",
        Misfit::RestDay => "hari itu kini hari rehat",
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Fault => "kerosakan peralatan",
        Cause::Maintenance => "kerja penyelenggaraan",
        Cause::Closure => "penutupan tapak",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::S1 => "S1, bilik tidak boleh digunakan",
        Severity::S2 => "S2, boleh digunakan dengan sukar",
        Severity::S3 => "S3, mengganggu",
        Severity::S4 => "S4, rupa sahaja",
    }
}

fn state(state: FaultState) -> &'static str {
    match state {
        FaultState::Open => "belum diambil tindakan",
        FaultState::Assigned => "telah diambil tindakan",
        FaultState::Waiting => "menunggu alat ganti, pembekal atau akses",
        FaultState::Closed => "telah dibaiki dan disemak",
        FaultState::InWork => "sedang dibaiki",
        FaultState::Mended => "telah dibaiki",
    }
}

fn meeting(event: &AboutMeeting) -> [Option<String>; 3] {
    [
        Some(format!("Masa: {}", span(event.starts_at_ms, event.ends_at_ms))),
        places(&event.sites.iter().map(|it| it.name.clone()).collect::<Vec<_>>()),
        event.host.as_ref().map(|host| format!("Pengerusi: {host}")),
    ]
}

pub fn event(event: &AboutMeeting, link: &str) -> Vec<String> {
    let [_, sites, host] = meeting(event);
    sites.into_iter().chain(host).chain([format!("Sertai di Sidang: {link}")]).collect()
}

pub fn words(notice: &Notice) -> Words {
    let of = |about: &About, subject: &str, lead: String, more: Vec<Option<String>>| {
        let facts = [Some(lead), Some(when(about)), places(&about.sites)];
        Words::new(format!("{subject}: {}", about.reference), facts.into_iter().chain(more))
    };
    match notice {
        Notice::ApplicationReceived { about, agency, .. } => {
            of(about, "Permohonan menunggu keputusan", format!("{agency} memohon menggunakan telepresence: {}.", named(about)), vec![])
        }
        Notice::ApplicationReturned { about, reason_code, reason: words, .. } => of(
            about,
            "Permohonan dikembalikan",
            format!("Permohonan {} dikembalikan untuk dibetulkan. Betulkan dan hantar semula.", named(about)),
            vec![reason(*reason_code, words.as_ref())],
        ),
        Notice::Approved { about, .. } => of(about, "Permohonan diluluskan", format!("Permohonan {} diluluskan.", named(about)), vec![]),
        Notice::Refused { about, reason_code, reason: words, .. } => {
            of(about, "Permohonan ditolak", format!("Permohonan {} ditolak.", named(about)), vec![reason(*reason_code, words.as_ref())])
        }
        Notice::HoldExpiring { about, expires_at_ms } => of(
            about,
            "Slot akan dilepaskan",
            format!("Slot bagi permohonan {} disimpan sehingga {}.", named(about), moment(*expires_at_ms)),
            vec![],
        ),
        Notice::Lapsed { about, .. } => of(
            about,
            "Permohonan luput",
            format!("Permohonan {} luput kerana tiada keputusan dibuat dalam masanya. Slotnya telah dilepaskan.", named(about)),
            vec![],
        ),
        Notice::Withdrawn { about, .. } => {
            of(about, "Tempahan ditarik balik", format!("Tempahan {} telah ditarik balik.", named(about)), vec![])
        }
        Notice::Displaced { about, cause: why, site, .. } => of(
            about,
            "Tempahan tidak dapat diteruskan",
            match site {
                Some(site) => format!("Tempahan {} tidak dapat diteruskan kerana {} di {}.", named(about), cause(*why), site.name),
                None => format!("Tempahan {} tidak dapat diteruskan kerana {}.", named(about), cause(*why)),
            },
            vec![Some("Mereka yang duduk di situ masih boleh menyertai melalui pelayar. Fasilitator sedang mencari bilik lain dan anda akan dimaklumkan.".into())],
        ),
        Notice::RoomSettled { about, outcome, site, .. } => {
            let place = site.as_ref().map_or_else(String::new, |site| site.name.clone());
            let (subject, lead) = match outcome {
                Outcome::Resited => {
                    ("Bilik lain bagi tempahan anda", format!("Tempahan {} diteruskan di {place} pada masa yang sama.", named(about)))
                }
                Outcome::Online => (
                    "Sertai melalui pelayar",
                    format!("Tempahan {} diteruskan. Mereka yang kehilangan tempat duduk menyertai melalui pelayar.", named(about)),
                ),
                Outcome::Restored => {
                    ("Bilik anda boleh digunakan semula", format!("Tempahan {} diteruskan di {place} seperti yang ditempah.", named(about)))
                }
            };
            of(about, subject, lead, vec![])
        }
        Notice::Flagged { about, site, why, .. } => of(
            about,
            "Tempahan perlu disemak",
            format!("Tempahan {} kekal, tetapi {} di {}.", named(about), misfit(*why), site.name),
            vec![Some("Ia tidak dibatalkan. Pinda tempahan, atau hubungi agensi pusat.".into())],
        ),
        Notice::WaitingListOffer { about, until_ms } => of(
            about,
            "Slot yang ditunggu kini kosong",
            format!("Slot bagi {} kini kosong dan disimpan untuk anda sehingga {}.", named(about), moment(*until_ms)),
            vec![],
        ),
        Notice::DecisionReminder { about, received_at_ms, .. } => of(
            about,
            "Peringatan: permohonan belum diputuskan",
            format!("Permohonan {} diterima pada {} dan belum diputuskan.", named(about), moment(*received_at_ms)),
            vec![],
        ),
        Notice::DecisionEscalated { about, received_at_ms, .. } => of(
            about,
            "Permohonan lewat diputuskan",
            format!(
                "Permohonan {} diterima pada {} dan tidak diputuskan dalam masanya. Sila pastikan ia diputuskan.",
                named(about),
                moment(*received_at_ms)
            ),
            vec![],
        ),
        Notice::CheckInWarning { about, site, release_at_ms } => of(
            about,
            "Tiada daftar masuk",
            format!(
                "Belum ada sesiapa mendaftar masuk di {} bagi {}. Bilik dilepaskan pada {} jika tiada yang mendaftar masuk.",
                site.name,
                named(about),
                clock(*release_at_ms)
            ),
            vec![],
        ),
        Notice::NoShow { about, site, .. } => of(
            about,
            "Bilik tidak digunakan",
            format!("Bilik di {} bagi {} tidak digunakan. Ia direkodkan sebagai tidak hadir.", site.name, named(about)),
            vec![],
        ),
        Notice::ConditionOverdue { about, site, .. } => of(
            about,
            "Laporan keadaan belum dihantar",
            format!("Laporan keadaan bilik di {} selepas {} belum dihantar (TP-7).", site.name, named(about)),
            vec![],
        ),
        Notice::FaultReported { fault, .. } => Words::new(
            format!("Kerosakan dilaporkan: {}", fault.reference),
            [Some(format!("Kerosakan dilaporkan: {}.", named_fault(fault))), Some(format!("Tahap: {}.", severity(fault.severity)))],
        ),
        Notice::FaultAssigned { fault, .. } => Words::new(
            format!("Kerosakan diserahkan kepada anda: {}", fault.reference),
            [
                Some(format!("Kerosakan ini diserahkan kepada anda: {}.", named_fault(fault))),
                Some(format!("Tahap: {}.", severity(fault.severity))),
            ],
        ),
        Notice::FaultChanged { fault, state: now, .. } => Words::new(
            format!("Kerosakan {}: {}", fault.reference, state(*now)),
            [Some(format!("{}: {}.", named_fault(fault), state(*now)))],
        ),
        Notice::FaultDue { fault, overdue, due_at_ms, .. } => {
            let (subject, lead) = match overdue {
                true => ("Kerosakan lewat dibaiki", format!("{} sepatutnya dibaiki selewat-lewatnya {}.", named_fault(fault), moment(*due_at_ms))),
                false => ("Kerosakan hampir tempoh", format!("{} perlu dibaiki selewat-lewatnya {}.", named_fault(fault), moment(*due_at_ms))),
            };
            Words::new(format!("{subject}: {}", fault.reference), [Some(lead), Some(format!("Tahap: {}.", severity(fault.severity)))])
        }
        Notice::FaultAffects { about, fault } => of(
            about,
            "Kerosakan di bilik tempahan anda",
            format!("Tempahan {} masih berjalan, tetapi ada kerosakan: {}.", named(about), named_fault(fault)),
            vec![Some(format!("Tahap: {}.", severity(fault.severity)))],
        ),
        Notice::MaintenancePlanned { site, starts_at_ms, ends_at_ms, .. } => Words::new(
            format!("Penyelenggaraan dirancang: {}", site.name),
            [Some(format!("{} tidak boleh ditempah: {}.", site.name, span(*starts_at_ms, *ends_at_ms)))],
        ),
        Notice::OverrideAsked { exception, .. } => Words::new(
            format!("Pengesahan kedua diperlukan: {}", exception.agency),
            [
                Some(format!(
                    "Pengecualian daripada peraturan masa dipohon bagi {}. Ia perlu disahkan oleh orang kedua.",
                    exception.agency
                )),
                Some(format!("Masa: {}", span(exception.starts_at_ms, exception.ends_at_ms))),
            ],
        ),
        Notice::OverrideDecided { exception, confirmed, .. } => Words::new(
            format!("Pengecualian {}: {}", if *confirmed { "disahkan" } else { "tidak disahkan" }, exception.agency),
            [
                Some(match confirmed {
                    true => format!("Pengecualian bagi {} disahkan. Permohonan bagi masa ini boleh dihantar.", exception.agency),
                    false => format!("Pengecualian bagi {} tidak disahkan.", exception.agency),
                }),
                Some(format!("Masa: {}", span(exception.starts_at_ms, exception.ends_at_ms))),
            ],
        ),
        Notice::ConsentAsked { about, site, .. } => of(
            about,
            "Persetujuan anda diperlukan",
            format!(
                "{} akan menggunakan {} pada hari rehat atau cuti umum. Nyatakan sama ada bilik boleh dibuka.",
                named(about),
                site.name
            ),
            vec![],
        ),
        Notice::ConsentWithheld { about, site, reason: words, .. } => of(
            about,
            "Persetujuan tidak diberi",
            format!("{} tidak boleh dibuka untuk {} pada hari rehat atau cuti umum itu.", site.name, named(about)),
            vec![reason(None, words.as_ref())],
        ),
        Notice::SlotLost { about, alternatives, .. } => of(
            about,
            "Slot tidak lagi kosong",
            format!(
                "{} tidak dapat diluluskan kerana tapaknya telah ditempah oleh pihak lain. Pinda permohonan kepada masa lain.",
                named(about)
            ),
            alternatives.iter().map(|it| Some(format!("Masih kosong: {}", span(it.starts_at_ms, it.ends_at_ms)))).collect(),
        ),
        Notice::DelegationMade { lender, from, to, .. } => Words::new(
            format!("Anda mewakili {lender} sebagai pelulus"),
            [Some(format!("Dari {from} hingga {to}, anda boleh memutuskan permohonan telepresence bagi pihak {lender}."))],
        ),
        Notice::SeriesResult { about, occurrences, accepted, .. } => of(
            about,
            "Keputusan siri",
            format!("Siri bermula dengan {}: {accepted} daripada {occurrences} tarikh diterima.", named(about)),
            vec![],
        ),
        Notice::Invited { event } => {
            let lead = Some(format!("Anda dijemput ke {}.", named_meeting(event, Language::Ms)));
            Words::new(format!("Jemputan: {}", super::summary(event, Language::Ms)), [lead].into_iter().chain(meeting(event)))
        }
        Notice::InvitationChanged { event } => {
            let lead = Some(format!("{} telah berubah. Butiran yang baharu:", named_meeting(event, Language::Ms)));
            Words::new(format!("Jemputan dipinda: {}", super::summary(event, Language::Ms)), [lead].into_iter().chain(meeting(event)))
        }
        Notice::InvitationCancelled { event } => {
            let lead = Some(format!("{} dibatalkan, atau anda tidak lagi disenaraikan.", named_meeting(event, Language::Ms)));
            Words::new(format!("Jemputan dibatalkan: {}", super::summary(event, Language::Ms)), [lead].into_iter().chain(meeting(event)))
        }
    }
}
