//! What became of texts, from the phones' point of view.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use relay::domain::delivery::{Delivery, State};
use rusqlite::{Connection, OpenFlags};

use super::town::Town;
use super::twilio::{Arrivals, Twilio};

/// How long it may take until everything is settled. An attempt whose worker died is asked about
/// after its lease; a message that failed while the relay was down, after minutes without a callback.
const SETTLED_WITHIN: Duration = Duration::from_secs(8 * 60);

const PAUSE: Duration = Duration::from_secs(1);

/// How acknowledged texts ended, and what must not be.
#[derive(Debug, Default)]
pub struct Endings {
    /// With the person on duty.
    pub on_duty: usize,
    /// With the backup, for the person on duty could not be reached.
    pub handed_over: usize,
    /// With both, for nobody knew in time that the person on duty had it.
    pub both: usize,
    /// Nobody has them, and they are on record as such.
    pub dead_letters: usize,
    pub lost: BTreeSet<u32>,
    pub doubled: BTreeSet<u32>,
    pub misdirected: BTreeSet<u32>,
    /// Not acknowledged, but it arrived all the same.
    pub unacknowledged: usize,
}

impl Endings {
    pub fn of(
        town: &Town,
        acknowledged: &BTreeSet<u32>,
        arrivals: &Arrivals,
        dead: &BTreeSet<u32>,
    ) -> Self {
        let mut endings = Self::default();
        for (text, phones) in arrivals {
            let [sergio, backup] = town.recipients(*text);
            let on = |phone: &String| phones.iter().filter(|p| *p == phone).count();
            let (on_duty, handed_over) = (on(&sergio), on(&backup));
            if on_duty > 1 || handed_over > 1 {
                endings.doubled.insert(*text);
            }
            if on_duty + handed_over < phones.len() {
                endings.misdirected.insert(*text);
            }
            if !acknowledged.contains(text) {
                endings.unacknowledged += 1;
                continue;
            }
            match (on_duty, handed_over) {
                (_, 0) => endings.on_duty += 1,
                (0, _) => endings.handed_over += 1,
                _ => endings.both += 1,
            }
        }
        let nowhere = acknowledged
            .iter()
            .filter(|text| !arrivals.contains_key(text));
        let (dead, lost): (BTreeSet<u32>, _) = nowhere.partition(|text| dead.contains(text));
        endings.dead_letters = dead.len();
        endings.lost = lost;
        endings
    }

    /// Nothing was lost, doubled or sent to somebody else.
    pub fn are_good(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.misdirected.is_empty()
    }
}

/// Waits until every delivery of the database has arrived or is over. Returns what is on the phones then, and which texts gave up.
pub async fn settle(
    database: &Path,
    town: &Town,
    twilio: &Twilio,
    texts: u32,
) -> (Arrivals, BTreeSet<u32>) {
    let end = Instant::now() + SETTLED_WITHIN;
    let ids: BTreeMap<String, u32> = (0..texts)
        .map(|number| (format!("in-{}", town.text(number).sid), number))
        .collect();
    let mut before = Arrivals::new();
    loop {
        let unsettled = unsettled(database);
        let arrivals = twilio.arrivals(town).await;
        let mut open = 0;
        for delivery in unsettled {
            let is_there = match ids.get(delivery.id.as_str()) {
                Some(text) => arrivals.contains_key(text),
                None => twilio.shows(&delivery).await,
            };
            let is_with_twilio = matches!(delivery.state, State::Accepted { .. });
            open += u32::from(!(is_with_twilio && is_there));
        }
        if open == 0 && arrivals == before {
            let dead = given_up(database);
            let dead = dead.iter().filter_map(|id| ids.get(id)).copied().collect();
            return (arrivals, dead);
        }
        let so_far = arrivals.len();
        assert!(
            Instant::now() < end,
            "after {SETTLED_WITHIN:?} {open} deliveries are still open, and {so_far} texts arrived"
        );
        before = arrivals;
        tokio::time::sleep(PAUSE).await;
    }
}

/// The deliveries that somebody has to look at again. What comes only when nobody answers, minutes or an
/// hour later, is left out.
fn unsettled(database: &Path) -> Vec<Delivery> {
    let due = "SELECT delivery FROM deliveries WHERE due IS NOT NULL";
    let deliveries = column(database, due).into_iter();
    let deliveries = deliveries.map(|json| serde_json::from_str::<Delivery>(&json).unwrap());
    let unsettled = deliveries.filter(|delivery| {
        let part = delivery.in_conversation.as_ref();
        let waits_for_an_answer = ["again-", "unsent-"]
            .iter()
            .any(|step| delivery.id.as_str().starts_with(step));
        !waits_for_an_answer && part.is_none_or(|part| part.chase.is_none())
    });
    unsettled.collect()
}

pub fn given_up(database: &Path) -> Vec<String> {
    column(database, "SELECT id FROM given_up")
}

pub fn column(database: &Path, query: &str) -> Vec<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(database, flags).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    let mut query = database.prepare(query).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}
