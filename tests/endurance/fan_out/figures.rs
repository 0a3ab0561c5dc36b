//! What a fan-out took.

use std::time::{Duration, Instant};

use super::machine::What;
use crate::endurance::load::processes::Process;
use crate::endurance::load::report::Table;

pub struct Figures {
    pub pages: u32,
    pub pages_cut_off: u32,
    pub pages_lost: u32,
    pub texts_cut_off: u32,
    /// From its first tenth on after each, in MiB.
    pub memory: Vec<u64>,
    took: Duration,
    cpu: Duration,
    most_memory: u64,
    began: Instant,
}

impl Figures {
    pub fn begin() -> Self {
        Self {
            pages: 0,
            pages_cut_off: 0,
            pages_lost: 0,
            texts_cut_off: 0,
            memory: Vec::new(),
            took: Duration::ZERO,
            cpu: Process::cpu_of(std::process::id()),
            most_memory: 0,
            began: Instant::now(),
        }
    }

    pub fn count(&mut self, what: What) {
        match what {
            What::Page => self.pages += 1,
            What::PageCutOff => self.pages_cut_off += 1,
            What::LostPage => self.pages_lost += 1,
            What::TextCutOff => self.texts_cut_off += 1,
            What::Text => {}
        }
    }

    /// Once for each tenth of the recipients.
    pub fn measure(&mut self, tenths: usize) {
        while self.memory.len() < tenths {
            self.memory.push(memory("VmRSS:"));
        }
    }

    pub fn end(&mut self) {
        self.measure(10);
        self.took = self.began.elapsed();
        self.cpu = Process::cpu_of(std::process::id()) - self.cpu;
        self.most_memory = memory("VmHWM:");
    }

    pub fn print(&self, subscribers: usize, opted_out: usize) {
        let mut table = Table::new(&format!(
            "a notice to {subscribers}, with pages and texts that break off"
        ));
        table.row(
            "pages / cut off / lost",
            format!(
                "{} / {} / {}",
                self.pages, self.pages_cut_off, self.pages_lost
            ),
        );
        table.row("texts cut off", self.texts_cut_off);
        table.row("opted out meanwhile", opted_out);
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        table.row("duration", seconds(self.took));
        table.row("processor time", seconds(self.cpu));
        let a_second = subscribers as f64 / self.took.as_secs_f64();
        table.row("texts a second", format!("{a_second:.0}"));
        let memory: Vec<_> = self.memory.iter().map(u64::to_string).collect();
        table.row("memory by tenths, MiB", memory.join(" "));
        table.row("most memory, MiB", self.most_memory);
        table.print();
    }
}

/// Of this process, in MiB.
///
/// Source: proc_pid_status(5).
fn memory(entry: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(entry));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
