//! The run: contestants one after another, each alone and afresh, round by round, so that what a neighbour on the machine does hits all alike.

use super::{
    contestants::{Contestant, Entered, Name, Person, Programs, janus},
    figures::{Capacity, Cost, Figures, Joins, Machine, Memory, Rush, Step, Window},
    generator::{
        Generator,
        publisher::Sends,
        tally::{Tally, milliseconds, percentile},
    },
    plan::{LATENCY_MS_P99_MAX, LOSS_MAX, ROOM_SUBSCRIBERS, Settings, Situation},
    process,
};
use anyhow::{Context, Result, ensure};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const PATIENCE: Duration = Duration::from_secs(20);
const WARM_STEP: Duration = Duration::from_millis(500);
/// Everything flows when this share of the pictures comes.
const DELIVERED: f64 = 0.99;
/// Of more clients than this, one in ten decrypts.
const OPENING_MAX: usize = 100;

/// What is being done, for who watches.
pub trait Watcher {
    fn begins(&self, what: &str);
    /// A line to keep.
    fn found(&self, what: &str);
}

/// A contestant with its generator.
struct Rig {
    contestant: Contestant,
    generator: Generator,
    pid: u32,
    clients: usize,
    every: usize,
}

impl Rig {
    async fn start(name: Name, programs: &Programs, settings: &Settings, clients: usize) -> Result<Self> {
        // Where loopback leads; Janus does not use that interface.
        let base = if name == Name::Janus { janus::BASE } else { Ipv4Addr::new(127, 10, 0, 1) };
        let contestant = Contestant::start(name, programs).await?;
        let generator = Generator::start(base, clients)?;
        let pid = contestant.pid()?;
        if settings.pins {
            process::pin(pid, process::CONTESTANT_CORE);
        }
        Ok(Self { contestant, generator, pid, clients: 0, every: if clients > OPENING_MAX + 10 { 10 } else { 1 } })
    }

    async fn enter(&mut self, person: &Person) -> Result<Entered> {
        let opens = self.clients.is_multiple_of(self.every);
        self.clients += 1;
        self.contestant.enter(&mut self.generator, person, opens).await
    }

    /// Everybody, one after another, each connected before the next comes.
    async fn enter_all(&mut self, people: &[Person]) -> Result<()> {
        for person in people {
            let entered = self.enter(person).await?;
            connected(entered).await?;
        }
        for entered in self.contestant.settle(&mut self.generator, self.every == 1).await? {
            connected(entered).await?;
        }
        Ok(())
    }

    /// Until all pictures come.
    async fn warm(&self, watchers: usize, most: Duration) -> Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < most {
            let tally = self.generator.window(WARM_STEP).await?;
            // Two in a row: the first may hold what had waited.
            if tally.sent_video > 0 && tally.share_of_video(watchers) >= DELIVERED {
                let tally = self.generator.window(WARM_STEP).await?;
                if tally.share_of_video(watchers) >= DELIVERED {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn window(&self, watchers: usize, length: Duration) -> Result<Window> {
        let dropped = self.generator.dropped();
        let before = process::cpu(self.pid)?;
        self.generator.begin()?;
        tokio::time::sleep(length).await;
        let mut tally = self.generator.read(None).await?;
        let cpu = process::cpu(self.pid)?.saturating_sub(before).as_secs_f64();
        Ok(window(&mut tally, watchers, cpu, self.generator.dropped().saturating_sub(dropped)))
    }

    async fn stop(self) {
        self.contestant.stop().await;
    }
}

fn window(tally: &mut Tally, watchers: usize, cpu_s: f64, dropped_by_generator: u64) -> Window {
    let seen = tally.seen();
    Window {
        packets_per_second: seen.packets_per_second,
        cpu_us_per_packet: cpu_s * 1e6 / seen.packets.max(1) as f64,
        cpu_share: cpu_s / tally.seconds.max(1e-9),
        loss: seen.loss,
        delivered: tally.share_of_video(watchers),
        latency_ms_p50: seen.latency_ms_p50,
        latency_ms_p99: seen.latency_ms_p99,
        dropped_by_generator,
    }
}

async fn connected(entered: Entered) -> Result<()> {
    tokio::time::timeout(PATIENCE, entered.connected).await.context("a handshake did not end")??;
    Ok(())
}

/// Everything that the settings ask for.
pub async fn run(programs: &Programs, settings: &Settings, watcher: &dyn Watcher) -> Result<Figures> {
    let mut figures = Figures {
        taken_at_s: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        machine: Machine {
            processor: process::processor(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            pinned: settings.pins && process::pin(std::process::id(), process::GENERATOR_CORE),
            load_before: process::load_average(),
            load_after: 0.0,
        },
        rounds: settings.rounds,
        window_s: settings.window.as_secs_f64(),
        ..Figures::default()
    };
    let mut contestants = settings.contestants.clone();
    if programs.janus.is_none() && contestants.contains(&Name::Janus) {
        contestants.retain(|it| *it != Name::Janus);
        figures.not_measured.push("no Janus: it is not installed (apt-get install --no-install-recommends janus)".to_owned());
    }
    for &situation in &settings.situations {
        for round in 1..=settings.rounds {
            for &name in &contestants {
                watcher.begins(&format!("{} {}, round {round} of {}", situation.name(), name.text(), settings.rounds));
                match cost(name, programs, situation, settings).await {
                    Ok(window) => {
                        watcher.found(&line(&situation.name(), name, &window));
                        keep(&mut figures.costs, situation, name, window);
                    }
                    Err(error) => missed(&mut figures, watcher, &format!("{} in {}: {error:#}", name.text(), situation.name())),
                }
            }
        }
    }
    for &name in contestants.iter().filter(|_| !settings.steps.is_empty()) {
        match capacity(name, programs, settings, watcher).await {
            Ok(found) => figures.capacities.push(found),
            Err(error) => missed(&mut figures, watcher, &format!("the most that {} carries: {error:#}", name.text())),
        }
    }
    for &name in contestants.iter().filter(|name| settings.joins > 0 && **name != Name::Floor) {
        watcher.begins(&format!("{} joins one after another, {}", settings.joins, name.text()));
        match joins(name, programs, settings).await {
            Ok(found) => {
                watcher.found(&format!("joins, {}: p50 {:.1} ms, p99 {:.1} ms", name.text(), found.ms_p50, found.ms_p99));
                figures.joins.push(found);
            }
            Err(error) => missed(&mut figures, watcher, &format!("joins of {}: {error:#}", name.text())),
        }
    }
    for &name in contestants.iter().filter(|name| settings.memory && **name != Name::Floor) {
        watcher.begins(&format!("memory, {}", name.text()));
        match memory(name, programs, settings).await {
            Ok(found) => {
                let (idle, each) = (found.idle_bytes as f64 / f64::from(1 << 20), found.bytes_per_subscriber as f64 / 1_024.0);
                watcher.found(&format!("memory, {}: {idle:.1} MiB idle, {each:.0} KiB a subscriber", name.text()));
                figures.memory.push(found);
            }
            Err(error) => missed(&mut figures, watcher, &format!("memory of {}: {error:#}", name.text())),
        }
    }
    if settings.rush > 0 {
        watcher.begins(&format!("{} who join at once", settings.rush));
        match rush(programs, settings).await {
            Ok(found) => {
                watcher.found(&format!("rush: {} of {} in {:.1} s, {} lost inside", found.joined, found.joins, found.seconds, found.lost));
                figures.rush = Some(found);
            }
            Err(error) => missed(&mut figures, watcher, &format!("the rush: {error:#}")),
        }
    }
    figures.machine.load_after = process::load_average();
    Ok(figures)
}

fn missed(figures: &mut Figures, watcher: &dyn Watcher, what: &str) {
    watcher.found(&format!("not measured: {what}"));
    figures.not_measured.push(what.to_owned());
}

fn line(situation: &str, name: Name, it: &Window) -> String {
    format!(
        "{situation:>6} {:6} {:7.0} packets/s  {:6.2} µs each  loss {:.3} %  delivered {:5.1} %  p50 {:.2} ms  p99 {:.2} ms",
        name.text(),
        it.packets_per_second,
        it.cpu_us_per_packet,
        it.loss * 100.0,
        it.delivered * 100.0,
        it.latency_ms_p50,
        it.latency_ms_p99
    )
}

fn keep(costs: &mut Vec<Cost>, situation: Situation, contestant: Name, window: Window) {
    let situation = situation.name();
    match costs.iter_mut().find(|it| it.situation == situation && it.contestant == contestant) {
        Some(cost) => cost.windows.push(window),
        None => costs.push(Cost { situation, contestant, windows: vec![window] }),
    }
}

async fn cost(name: Name, programs: &Programs, situation: Situation, settings: &Settings) -> Result<Window> {
    let mut rig = Rig::start(name, programs, settings, situation.connections()).await?;
    rig.enter_all(&situation.people(0, Sends::CAMERA)).await?;
    let watchers = situation.watchers();
    rig.warm(watchers, settings.warm_max).await?;
    let window = rig.window(watchers, settings.window).await?;
    rig.stop().await;
    ensure!(window.packets_per_second > 0.0, "nothing came");
    Ok(window)
}

/// More and more subscribers, until a step does not hold twice.
async fn capacity(name: Name, programs: &Programs, settings: &Settings, watcher: &dyn Watcher) -> Result<Capacity> {
    let most = settings.steps.iter().copied().max().unwrap_or(0);
    let mut rig = Rig::start(name, programs, settings, most + most.div_ceil(ROOM_SUBSCRIBERS) + 1).await?;
    let mut found = Capacity { contestant: name, steps: Vec::new() };
    let mut inside = 0;
    for &subscribers in &settings.steps {
        watcher.begins(&format!("the most that {} carries: {subscribers} subscribers", name.text()));
        while inside < subscribers {
            let room = u32::try_from(inside / ROOM_SUBSCRIBERS)?;
            let count = (subscribers - inside).min(ROOM_SUBSCRIBERS - inside % ROOM_SUBSCRIBERS);
            let people = Situation::Lecture(count).people(room, Sends::CAMERA);
            let known = usize::from(!inside.is_multiple_of(ROOM_SUBSCRIBERS));
            rig.enter_all(&people[known..]).await?;
            inside += count;
        }
        // Rooms are filled one after another, so that all but the last have as many; the share is of all together.
        let rooms = subscribers.div_ceil(ROOM_SUBSCRIBERS);
        let watchers = subscribers / rooms;
        rig.warm(watchers, settings.warm_max / 3).await?;
        let mut step = Step { subscribers, held: false, window: Window::default() };
        for _ in 0..2 {
            step.window = rig.window(watchers, settings.window).await?;
            let it = &step.window;
            step.held = it.loss <= LOSS_MAX && it.latency_ms_p99 <= LATENCY_MS_P99_MAX && it.delivered >= DELIVERED;
            if step.held {
                break;
            }
        }
        watcher.found(&format!("{}{}", line(&subscribers.to_string(), name, &step.window), if step.held { "" } else { "  (too much)" }));
        found.steps.push(step);
        if !step.held {
            break;
        }
    }
    rig.stop().await;
    Ok(found)
}

async fn joins(name: Name, programs: &Programs, settings: &Settings) -> Result<Joins> {
    let count = settings.joins;
    let mut rig = Rig::start(name, programs, settings, count + 1).await?;
    let people = Situation::Lecture(count).people(0, Sends::EVEN);
    rig.enter_all(&people[..1]).await?;
    let mut took = Vec::with_capacity(count);
    for person in &people[1..] {
        let entered = rig.enter(person).await?;
        let at = tokio::time::timeout(PATIENCE, entered.first_media).await.context("no media came")??;
        took.push(u32::try_from(at.duration_since(entered.asked).as_micros())?);
    }
    rig.stop().await;
    took.sort_unstable();
    let ms = |percent| percentile(&took, percent) / 1_000.0;
    Ok(Joins { contestant: name, count, ms_p50: ms(50), ms_p99: ms(99), ms_max: ms(100) })
}

async fn memory(name: Name, programs: &Programs, settings: &Settings) -> Result<Memory> {
    const SLOTS: (usize, usize) = (3, 22);
    const FIRST: usize = 20;
    const MORE: usize = 100;
    let mut rig = Rig::start(name, programs, settings, FIRST + MORE + 1).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle_bytes = process::resident_bytes(rig.pid)?;
    let mut people = Situation::Lecture(FIRST + MORE).people(0, Sends::CAMERA);
    people[1..].iter_mut().for_each(|it| (it.hears, it.sees) = SLOTS);
    rig.enter_all(&people[..=FIRST]).await?;
    rig.warm(FIRST, Duration::from_secs(10)).await?;
    let few = process::resident_bytes(rig.pid)?;
    rig.enter_all(&people[FIRST + 1..]).await?;
    rig.warm(FIRST + MORE, Duration::from_secs(20)).await?;
    let many = process::resident_bytes(rig.pid)?;
    rig.stop().await;
    let bytes_per_subscriber = many.saturating_sub(few) / MORE as u64;
    Ok(Memory { contestant: name, idle_bytes, subscribers: FIRST + MORE, slots: SLOTS.0 + SLOTS.1, bytes_per_subscriber })
}

/// Five meetings of ten who listen run; the crowd spreads over them within five seconds.
async fn rush(programs: &Programs, settings: &Settings) -> Result<Rush> {
    const ROOMS: u32 = 5;
    const INSIDE: usize = 10;
    const WITHIN: Duration = Duration::from_secs(5);
    let count = settings.rush;
    let mut rig = Rig::start(Name::Node, programs, settings, count + ROOMS as usize * (INSIDE + 1)).await?;
    for room in 0..ROOMS {
        rig.enter_all(&Situation::Lecture(INSIDE).people(room, Sends::CAMERA)).await?;
    }
    rig.warm(INSIDE, Duration::from_secs(20)).await?;
    let inside: Vec<usize> = (0..rig.clients).collect();
    let dropped = rig.generator.dropped();
    let begun = Instant::now();
    rig.generator.begin()?;
    let mut coming = Vec::with_capacity(count);
    for number in 0..count {
        let due = begun + WITHIN * u32::try_from(number)? / u32::try_from(count)?;
        tokio::time::sleep_until(due.into()).await;
        let person = Person { room: number as u32 % ROOMS, sends: None, hears: 3, sees: 1 };
        coming.push(rig.enter(&person).await?.connected);
    }
    let mut joined = 0;
    for one in coming {
        joined += usize::from(tokio::time::timeout(PATIENCE, one).await.is_ok_and(|it| it.is_ok()));
    }
    let seconds = milliseconds(begun.elapsed()) / 1_000.0;
    let tally = rig.generator.read(Some(inside)).await?;
    let dropped_by_generator = rig.generator.dropped().saturating_sub(dropped);
    rig.stop().await;
    let lost = tally.expected.saturating_sub(tally.came);
    Ok(Rush { joins: count, joined, seconds, lost, packets: tally.packets(), dropped_by_generator })
}
