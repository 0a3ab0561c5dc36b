use std::process::ExitCode;

use serde::Serialize;

use super::{for_each_page, topics};
use crate::cli::candidates::{BOLD, DIM};
use crate::cli::completions;
use crate::cli::output::Rows;
use crate::cli::show::{Listing, count};
use crate::domain::line::Topic;
use crate::domain::subscriber::How;
use crate::printable::printable;

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    listing: Listing,
    /// Only this topic, by its name or keyword
    #[arg(long, value_name = "TOPIC", add = completions::topics())]
    topic: Option<String>,
}

#[derive(Serialize)]
struct What<'s> {
    topic: &'s str,
    /// How they agreed, in a form for programs.
    how: &'s How,
}

impl List {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { listing, topic } = self;
        let (store, lines) = listing.lines.open().await?;
        let mut rows = Rows::of(listing.json);
        for line in &lines {
            rows.say(format_args!("{BOLD}{}{BOLD:#}", printable(&line.name)))?;
            if line.notices.topics.is_empty() && topic.is_none() {
                let none = "it has no topics; add a [[line.topic]] to its configuration";
                rows.say(format_args!("  {none}"))?;
                continue;
            }
            for topic in topics(line, topic.as_deref())? {
                let Topic { name, keyword, .. } = topic;
                rows.say(format_args!("  {name} {DIM}({keyword}){DIM:#}"))?;
                let found = for_each_page(store.as_ref(), line, topic, |page| {
                    page.iter().try_for_each(|subscriber| {
                        let consent = &subscriber.consent;
                        let (topic, how) = (&subscriber.topic, &consent.how);
                        let what = What { topic, how };
                        let entry = listing.entry(line, &subscriber.number, consent.at, how, what);
                        rows.row(&entry, |entry| entry.print(line))
                    })
                });
                match found.await? {
                    0 => rows.say(format_args!("    nobody subscribed to it"))?,
                    found => rows.say(format_args!("    {}", count(found, "subscriber")))?,
                }
            }
        }
        rows.end()
    }
}
