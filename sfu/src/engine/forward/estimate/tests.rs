//! Lines in virtual time: what an estimate makes of them.

use super::*;
use crate::engine::forward::rtcp;
use bytes::BytesMut;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::VecDeque;

const SIZE: usize = 1_000;

/// A line that serialises at `bps`, queues, then drops, and may lose by itself; media in it as much as the estimate says, or as there is.
struct Line {
    now: Instant,
    start: Instant,
    estimator: Estimator,
    recorder: transport_cc::Recorder,
    free_at: Instant,
    number: u16,
    on_the_way: VecDeque<(Instant, u16)>,
    rng: StdRng,
    /// Share lost behind the queue.
    loss: f64,
    jitter: Duration,
    queue: Duration,
    dropped: u32,
    /// What each packet waited, and how much was sent and carried, since they were looked at.
    waits: Vec<Duration>,
    carried: u64,
    feedback_at: Instant,
}

impl Line {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            start: now,
            estimator: Estimator::new(now, true),
            recorder: transport_cc::Recorder::default(),
            free_at: now,
            number: 0,
            on_the_way: VecDeque::new(),
            rng: StdRng::seed_from_u64(7),
            loss: 0.0,
            jitter: Duration::ZERO,
            queue: Duration::from_millis(300),
            dropped: 0,
            waits: Vec::new(),
            carried: 0,
            feedback_at: now,
        }
    }

    fn send(&mut self, line_bps: f64, probes: bool) {
        self.estimator.sent(self.now, self.number, SIZE, probes);
        let begins = self.free_at.max(self.now);
        let waits = begins - self.now;
        if waits < self.queue {
            self.waits.push(waits);
            self.free_at = begins + Duration::from_secs_f64(SIZE as f64 * 8.0 / line_bps);
            self.carried += SIZE as u64;
            if !self.rng.random_bool(self.loss) {
                let shake = self.jitter.mul_f64(self.rng.random());
                let at = (self.free_at + Duration::from_millis(20) + shake).max(self.on_the_way.back().map_or(self.now, |last| last.0));
                self.on_the_way.push_back((at, self.number));
            }
        } else {
            self.dropped += 1;
        }
        self.number = self.number.wrapping_add(1);
    }

    fn run(&mut self, seconds: f64, line_bps: f64, demand: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        let mut credit = 0.0;
        (self.waits, self.carried) = (Vec::new(), 0);
        while self.now < end {
            self.now += Duration::from_millis(1);
            credit += (self.estimator.bits_per_second() as f64).min(demand) / 1_000.0;
            while credit >= SIZE as f64 * 8.0 {
                credit -= SIZE as f64 * 8.0;
                self.send(line_bps, false);
            }
            self.listen();
        }
    }

    fn listen(&mut self) {
        while self.on_the_way.front().is_some_and(|(at, _)| *at <= self.now) {
            let (at, number) = self.on_the_way.pop_front().unwrap();
            self.recorder.record(number, at - self.start);
        }
        if self.now < self.feedback_at {
            return;
        }
        self.feedback_at = self.now + Duration::from_millis(60);
        let mut out = BytesMut::new();
        while self.recorder.write(&mut out, 1, 2) {}
        for packet in rtcp::packets(&out) {
            let rtcp::Packet::TransportFeedback { body } = packet else { panic!() };
            self.estimator.feedback(self.now, body);
        }
    }

    /// The receiver's process does not run: what arrives meanwhile is stamped when it does again.
    fn stall(&mut self, length: Duration, bps: f64) {
        let end = self.now + length;
        while self.now < end {
            self.now += Duration::from_secs_f64(8_000.0 / bps);
            self.estimator.sent(self.now, self.number, SIZE, false);
            self.on_the_way.push_back((end, self.number));
            self.number = self.number.wrapping_add(1);
        }
    }

    fn rate(&self) -> f64 {
        self.estimator.bits_per_second() as f64
    }

    /// Of all waits the one that 95 of 100 are below.
    fn wait_p95(&self) -> Duration {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits[waits.len() * 95 / 100]
    }

    /// What of the line was used since it was last looked at.
    fn used(&self, seconds: f64, line_bps: f64) -> f64 {
        self.carried as f64 * 8.0 / (seconds * line_bps)
    }
}

#[test]
fn holds_a_line_follows_it_up_and_down() {
    let mut line = Line::new();
    line.run(8.0, 1_000_000.0, f64::MAX);
    assert!((700_000.0..1_200_000.0).contains(&line.rate()), "{}", line.rate());
    line.dropped = 0;
    line.run(10.0, 1_000_000.0, f64::MAX);
    assert!((700_000.0..1_200_000.0).contains(&line.rate()), "{}", line.rate());
    assert!(line.dropped < 20, "{} dropped on a steady line", line.dropped);
    line.run(20.0, 3_000_000.0, f64::MAX);
    assert!((2_000_000.0..3_500_000.0).contains(&line.rate()), "{}", line.rate());
    line.run(2.0, 1_000_000.0, f64::MAX);
    assert!((600_000.0..1_200_000.0).contains(&line.rate()), "{}", line.rate());
}

/// Profile P10: 4 → 1 → 4 Mbit/s, behind a router with a second of queue.
#[test]
fn a_step_down_is_drained_and_a_step_up_is_found() {
    for seed in 0..5 {
        let mut line = Line::new();
        (line.rng, line.queue) = (StdRng::seed_from_u64(seed), Duration::from_secs(2));
        line.jitter = Duration::from_millis(seed);
        line.run(20.0, 4_000_000.0, f64::MAX);
        assert!(line.rate() > 3_400_000.0, "{}", line.rate());
        line.run(2.0, 1_000_000.0, f64::MAX);
        line.run(8.0, 1_000_000.0, f64::MAX);
        println!("seed {seed}: two seconds after the drop, waits p95 {:?}", line.wait_p95());
        assert!(line.wait_p95() <= Duration::from_millis(400), "{:?}", line.wait_p95());
        let mut took = 0.0;
        while line.rate() < 3_600_000.0 {
            line.run(0.25, 4_000_000.0, f64::MAX);
            took += 0.25;
            assert!(took <= 10.0, "only at {} by then", line.rate());
        }
        println!("seed {seed}: nine tenths again after {took} s");
    }
}

#[test]
fn a_steady_line_is_used_and_its_queue_is_short() {
    for (line_bps, jitter_ms) in [(300_000.0, 0), (1_000_000.0, 0), (1_000_000.0, 5), (4_000_000.0, 0), (4_000_000.0, 5), (12_000_000.0, 0)]
    {
        let mut line = Line::new();
        line.jitter = Duration::from_millis(jitter_ms);
        line.run(20.0, line_bps, f64::MAX);
        line.dropped = 0;
        line.run(60.0, line_bps, f64::MAX);
        let (used, wait) = (line.used(60.0, line_bps), line.wait_p95());
        println!("{line_bps} bit/s, jitter {jitter_ms} ms: {:.1} % used, waits p95 {wait:?}, {} dropped", used * 100.0, line.dropped);
        assert!(used >= 0.95, "{line_bps} bit/s, jitter {jitter_ms} ms: {used}");
        assert!(wait <= Duration::from_millis(150), "{wait:?}");
    }
}

#[test]
fn loss_without_congestion_costs_no_rate() {
    for loss in [0.05, 0.15, 0.30] {
        let mut line = Line::new();
        line.loss = loss;
        line.run(20.0, 50_000_000.0, 1_500_000.0);
        println!("{loss} lost: {}", line.rate());
        assert!(line.rate() > 1_500_000.0, "{} where {loss} is lost", line.rate());
        // A bad line may be narrow too.
        line.run(20.0, 1_000_000.0, f64::MAX);
        assert!((600_000.0..1_300_000.0).contains(&line.rate()), "{} where {loss} is lost", line.rate());
        assert!(line.used(20.0, 1_000_000.0) > 0.85, "{}", line.used(20.0, 1_000_000.0));
    }
}

#[test]
fn a_wide_line_is_not_held_back_and_little_media_proves_little() {
    let mut line = Line::new();
    line.run(8.0, 50_000_000.0, 6_000_000.0);
    assert!(line.rate() > 5_500_000.0, "{}", line.rate());
    assert_eq!(line.dropped, 0);
    let mut idle = Line::new();
    idle.run(8.0, 50_000_000.0, 200_000.0);
    assert!((1_900_000.0..2_100_000.0).contains(&idle.rate()), "{}", idle.rate());
}

/// Little media, and a burst of twice the estimate: where the line carries it, it is believed; where not, what it carried is, or the line was
/// thought too wide and is found out.
#[test]
fn a_burst_tells_what_media_does_not() {
    for (line_bps, expected) in
        [(50_000_000.0, 3_600_000.0..4_400_000.0), (3_000_000.0, 2_500_000.0..3_100_000.0), (1_500_000.0, 1_300_000.0..2_100_000.0)]
    {
        let mut line = Line::new();
        line.run(3.0, line_bps, 600_000.0);
        for _ in 0..50 {
            line.now += Duration::from_millis(2);
            line.send(line_bps, true);
            line.listen();
        }
        line.run(0.4, line_bps, 600_000.0);
        assert!(expected.contains(&line.rate()), "{} found on a line of {line_bps}", line.rate());
    }
}

/// The way becomes longer by a detour: no queue, and after a moment none is drained.
#[test]
fn a_longer_way_is_no_queue_for_long() {
    let mut line = Line::new();
    line.run(10.0, 2_000_000.0, f64::MAX);
    for at in line.on_the_way.iter_mut() {
        at.0 += Duration::from_millis(80);
    }
    line.free_at += Duration::from_millis(80);
    line.run(10.0, 2_000_000.0, f64::MAX);
    assert!(line.rate() > 1_600_000.0, "{}", line.rate());
}

#[test]
fn a_receiver_that_stalls_is_no_narrow_line() {
    let mut line = Line::new();
    line.run(4.0, 50_000_000.0, 600_000.0);
    let before = line.rate();
    for _ in 0..5 {
        line.stall(Duration::from_millis(400), 600_000.0);
        line.run(2.0, 50_000_000.0, 600_000.0);
    }
    assert!(line.rate() > 0.9 * before, "{} after {before}", line.rate());
    // Shorter ones may be taken for a queue, but cost neither sound nor picture.
    for _ in 0..20 {
        line.stall(Duration::from_millis(120), 600_000.0);
        line.run(0.5, 50_000_000.0, 600_000.0);
    }
    assert!(line.rate() >= 400_000.0, "{}", line.rate());
}

#[test]
fn loss_alone_lowers_a_blind_line_and_calm_raises_it() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start, false);
    let first = estimator.bits_per_second();
    estimator.loss(start + Duration::from_secs(1), 0.3);
    let low = estimator.bits_per_second();
    assert!(low < first * 9 / 10);
    for second in 2..30 {
        estimator.loss(start + Duration::from_secs(second), 0.0);
    }
    assert!(estimator.bits_per_second() > low * 3 / 2);
}

/// A rate that was lowered a moment ago is not lowered again at once, and what is not done is not judged: without that the same loss a second
/// later was taken for the line's own, and the old rate came back.
#[test]
fn a_rate_that_was_not_lowered_is_not_judged_as_if_it_was() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start, true);
    estimator.rate = 1_000_000.0;
    let mut now = start + Duration::from_secs(1);
    for round in 0..2 {
        (0..100).for_each(|number| estimator.judge.count(number % 5 == 0));
        estimator.decreased = Some(now - Duration::from_millis(100)).filter(|_| round == 0).or(estimator.decreased);
        estimator.leaving.add(now, 125_000);
        estimator.control(now);
        now += Duration::from_secs(1);
    }
    assert!(estimator.judge.inherent() < 0.01, "{}", estimator.judge.inherent());
    assert!(estimator.rate < 1_000_000.0, "the second time it is lowered: {}", estimator.rate);
}

/// Nothing but a burst on the line: what it found is known though no packet follows it, at the latest when the next one begins.
#[test]
fn a_burst_alone_is_told_of() {
    let mut line = Line::new();
    assert!(line.estimator.answers(line.now), "nothing was sent that could be told of");
    for round in 0..2 {
        line.estimator.begin_burst();
        for _ in 0..60 {
            line.now += Duration::from_millis(2);
            line.send(50_000_000.0, true);
            line.listen();
        }
        line.run(1.0, 50_000_000.0, 0.0);
        assert_eq!(line.rate() > 3_600_000.0, round == 1, "{}", line.rate());
        line.estimator.begin_burst();
        assert!((3_600_000.0..6_000_000.0).contains(&line.rate()), "{}", line.rate());
    }
}
