//! Two kinds of plots.

use std::fmt::{Result, Write};

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 50.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 30.0;
/// Told apart with every kind of sight, on light and dark.
const COLOURS: [(&str, &str); 3] = [("floor", "#8c959f"), ("node", "#1f6feb"), ("janus", "#d4761a")];

fn colour(name: &str) -> &'static str {
    COLOURS.iter().find(|it| it.0 == name).map_or("#8c959f", |it| it.1)
}

fn legend<'a>(out: &mut String, names: impl Iterator<Item = &'a str>) -> Result {
    let mut seen: Vec<&str> = Vec::new();
    names.for_each(|name| {
        if !seen.contains(&name) {
            seen.push(name);
        }
    });
    for (place, name) in seen.iter().enumerate() {
        let x = LEFT + 90.0 * place as f64;
        write!(
            out,
            "<rect x=\"{x}\" y=\"4\" width=\"12\" height=\"12\" fill=\"{}\"/><text x=\"{}\" y=\"14\">{name}</text>",
            colour(name),
            x + 18.0
        )?;
    }
    Ok(())
}

/// Lines at round values, with their text.
fn grid(out: &mut String, most: f64, unit: &str) -> Result {
    for step in 0..=4 {
        let value = most * f64::from(step) / 4.0;
        let y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * f64::from(step) / 4.0;
        write!(out, "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#8c959f\" stroke-opacity=\".35\"/>")?;
        let text = if most >= 8.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        write!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>", LEFT - 6.0, y + 4.0)?;
    }
    write!(out, "<text x=\"{WIDTH}\" y=\"14\" text-anchor=\"end\">{unit}</text>")
}

/// The next round value.
fn above(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1e-6).log10().floor());
    [1.0, 2.0, 4.0, 8.0, 10.0].into_iter().map(|it| it * power).find(|it| *it >= value).unwrap_or(value)
}

pub struct Group {
    pub name: String,
    pub bars: Vec<(&'static str, f64)>,
}

/// Bars side by side.
pub struct Bars {
    pub unit: &'static str,
    pub groups: Vec<Group>,
}

impl Bars {
    pub fn draw(&self, out: &mut String) -> Result {
        let most = above(self.groups.iter().flat_map(|it| &it.bars).map(|it| it.1).fold(0.0, f64::max));
        write!(out, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">")?;
        grid(out, most, self.unit)?;
        legend(out, self.groups.iter().flat_map(|it| &it.bars).map(|it| it.0))?;
        let wide = (WIDTH - LEFT) / self.groups.len().max(1) as f64;
        for (place, group) in self.groups.iter().enumerate() {
            let left = LEFT + wide * place as f64;
            let bar = (wide * 0.8 / group.bars.len().max(1) as f64).min(70.0);
            for (at, (name, value)) in group.bars.iter().enumerate() {
                let (x, high) = (left + wide * 0.1 + bar * at as f64, (HEIGHT - BOTTOM - TOP) * value / most);
                let y = HEIGHT - BOTTOM - high;
                write!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{high:.1}\" fill=\"{}\"/>", bar - 3.0, colour(name))?;
                write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.1}</text>", x + bar / 2.0, y - 4.0)?;
            }
            write!(out, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", left + wide / 2.0, HEIGHT - 16.0, group.name)?;
        }
        out.push_str("</svg>");
        Ok(())
    }
}

pub struct Series {
    pub name: &'static str,
    pub points: Vec<(f64, f64)>,
}

/// Lines over one axis.
pub struct Line {
    pub x: &'static str,
    pub y: &'static str,
    /// What lies higher is drawn at the edge.
    pub y_max: f64,
    pub series: Vec<Series>,
}

impl Line {
    pub fn draw(&self, out: &mut String) -> Result {
        let most_x = above(self.series.iter().flat_map(|it| &it.points).map(|it| it.0).fold(0.0, f64::max));
        write!(out, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">")?;
        grid(out, self.y_max, self.y)?;
        legend(out, self.series.iter().map(|it| it.name))?;
        for step in 0..=4 {
            let (x, value) = (LEFT + (WIDTH - LEFT - 30.0) * f64::from(step) / 4.0, most_x * f64::from(step) / 4.0);
            write!(out, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{value:.0}</text>", HEIGHT - 20.0)?;
        }
        write!(out, "<text x=\"{WIDTH}\" y=\"{}\" text-anchor=\"end\">{}</text>", HEIGHT - 4.0, self.x)?;
        for series in &self.series {
            let place = |&(x, y): &(f64, f64)| {
                let high = (HEIGHT - BOTTOM - TOP) * (y / self.y_max).clamp(0.0, 1.0);
                (LEFT + (WIDTH - LEFT - 30.0) * x / most_x, HEIGHT - BOTTOM - high)
            };
            let path: Vec<String> = series.points.iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let colour = colour(series.name);
            write!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>", path.join(" "))?;
            for (x, y) in series.points.iter().map(place) {
                write!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>")?;
            }
        }
        out.push_str("</svg>");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_values() {
        for (value, expected) in [(0.9, 1.0), (3.1, 4.0), (45_000.0, 80_000.0), (8.5, 10.0), (1.0, 1.0)] {
            assert!((above(value) - expected).abs() < expected * 1e-9, "{value}");
        }
    }
}
