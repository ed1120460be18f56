//! A run beside a stored one: the ratios of both, because figures of two machines, or of one on two days, do not compare.

use super::{contestants::Name, figures::Figures};
use anyhow::{Context, Result};
use std::path::Path;

/// Windows of one situation differ by this much on a quiet machine.
const NOISE: f64 = 0.15;

/// One ratio, then and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub what: String,
    pub before: f64,
    pub now: f64,
}

impl Change {
    /// More than noise, for the worse: all ratios are of costs.
    pub fn is_worse(&self) -> bool {
        self.now > self.before * (1.0 + NOISE)
    }

    pub fn line(&self) -> String {
        let share = (self.now / self.before.max(1e-9) - 1.0) * 100.0;
        let word = if self.is_worse() { "  worse than noise explains" } else { "" };
        format!("{}: {:.2} ×, stored {:.2} × ({share:+.0} %){word}", self.what, self.now, self.before)
    }
}

pub fn read(file: &Path) -> Result<Figures> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the stored figures at {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("the stored figures at {}", file.display()))
}

pub fn changes(before: &Figures, now: &Figures) -> Vec<Change> {
    let mut found = Vec::new();
    for cost in now.costs.iter().filter(|it| it.contestant == Name::Node) {
        for over in [Name::Floor, Name::Janus] {
            let ratio = |figures: &Figures| figures.ratio(&cost.situation, Name::Node, over);
            if let (Some(before), Some(now)) = (ratio(before), ratio(now)) {
                found.push(Change { what: format!("{} node over {}", cost.situation, over.text()), before, now });
            }
        }
    }
    let joins = |figures: &Figures| {
        let (node, janus) = (figures.joins_of(Name::Node)?.ms_p50, figures.joins_of(Name::Janus)?.ms_p50);
        (janus > 0.0).then(|| node / janus)
    };
    if let (Some(before), Some(now)) = (joins(before), joins(now)) {
        found.push(Change { what: "join p50, node over janus".to_owned(), before, now });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{Cost, Window};

    fn figures(node: f64, floor: f64) -> Figures {
        let cost = |contestant, cpu_us_per_packet| Cost {
            situation: "1→100".to_owned(),
            contestant,
            windows: vec![Window { cpu_us_per_packet, ..Window::default() }],
        };
        Figures { costs: vec![cost(Name::Node, node), cost(Name::Floor, floor)], ..Figures::default() }
    }

    #[test]
    fn ratios_are_compared_and_figures_are_not() {
        let changes = changes(&figures(8.0, 5.0), &figures(16.0, 10.0));
        assert_eq!(changes, [Change { what: "1→100 node over floor".into(), before: 1.6, now: 1.6 }]);
        assert!(!changes[0].is_worse());
        assert!(super::changes(&figures(8.0, 5.0), &figures(10.0, 5.0))[0].is_worse());
        assert!(super::changes(&Figures::default(), &figures(1.0, 1.0)).is_empty());
    }
}
