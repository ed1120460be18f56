//! What `DEMO=1` puts into a service: meetings that are open now, and telepresence uses of yesterday, today and next week. Everything goes
//! through the same acts and rules as a person's own; where an application had to come four days ago, those acts are told that it is four
//! days ago. Called at each start, it adds only what is missing.

use crate::{
    Booking,
    decisions::{
        self, Answer,
        consents::{self, ConsentAnswer},
    },
    meetings::{self, MeetingDraft, State as MeetingState, act::Creation},
    overrides::Hand,
    people::People,
    policy::Slot,
    reservations::{self, Application, By, Draft, DraftSite, State, drafts::DraftOccurrence, series, store},
    sites,
    use_of_rooms::{self, CheckInBy},
};
use chrono::{Days, NaiveDate};
use kernel::{
    Error, Result,
    clock::{MALAYSIA, civil_date, civil_minute, instant},
};
use std::collections::BTreeSet;
use wire::{
    Classification, Code, UnixMs,
    id::{MeetingId, PersonId, ReservationId, SiteId},
};

/// Titles by which what is there already is found again.
const OPEN_TITLE: &str = "Taklimat Perkhidmatan Persidangan";
const CLASSIFIED_TITLE: &str = "Perbincangan Keselamatan Data";
const TODAY_TITLE: &str = "Mesyuarat Penyelarasan Wilayah";
const ENDED_TITLE: &str = "Semakan Kesiapsiagaan Hospital";
const WAITING_TITLE: &str = "Bengkel Perancangan Tahunan";
const SERIES_TITLE: &str = "Mesyuarat Pemantauan Mingguan";
const IN_LINE_TITLE: &str = "Latihan Pentadbir Kemudahan";

const HOUR_MS: i64 = 3_600_000;
const QUARTER_MS: i64 = 900_000;
/// An open meeting of an earlier start serves again while this much of it is left.
const LEFT_MS_MIN: i64 = HOUR_MS;
/// Days between application and use: one more than TP-2 asks for.
const AHEAD_DAYS: u64 = 4;

/// Who plays in it.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The UC administrator of the agency that applies.
    pub applicant: PersonId,
    /// Of the central agency, which decides.
    pub approver: PersonId,
    /// Those who meet, the host first; two at least.
    pub officers: Vec<PersonId>,
    /// Invited to the open meetings besides.
    pub central_officer: PersonId,
}

/// What there is to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// TERBUKA, open now.
    pub open_meeting: MeetingId,
    /// SULIT, open now.
    pub classified_meeting: MeetingId,
    /// The meeting of an approved use of today that was applied for in time.
    pub todays_session: MeetingId,
    /// `09:00-12:00`
    pub todays_hours: String,
    /// A use that ended yesterday, whose condition report is owed; nothing where somebody else had the sites.
    pub ended: Option<ReservationId>,
    /// An application that waits for a decision.
    pub waiting: Option<ReservationId>,
}

/// The cast with the agencies that they act for.
struct Stage<'a> {
    booking: &'a Booking,
    cast: &'a Cast,
    applicant: By,
    approver: By,
    now: UnixMs,
    today: NaiveDate,
}

impl Booking {
    /// Lays the demonstration out where it is not there yet. `classified_without_e2ee` must be on: a SULIT meeting is part of it.
    pub async fn lay_demonstration(&self, cast: &Cast) -> Result<Laid> {
        let people = People::of(&mut self.db.read().await?, [cast.applicant, cast.approver].into()).await?;
        let by = |person| By { person, agency: people.get(person).agency.id };
        let now = self.clock.now();
        let today = civil_date(now, MALAYSIA);
        let stage = Stage { booking: self, cast, applicant: by(cast.applicant), approver: by(cast.approver), now, today };
        let session = stage.session_of_today().await?;
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let waiting = stage.waiting().await?;
        if let Some(id) = waiting {
            stage.in_line(id).await?;
        }
        stage.series().await?;
        Ok(Laid {
            open_meeting: stage.open_meeting(OPEN_TITLE, Classification::Terbuka).await?,
            classified_meeting: stage.open_meeting(CLASSIFIED_TITLE, Classification::Sulit).await?,
            todays_session: session.meeting.ok_or_else(|| Error::broken("an approved use without a meeting"))?,
            todays_hours: hours_text(session.slot),
            ended: stage.first_approved(ENDED_TITLE, yesterday, each_hour(yesterday)).await?,
            waiting,
        })
    }
}

impl Stage<'_> {
    /// An online meeting of half a day that is open now: the one of an earlier start, or a new one.
    async fn open_meeting(&self, title: &str, classification: Classification) -> Result<MeetingId> {
        let (now, host) = (self.now, first(&self.cast.officers)?);
        let found = {
            let around = Slot { starts_at: now.saturating_add_ms(-24 * HOUR_MS), ends_at: now.saturating_add_ms(HOUR_MS) };
            meetings::store::of_person(&mut self.booking.db.read().await?, host, around).await?
        };
        let serves = |it: &&meetings::Stored| {
            it.title == title
                && it.host == host
                && it.classification == classification
                && it.state(now) == MeetingState::Open
                && it.closes_at.saturating_since_ms(now) >= LEFT_MS_MIN
        };
        if let Some(it) = found.iter().find(serves) {
            return Ok(it.id);
        }
        let starts_at_ms = UnixMs(now.0 - now.0.rem_euclid(QUARTER_MS));
        let people = [&self.cast.officers[..], &[self.cast.central_officer, self.cast.applicant, self.cast.approver]].concat();
        let known: BTreeSet<PersonId> = people.iter().copied().collect();
        let ends_at_ms = starts_at_ms.saturating_add_ms(12 * HOUR_MS);
        let draft = MeetingDraft {
            title: title.to_owned(),
            classification,
            starts_at_ms,
            ends_at_ms,
            people,
            lobby: wire::grant::LobbyPolicy::Off,
        };
        let creation = Creation {
            host,
            agency: self.applicant.agency,
            draft: &draft,
            known: &known,
            classified_without_e2ee: self.booking.settings.classified_without_e2ee,
            claim: None,
        };
        meetings::act::create(&self.booking.db, now, creation).await
    }

    /// The use of today whose door is open now where the rooms are, or the nearest of today.
    async fn session_of_today(&self) -> Result<reservations::Stored> {
        let slots = slot_of_today(self.now, self.today).into_iter().chain(each_hour(self.today));
        let id = self.first_approved(TODAY_TITLE, self.today, slots.collect()).await?;
        let id = id.ok_or_else(|| Error::broken("the sites are taken all day: a demonstration needs an hour of them"))?;
        let found = store::by_id(&mut self.booking.db.read().await?, id).await?;
        let found = found.ok_or_else(|| Error::broken("a reservation that was just made is not found"))?;
        self.somebody_came(&found).await?;
        Ok(found)
    }

    /// Its second site has checked in, so that it is not let go as a no-show while somebody looks around; the first one's panel still can.
    async fn somebody_came(&self, session: &reservations::Stored) -> Result<()> {
        let first = session.sites.first().map(|it| it.site);
        let Some((site, _, person)) = session.seated().find(|(site, ..)| Some(*site) != first) else { return Ok(()) };
        match use_of_rooms::check_in(&self.booking.db, self.now, session.id, site, CheckInBy::JoiningPerson(person)).await {
            // Not begun yet, or over.
            Err(Error::Refused(_)) => Ok(()),
            other => other,
        }
    }

    /// An approved use in the first of the slots that is free.
    async fn first_approved(&self, title: &str, day: NaiveDate, slots: Vec<Slot>) -> Result<Option<ReservationId>> {
        for slot in slots {
            if let Some(id) = self.approved_use(title, day, slot).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// A use of two sites on that day, applied for four days before and approved an hour later.
    async fn approved_use(&self, title: &str, day: NaiveDate, slot: Slot) -> Result<Option<ReservationId>> {
        let held = |it: &reservations::Stored| it.state == State::Approved && civil_date(it.slot.starts_at, MALAYSIA) == day;
        if let Some(id) = self.found(title, held).await? {
            return Ok(Some(id));
        }
        let received = day.checked_sub_days(Days::new(AHEAD_DAYS)).and_then(|day| instant(day, 10 * 60, MALAYSIA));
        let Some(received) = received else { return Ok(None) };
        let Some(id) = self.applied(title, slot, received).await? else { return Ok(None) };
        self.consented(id, received).await?;
        let approve = Answer::approve();
        decisions::decide(&self.booking.db, received.saturating_add_ms(HOUR_MS), self.approver, id, &approve).await?;
        Ok(Some(id))
    }

    /// Where the day is a rest day, those who look after the rooms have said yes.
    async fn consented(&self, id: ReservationId, at: UnixMs) -> Result<()> {
        let (rest, hands) = {
            let mut tx = self.booking.db.read().await?;
            let found = store::by_id(&mut tx, id).await?.ok_or_else(|| Error::broken("a reservation that was just made is not found"))?;
            let calendar = consents::calendar_of(&mut tx, found.slot).await?;
            let flags = consents::flags(&found, &sites::all(&mut tx).await?, &calendar);
            let rest: BTreeSet<SiteId> = flags.iter().filter(|it| it.is_rest()).map(|it| it.site).collect();
            let mut hands = Vec::new();
            for site in &rest {
                hands.push(identity::facilitators(&mut tx, *site).await?.first().copied());
            }
            (rest, hands)
        };
        for (site, person) in rest.into_iter().zip(hands) {
            let Some(person) = person else { continue };
            let by = Hand { person, agency: self.approver.agency, acting_for: None };
            consents::answer(&self.booking.db, at, by, id, site, ConsentAnswer::Given, None).await?;
        }
        Ok(())
    }

    /// An application for next week.
    async fn waiting(&self) -> Result<Option<ReservationId>> {
        let now = self.now;
        let open = |it: &reservations::Stored| it.state == State::Submitted && it.slot.starts_at > now;
        if let Some(id) = self.found(WAITING_TITLE, open).await? {
            return Ok(Some(id));
        }
        let day = self.today.checked_add_days(Days::new(7)).unwrap_or(self.today);
        match hours(day, 10, 12) {
            Some(slot) => self.applied(WAITING_TITLE, slot, now).await,
            None => Ok(None),
        }
    }

    /// Another that would have the same sites at the same time, and waits for them.
    async fn in_line(&self, behind: ReservationId) -> Result<()> {
        if self.found(IN_LINE_TITLE, |it| it.state == State::Waiting).await?.is_some() {
            return Ok(());
        }
        let taken = store::by_id(&mut self.booking.db.read().await?, behind).await?;
        let Some(taken) = taken.filter(|it| it.state == State::Submitted) else { return Ok(()) };
        let draft = Draft { title: IN_LINE_TITLE.to_owned(), ..taken.as_draft() };
        let known: BTreeSet<PersonId> = self.cast.officers.iter().copied().collect();
        let application = Application { wait: true, ..self.application(&draft, &known) };
        match reservations::apply(&self.booking.db, self.now, application).await {
            Ok(_) => Ok(()),
            // Laid out on a day on which it comes too late.
            Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Three weeks of the same, an hour each, applied for together.
    async fn series(&self) -> Result<()> {
        let now = self.now;
        if self.found(SERIES_TITLE, |it| it.slot.starts_at > now).await?.is_some() {
            return Ok(());
        }
        let weeks = [9, 16, 23].into_iter().filter_map(|ahead| hours(self.today.checked_add_days(Days::new(ahead))?, 14, 15));
        let occurrences: Vec<DraftOccurrence> =
            weeks.map(|slot| DraftOccurrence { starts_at_ms: slot.starts_at, ends_at_ms: slot.ends_at }).collect();
        let Some(first_slot) = occurrences.first().map(|it| it.slot()) else { return Ok(()) };
        let sites = sites::ids(&self.booking.db).await?;
        let Some(draft) = self.draft(SERIES_TITLE, first_slot, &sites, [0, 1])? else { return Ok(()) };
        let known: BTreeSet<PersonId> = self.cast.officers.iter().copied().collect();
        let asked = series::Asked { application: self.application(&draft, &known), occurrences: &occurrences, accept_partial: true };
        match series::apply(&self.booking.db, now, asked).await {
            Ok(_) | Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn found(&self, title: &str, serves: impl Fn(&reservations::Stored) -> bool) -> Result<Option<ReservationId>> {
        let all = store::list(&mut self.booking.db.read().await?, store::List::Agency(self.applicant.agency)).await?;
        Ok(all.iter().find(|it| it.title == title && serves(it)).map(|it| it.id))
    }

    fn application<'a>(&self, draft: &'a Draft, known: &'a BTreeSet<PersonId>) -> Application<'a> {
        Application {
            by: self.applicant,
            may_apply: true,
            draft,
            known,
            classified_without_e2ee: self.booking.settings.classified_without_e2ee,
            claim: None,
            draft_id: None,
            wait: false,
        }
    }

    /// The officers at two of the sites; nothing where there are no such sites.
    fn draft(&self, title: &str, slot: Slot, sites: &[SiteId], pair: [usize; 2]) -> Result<Option<Draft>> {
        let officers = &self.cast.officers;
        // Every other officer at the other site, six at each at most.
        let seated = |nth: usize| officers.iter().skip(nth).step_by(2).take(6).copied().collect();
        let at = |nth: usize| sites.get(pair[nth]).map(|site| DraftSite { site: *site, people: seated(nth) });
        let sites: Vec<DraftSite> = (0..2).filter_map(at).collect();
        Ok((sites.len() == 2).then_some(Draft {
            title: title.to_owned(),
            purpose: "Penyelarasan pelaksanaan antara cawangan".to_owned(),
            official: true,
            classification: Classification::Terbuka,
            sites,
            starts_at_ms: slot.starts_at,
            ends_at_ms: slot.ends_at,
            chair: first(officers)?,
            contact: None,
            needs: None,
            online: vec![],
        }))
    }

    /// Applies as the agency's UC administrator; nothing where somebody else holds the sites.
    async fn applied(&self, title: &str, slot: Slot, received: UnixMs) -> Result<Option<ReservationId>> {
        let sites = sites::ids(&self.booking.db).await?;
        for pair in [[0, 1], [0, 2], [1, 2]] {
            let Some(draft) = self.draft(title, slot, &sites, pair)? else { continue };
            let known: BTreeSet<PersonId> = self.cast.officers.iter().copied().collect();
            let application = self.application(&draft, &known);
            match reservations::apply(&self.booking.db, received, application).await {
                Ok(id) => return Ok(Some(id)),
                Err(Error::Refused(refusal)) if refusal.code == Code::SlotTaken => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// `09:00-12:00`, as the clock on the wall says.
fn hours_text(slot: Slot) -> String {
    let text = |at| format!("{:02}:{:02}", civil_minute(at, MALAYSIA) / 60, civil_minute(at, MALAYSIA) % 60);
    format!("{}-{}", text(slot.starts_at), text(slot.ends_at))
}

fn first(officers: &[PersonId]) -> Result<PersonId> {
    officers.first().copied().ok_or_else(|| Error::broken("a demonstration without officers"))
}

fn hours(day: NaiveDate, from: u32, to: u32) -> Option<Slot> {
    Some(Slot { starts_at: instant(day, from * 60, MALAYSIA)?, ends_at: instant(day, to * 60, MALAYSIA)? })
}

/// The working hours of a day, one by one.
fn each_hour(day: NaiveDate) -> Vec<Slot> {
    (9..17).filter_map(|hour| hours(day, hour, hour + 1)).collect()
}

/// Three hours around now, within opening hours (08:00 to 17:00); before and after them, the nearest there is of today.
fn slot_of_today(now: UnixMs, today: NaiveDate) -> Option<Slot> {
    let day = hours(today, 8, 17)?;
    let latest = day.ends_at.saturating_add_ms(-HOUR_MS);
    let starts_at = UnixMs(now.0 - now.0.rem_euclid(QUARTER_MS)).clamp(day.starts_at, latest);
    Some(Slot { starts_at, ends_at: starts_at.saturating_add_ms(3 * HOUR_MS).min(day.ends_at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_use_of_today_is_open_now_where_the_rooms_are() {
        let today: NaiveDate = "2026-12-04".parse().unwrap();
        let at = |minute: u32| instant(today, minute, MALAYSIA).unwrap();
        for minute in 0..24 * 60 {
            let (now, slot) = (at(minute), slot_of_today(at(minute), today).unwrap());
            assert!(
                slot.within_hours(480, 1020, MALAYSIA) && slot.faults(now, &crate::policy::Policy::first().terms).is_empty(),
                "{minute}"
            );
            let (opens, closes) = meetings::window(slot);
            let open = opens <= now && now < closes;
            assert_eq!(open, (465..1035).contains(&minute), "{minute}");
        }
    }
}
