//! `DEMO=1`: people of every role in two agencies, meetings to join now, telepresence sessions in each state. Laid out once; started again,
//! it only prints what there is.

use crate::app::Control;
use anyhow::{Context, Result};
use identity::{PersonRole, passwords::Password, people::NewPerson, setup};
use std::{collections::BTreeSet, fmt::Write};
use wire::id::{AgencyId, PersonId, SiteId};

/// Everybody's password in the demonstration. It keeps ID-2; the service is told to be a demonstration by its owner.
const PASSWORD: &str = "Demo-Sidang-2026!";

struct Somebody {
    name: &'static str,
    email: &'static str,
    position: &'static str,
    role: PersonRole,
    /// Indexes into the sites, for a facilitator.
    sites: &'static [usize],
}

const fn somebody(name: &'static str, email: &'static str, position: &'static str, role: PersonRole) -> Somebody {
    Somebody { name, email, position, role, sites: &[] }
}

const CENTRAL: [Somebody; 6] = [
    somebody("Rosnah binti Ismail", "rosnah.ismail@jdn.example", "Pegawai Teknologi Maklumat", PersonRole::SystemAdministrator),
    somebody("Faridah binti Osman", "faridah.osman@jdn.example", "Ketua Penolong Pengarah", PersonRole::Approver),
    Somebody { sites: &[0], ..somebody("Jeffrey anak Munan", "jeffrey.munan@jdn.example", "Penolong Pegawai", PersonRole::Facilitator) },
    Somebody { sites: &[1, 2], ..somebody("Salmah binti Gulam", "salmah.gulam@jdn.example", "Penolong Pegawai", PersonRole::Facilitator) },
    somebody("Chong Wei Ming", "chong.weiming@jdn.example", "Juruaudit Dalam", PersonRole::Auditor),
    somebody("Kavitha a/p Subramaniam", "kavitha.subramaniam@jdn.example", "Pegawai Tadbir", PersonRole::Officer),
];

const MINISTRY: [Somebody; 9] = [
    somebody("Noraini binti Salleh", "noraini.salleh@kkm.example", "Pentadbir UC", PersonRole::UcAdministrator),
    somebody("Ahmad Faizal bin Rahman", "ahmad.faizal@kkm.example", "Timbalan Pengarah", PersonRole::Officer),
    somebody("Lim Siew Ling", "lim.siewling@kkm.example", "Pegawai Perubatan", PersonRole::Officer),
    somebody("Arumugam a/l Krishnan", "arumugam.krishnan@kkm.example", "Pegawai Farmasi", PersonRole::Officer),
    somebody("Dayang Nurul binti Awang", "dayang.nurul@kkm.example", "Pengarah Negeri Sarawak", PersonRole::Officer),
    somebody("Stephen Bala anak Ujang", "stephen.bala@kkm.example", "Pegawai Kesihatan", PersonRole::Officer),
    somebody("Juliana binti Majid", "juliana.majid@kkm.example", "Pengarah Negeri Sabah", PersonRole::Officer),
    somebody("Henry Lojikim", "henry.lojikim@kkm.example", "Pegawai Kesihatan", PersonRole::Officer),
    somebody("Siti Aminah binti Yusof", "siti.aminah@kkm.example", "Setiausaha Bahagian", PersonRole::Officer),
];

/// Lays the demonstration out where it is not there yet, and says how to use it.
pub async fn seed(control: &Control, public_url: &str) -> Result<String> {
    let central = agency(control, "Jabatan Digital Negara", "JDN", true).await?;
    let ministry = agency(control, "Kementerian Kesihatan Malaysia", "KKM", false).await?;
    let sites: Vec<SiteId> = booking::sites::all(&mut control.db.read().await?).await?.into_iter().map(|it| it.id).collect();
    let mut people = Vec::new();
    let mut text = String::from("Demonstration people (e-mail, password, role, agency, name):\n");
    for (agency, short_name, members) in [(central, "JDN", &CENTRAL[..]), (ministry, "KKM", &MINISTRY[..])] {
        for it in members {
            people.push(person(control, it, agency, &sites).await?);
            writeln!(text, "  {:34}{PASSWORD}  {:22}{short_name}  {}", it.email, it.role.text(), it.name)?;
        }
    }
    let (of_central, of_ministry) = people.split_at(CENTRAL.len());
    let cast = booking::demo::Cast {
        applicant: of_ministry[0],
        approver: of_central[1],
        officers: of_ministry[1..].to_vec(),
        central_officer: of_central[5],
    };
    let laid = control.booking.lay_demonstration(&cast).await?;
    writeln!(text, "\nTo try, signed in as one of KKM's people:")?;
    writeln!(text, "  a TERBUKA meeting to join now     {public_url}/m/{}", laid.open_meeting)?;
    writeln!(text, "  a SULIT meeting to join now       {public_url}/m/{}", laid.classified_meeting)?;
    writeln!(text, "  today's telepresence session      {public_url}/m/{}  ({})", laid.todays_session, laid.todays_hours)?;
    writeln!(text)?;
    Ok(text)
}

async fn agency(control: &Control, name: &str, short_name: &str, is_central: bool) -> Result<AgencyId> {
    let mut tx = control.db.read().await?;
    if let Some(found) = identity::agencies::all(&mut tx).await?.into_iter().find(|it| it.short_name == short_name) {
        return Ok(found.id);
    }
    drop(tx);
    let new = identity::agencies::NewAgency { name: name.into(), short_name: short_name.into(), is_central };
    Ok(setup::create_agency(&control.identity, new).await.with_context(|| format!("agency {short_name}"))?.id)
}

async fn person(control: &Control, it: &Somebody, agency: AgencyId, sites: &[SiteId]) -> Result<PersonId> {
    if let Some(known) = setup::person_by_email(&control.identity, it.email).await? {
        return Ok(known);
    }
    let new = NewPerson {
        name: it.name.into(),
        email: it.email.into(),
        position: it.position.into(),
        agency,
        roles: BTreeSet::from([PersonRole::Officer, it.role]),
        sites: it.sites.iter().filter_map(|index| sites.get(*index).copied()).collect(),
    };
    let created = setup::create_person(&control.identity, new, Some(Password::new(PASSWORD))).await.with_context(|| it.email.to_owned())?;
    Ok(created.person.id)
}
