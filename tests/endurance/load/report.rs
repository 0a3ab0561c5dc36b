//! Figures, for people.

use std::fmt::Display;
use std::time::Duration;

use super::phones::Endings;
use super::processes::Place;

pub struct Table(Vec<(String, String)>);

pub struct Percentiles {
    pub p50: Duration,
    pub p90: Duration,
    pub p99: Duration,
    pub p999: Duration,
    pub max: Duration,
}

impl Table {
    pub fn new(title: &str) -> Self {
        println!("\n{title}");
        Self(Vec::new())
    }

    pub fn row(&mut self, what: &str, figure: impl Display) {
        self.0.push((what.to_owned(), figure.to_string()));
    }

    pub fn percentiles(&mut self, percentiles: &Percentiles) {
        let Percentiles {
            p50,
            p90,
            p99,
            p999,
            max,
        } = percentiles;
        let all = [p50, p90, p99, p999, max].map(|time| format!("{:.1}", time.as_secs_f64() * 1e3));
        let figure = format!("{} ms", all.join(" / "));
        self.row("p50 / p90 / p99 / p99.9 / max", figure);
    }

    pub fn endings(&mut self, endings: &Endings) {
        let Endings {
            on_duty,
            handed_over,
            both,
            dead_letters,
            lost,
            doubled,
            misdirected,
            ..
        } = endings;
        let ended = format!("{on_duty} / {handed_over} / {both}");
        self.row("with person on duty / backup / both", ended);
        self.row("dead letters", dead_letters);
        let wrong = format!("{} / {} / {}", lost.len(), doubled.len(), misdirected.len());
        self.row("lost / doubled / misdirected", wrong);
    }

    pub fn files(&mut self, place: &Place) {
        let size = |name| place.bytes(name) as f64 / 1024.0 / 1024.0;
        let sizes = format!(
            "{:.1} / {:.1} / {:.1} MiB",
            size("relay.db"),
            size("relay.db-wal"),
            size("audit.jsonl")
        );
        self.row("database / WAL / audit", sizes);
    }

    pub fn print(self) {
        for (what, figure) in self.0 {
            println!("  {what:<36} {figure}");
        }
    }
}

impl Percentiles {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let last = times.len().checked_sub(1).expect("nothing was measured");
        let at = |share: f64| times[(last as f64 * share).round() as usize];
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}
