//! The result as one page: tables and plots drawn as SVG, nothing fetched and no script.

mod plot;

use super::{
    bars::{Bar, Verdict},
    compare::Change,
    contestants::Name,
    figures::{Cost, Figures},
};
use plot::{Bars, Group, Line, Series};
use std::fmt::Write;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}\
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8dce1}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
.met{color:#116329}.missed{color:#a40e26;font-weight:600}.not{color:#57606a}svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#1b1f24}\
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}.met{color:#3fb950}.missed{color:#ff7b72}.not{color:#9198a1}svg text{fill:#e6edf3}}";

/// The whole page.
pub fn page(figures: &Figures, bars: &[Bar], changes: &[Change]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, figures, bars, changes);
    out
}

fn write(out: &mut String, figures: &Figures, bars: &[Bar], changes: &[Change]) -> std::fmt::Result {
    let machine = &figures.machine;
    write!(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>What forwarding costs</title><style>{STYLE}</style><h1>What forwarding costs</h1>"
    )?;
    write!(
        out,
        "<p>{}, {} cores, {}. Load of the machine {:.1} before and {:.1} after (one core is the generator's). {} windows of {:.0} s for each figure, contestants in turn, medians. Compare ratios, not figures between machines.</p>",
        escape(&machine.processor),
        machine.cores,
        if machine.pinned { "contestant and generator on a core each" } else { "nobody bound to a core" },
        machine.load_before,
        machine.load_after,
        figures.rounds,
        figures.window_s
    )?;
    out.push_str("<h2>Bars</h2><table><tr><th>Bar<th class=n>Bound<th class=n>Measured<th>Verdict</tr>");
    for bar in bars {
        let class = match bar.verdict {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::NotMeasured => "not",
        };
        let (sign, measured) = (if bar.is_least { "≥" } else { "≤" }, bar.measured.map_or("–".to_owned(), |it| format!("{it:.2}")));
        write!(
            out,
            "<tr><td>{}<td class=n>{sign} {} {}<td class=n>{measured}<td class={class}>{}</tr>",
            escape(bar.name),
            bar.limit,
            bar.unit,
            bar.verdict.text()
        )?;
    }
    out.push_str("</table>");
    if !changes.is_empty() {
        out.push_str("<h2>Beside the stored run</h2><table><tr><th>Ratio<th class=n>Stored<th class=n>Now</tr>");
        for it in changes {
            let class = if it.is_worse() { " missed" } else { "" };
            write!(out, "<tr><td>{}<td class=n>{:.2}<td class=\"n{class}\">{:.2}</tr>", escape(&it.what), it.before, it.now)?;
        }
        out.push_str("</table>");
    }
    costs(out, figures)?;
    capacities(out, figures)?;
    others(out, figures)?;
    if !figures.not_measured.is_empty() {
        out.push_str("<h2>Not measured</h2><ul>");
        for it in &figures.not_measured {
            write!(out, "<li>{}", escape(it))?;
        }
        out.push_str("</ul>");
    }
    out.push_str("</html>\n");
    Ok(())
}

fn costs(out: &mut String, figures: &Figures) -> std::fmt::Result {
    if figures.costs.is_empty() {
        return Ok(());
    }
    let grouped = |of: fn(&Cost) -> f64| {
        let mut groups: Vec<Group> = Vec::new();
        for cost in &figures.costs {
            if groups.last().is_none_or(|it| it.name != cost.situation) {
                groups.push(Group { name: cost.situation.clone(), bars: Vec::new() });
            }
            if let Some(group) = groups.last_mut() {
                group.bars.push((cost.contestant.text(), of(cost)));
            }
        }
        groups
    };
    out.push_str("<h2>CPU for each forwarded packet</h2>");
    Bars { unit: "µs", groups: grouped(Cost::cpu_us_per_packet) }.draw(out)?;
    out.push_str("<h2>Latency, 99 of 100 packets</h2>");
    Bars { unit: "ms", groups: grouped(Cost::latency_ms_p99) }.draw(out)?;
    out.push_str("<table><tr><th>Situation<th>Contestant<th class=n>packets/s<th class=n>µs, least to most<th class=n>loss, %<th class=n>p50, p99 ms</tr>");
    for it in &figures.costs {
        let (least, most) = it.cpu_us_range();
        write!(
            out,
            "<tr><td>{}<td>{}<td class=n>{:.0}<td class=n>{:.2} ({least:.2}–{most:.2})<td class=n>{:.3}<td class=n>{:.2}, {:.2}</tr>",
            escape(&it.situation),
            it.contestant.text(),
            it.packets_per_second(),
            it.cpu_us_per_packet(),
            it.loss() * 100.0,
            it.latency_ms_p50(),
            it.latency_ms_p99()
        )?;
    }
    out.push_str("</table>");
    Ok(())
}

fn capacities(out: &mut String, figures: &Figures) -> std::fmt::Result {
    if figures.capacities.is_empty() {
        return Ok(());
    }
    let line = |of: fn(&super::figures::Step) -> (f64, f64)| {
        figures
            .capacities
            .iter()
            .map(|it| Series { name: it.contestant.text(), points: it.steps.iter().map(of).collect() })
            .collect::<Vec<_>>()
    };
    out.push_str(
        "<h2>More and more subscribers</h2><p>Latency of 99 of 100 packets; the last point of each is the first that did not hold.</p>",
    );
    Line { x: "packets/s", y: "ms", y_max: 20.0, series: line(|it| (it.window.packets_per_second, it.window.latency_ms_p99)) }.draw(out)?;
    out.push_str("<p>Share of the core.</p>");
    Line { x: "packets/s", y: "of a core", y_max: 1.0, series: line(|it| (it.window.packets_per_second, it.window.cpu_share)) }
        .draw(out)?;
    out.push_str("<table><tr><th>Contestant<th class=n>most packets/s<th class=n>share of the core<th class=n>p99 ms</tr>");
    for it in &figures.capacities {
        let Some(best) = it.best() else { continue };
        let more = if it.is_open() { " or more" } else { "" };
        let (rate, window) = (best.window.packets_per_second, &best.window);
        write!(
            out,
            "<tr><td>{}<td class=n>{rate:.0}{more}<td class=n>{:.2}<td class=n>{:.2}</tr>",
            it.contestant.text(),
            window.cpu_share,
            window.latency_ms_p99
        )?;
    }
    out.push_str("</table>");
    Ok(())
}

fn others(out: &mut String, figures: &Figures) -> std::fmt::Result {
    if !figures.joins.is_empty() {
        out.push_str(
            "<h2>Joins, one after another</h2><table><tr><th>Contestant<th class=n>p50 ms<th class=n>p99 ms<th class=n>longest ms</tr>",
        );
        for it in &figures.joins {
            write!(
                out,
                "<tr><td>{}<td class=n>{:.1}<td class=n>{:.1}<td class=n>{:.1}</tr>",
                it.contestant.text(),
                it.ms_p50,
                it.ms_p99,
                it.ms_max
            )?;
        }
        out.push_str("</table>");
    }
    if !figures.memory.is_empty() {
        out.push_str("<h2>Memory</h2><table><tr><th>Contestant<th class=n>idle, MiB<th class=n>a subscriber, KiB</tr>");
        for it in &figures.memory {
            let (idle, each) = (it.idle_bytes as f64 / f64::from(1 << 20), it.bytes_per_subscriber as f64 / 1_024.0);
            let slots = if it.contestant == Name::Node { format!(" ({} slots)", it.slots) } else { String::new() };
            write!(out, "<tr><td>{}<td class=n>{idle:.1}<td class=n>{each:.0}{slots}</tr>", it.contestant.text())?;
        }
        out.push_str("</table>");
    }
    if let Some(it) = &figures.rush {
        write!(
            out,
            "<h2>A crowd at the door</h2><p>{} of {} joined within {:.1} s; those who were inside lost {} of {} packets.</p>",
            it.joined, it.joins, it.seconds, it.lost, it.packets
        )?;
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{
        bars::bars,
        figures::{Capacity, Step, Window},
    };

    #[test]
    fn a_page_stands_alone() {
        let window = Window { packets_per_second: 15_000.0, cpu_us_per_packet: 7.5, ..Window::default() };
        let figures = Figures {
            costs: vec![Cost { situation: "1→50".into(), contestant: Name::Node, windows: vec![window] }],
            capacities: vec![Capacity { contestant: Name::Node, steps: vec![Step { subscribers: 50, held: true, window }] }],
            not_measured: vec!["<Janus>".into()],
            ..Figures::default()
        };
        let page = page(&figures, &bars(&figures), &[]);
        assert!(page.contains("<svg") && page.contains("7.50") && page.contains("&lt;Janus&gt;"));
        for foreign in ["<script", "http:", "https:", "NaN", "inf"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        super::page(&Figures::default(), &[], &[]);
    }
}
