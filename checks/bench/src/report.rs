//! Figures and goals, for people and for programs. Pure.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// What a benchmark found.
#[derive(Debug)]
pub(crate) struct Report {
    bench: &'static str,
    figures: Vec<Figure>,
}

#[derive(Debug)]
struct Figure {
    name: String,
    value: f64,
    /// At most this, where there is a goal.
    goal: Option<f64>,
}

impl Figure {
    fn is_met(&self) -> bool {
        self.goal.is_none_or(|goal| self.value <= goal)
    }
}

impl Report {
    /// Nothing measured yet.
    pub(crate) fn new(bench: &'static str) -> Self {
        Self { bench, figures: Vec::new() }
    }

    /// A figure; its name ends in its unit.
    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64) {
        self.figures.push(Figure { name: name.into(), value, goal: None });
    }

    /// A figure that should not be above its goal.
    pub(crate) fn at_most(&mut self, name: impl Into<String>, value: f64, goal: f64) {
        self.figures.push(Figure { name: name.into(), value, goal: Some(goal) });
    }

    /// One line per figure.
    pub(crate) fn table(&self) -> String {
        let width = self.figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
        let mut table = String::new();
        for figure in &self.figures {
            let goal = match figure.goal {
                Some(goal) => format!("goal {goal:>10.2}  {}", if figure.is_met() { "met" } else { "MISSED" }),
                None => String::new(),
            };
            let line = format!("{:width$}  {:>10.2}  {goal}", figure.name, figure.value);
            let _ = writeln!(table, "{}", line.trim_end());
        }
        table
    }

    /// The same as one JSON object.
    pub(crate) fn json(&self) -> Value {
        let figures: Map<String, Value> =
            self.figures.iter().map(|figure| (figure.name.clone(), json!(rounded(figure.value)))).collect();
        let with_goal = self.figures.iter().filter_map(|figure| figure.goal.map(|goal| (figure, goal)));
        let goals: Vec<Value> = with_goal
            .map(|(figure, goal)| {
                let value = rounded(figure.value);
                json!({ "name": figure.name, "figure": value, "goal": goal, "met": figure.is_met() })
            })
            .collect();
        json!({ "bench": self.bench, "figures": figures, "goals": goals })
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Measured times, sorted.
#[derive(Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Sorts them.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The milliseconds that this share of them kept, as `0.95`.
    pub(crate) fn ms(&self, share: f64) -> f64 {
        let at = (self.0.len() as f64 * share).ceil() as usize;
        let time = self.0.get(at.saturating_sub(1).min(self.0.len().saturating_sub(1)));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times = Times::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!([times.ms(0.5), times.ms(0.95), times.ms(0.99), times.ms(1.0)], [50.0, 95.0, 99.0, 100.0]);
        assert_eq!(Times::of(vec![Duration::from_millis(7)]).ms(0.5), 7.0);
        assert!(Times::of(Vec::new()).ms(0.5).is_nan());
    }

    #[test]
    fn a_goal_is_missed_by_what_is_above_it() {
        let mut report = Report::new("tea");
        report.figure("cups", 2.0);
        report.at_most("steep_p95_ms", 200.4999, 200.0);
        assert_eq!(
            report.json(),
            json!({ "bench": "tea", "figures": { "cups": 2.0, "steep_p95_ms": 200.5 },
                    "goals": [{ "name": "steep_p95_ms", "figure": 200.5, "goal": 200.0, "met": false }] })
        );
        assert!(report.table().contains("MISSED"));
    }
}
