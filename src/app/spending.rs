//! Segments that nobody wrote are taken of the day's budget before they go out: the line's, and that of
//! a caller who has one.

use jiff::Timestamp;

use crate::app::relay::Relay;
use crate::domain::delivery::source::Source;
use crate::domain::delivery::{Purpose, wording};
use crate::domain::ids::DeliveryId;
use crate::domain::line::Line;
use crate::domain::pace::{Budget, Spent};
use crate::domain::request::{Because, Refused};

/// How many of the texts, which have so many segments each, the line may still send today; they are
/// paid for. For the others, when the next day begins.
pub async fn take(
    relay: &Relay,
    line: &Line,
    segments: &[u32],
    now: Timestamp,
) -> anyhow::Result<(usize, Timestamp)> {
    let most = line.policy.most_segments_a_day;
    let budget = Budget::line(&line.number, most, &line.time_zone, now);
    let mut texts = segments.len();
    while texts > 0 {
        let asked = segments[..texts]
            .iter()
            .fold(0, |sum: u32, n| sum.saturating_add(*n));
        let spent = relay.store.spend(&budget, asked).await?;
        if budget.is_to_be_told(asked, spent) {
            tell_owner(relay, line, &budget, now).await?;
        }
        let Spent::Not { used } = spent else {
            break;
        };
        let mut left = budget.most.saturating_sub(used);
        let fit = segments[..texts].iter().take_while(|segments| {
            let fits = **segments <= left;
            left = left.saturating_sub(**segments);
            fits
        });
        texts = fit.count().min(texts - 1);
    }
    if texts < segments.len() {
        tracing::warn!(
            line = line.name, texts = segments.len() - texts, until = %budget.until,
            "texts that nobody wrote wait or are left out: the line has sent its most_segments_a_day"
        );
    }
    Ok((texts, budget.until))
}

/// The same of a single text: when it may go, if not today.
pub async fn take_one(
    relay: &Relay,
    line: &Line,
    segments: u32,
    now: Timestamp,
) -> anyhow::Result<Option<Timestamp>> {
    let (texts, until) = take(relay, line, &[segments], now).await?;
    Ok((texts == 0).then_some(until))
}

/// What a caller may have sent on a day, if it is one and has such a limit.
pub struct CallerLimit {
    caller: String,
    most: u32,
}

impl CallerLimit {
    pub async fn of(relay: &Relay, source: &Source) -> anyhow::Result<Option<Self>> {
        let Source::Http { caller } = source else {
            return Ok(None);
        };
        let credentials = relay.credentials.current().await?;
        let key = credentials.callers.named(caller);
        let most = key.and_then(|key| key.most_segments_a_day);
        Ok(most.map(|most| Self {
            caller: caller.clone(),
            most,
        }))
    }

    /// Takes what the caller asks for of it, all or nothing. The day is the line's.
    pub async fn take(
        &self,
        relay: &Relay,
        line: &Line,
        segments: u64,
        now: Timestamp,
    ) -> anyhow::Result<Result<(), Refused>> {
        let budget = Budget::caller(&self.caller, self.most, &line.time_zone, now);
        let asked = u32::try_from(segments).unwrap_or(u32::MAX);
        match relay.store.spend(&budget, asked).await? {
            Spent::Yes { .. } => Ok(Ok(())),
            Spent::Not { used } => Ok(Err(self.used_up(used, line, &budget, segments, now))),
        }
    }

    fn used_up(
        &self,
        used: u32,
        line: &Line,
        budget: &Budget,
        segments: u64,
        now: Timestamp,
    ) -> Refused {
        let Self { caller, most } = self;
        tracing::warn!(
            caller,
            segments,
            used,
            most,
            "a caller has used up its segments of the day"
        );
        let until = line.time_zone.show(budget.until);
        let detail = format!(
            "this takes {segments} segments, and the caller has used {used} of the {most} that it may \
             have sent on a day; nothing was sent: ask again after {until}, or send less"
        );
        let after = budget.until.duration_since(now).as_secs().max(1);
        let because = Because::UsedUp {
            after: after.unsigned_abs(),
        };
        Refused::new(because, detail)
    }
}

/// By text and by the ways beside Twilio; once a day, since the delivery has the day's name.
async fn tell_owner(
    relay: &Relay,
    line: &Line,
    budget: &Budget,
    now: Timestamp,
) -> anyhow::Result<()> {
    let says = |language| {
        let until = line.clock().speaking(language);
        let until = until.behind_until(budget.until, now);
        wording::most_is_used(language, &line.name, budget.most, &until)
    };
    tracing::warn!(
        line = line.name,
        most = budget.most,
        "the line has sent most of what nobody wrote"
    );
    let id = DeliveryId::most_is_used(budget.key.expose());
    let cause = format!("most_segments_a_day of {}", line.name);
    relay
        .tell_owner(line, (id, Purpose::Spending), cause, says, now)
        .await
}
