//! Takes in what somebody wants a line's subscribers to be told: checked, kept, and set on its way.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::estimate::estimate;
use super::fan_out::{held_until, next_turn, recipients};
use super::supersede::{Others, others, take_over};
use super::{Estimate, NoticeRejected, key_reused, line_called};
use crate::app::audit::records;
use crate::app::ports::store::Accepted;
use crate::app::relay::Relay;
use crate::app::spending::CallerLimit;
use crate::domain::delivery::source::Source;
use crate::domain::ids::NoticeId;
use crate::domain::line::{Line, quiet_until};
use crate::domain::notice::{Audience, CHANGED, Cursor, Notice, NoticeState, Skipped, supersedes};
use crate::domain::request::{Because, NoticeRequest, Problem, Refused};
use crate::domain::template::{When, built_in_names};

/// How long a notice may go out if nothing is said.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// How long it may at most: after that nobody knows any more what became of its texts.
const LASTS_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far ahead a notice may be accepted.
const AHEAD_AT_MOST: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The least by which one notice is later than another.
const A_MOMENT: SignedDuration = SignedDuration::from_nanos(1);

/// What became of the wish.
#[derive(Debug)]
pub enum Answer {
    /// It is kept, and goes out from now on or from its time on.
    Accepted(Box<Notice>),
    /// It was accepted before, by the same key; nothing was changed.
    Already(Box<Notice>),
    /// It was a dry run, and nothing was kept.
    DryRun(Box<Estimate>),
}

/// Once this returns, the notice survives whatever happens. The same key again gives the same answer
/// and sends nothing; if the first time broke off, it is taken up.
pub async fn accept(
    relay: &Relay,
    request: &NoticeRequest,
    source: Source,
) -> Result<Answer, NoticeRejected> {
    let line = line_called(relay, request.line.as_deref()).await?;
    let id = NoticeId::of(&line.number, &source.own(&request.idempotency_key));
    if !request.dry_run
        && let Some(kept) = relay.store.notice(id).await?
    {
        return already(relay, kept, request).await;
    }
    let mut notice = draft(relay, &line, id, request, source)?;
    if let Some(last) = last_said(relay, &notice).await? {
        tracing::info!(notice = %last.id, key = notice.key, "the same news came again");
        return Ok(Answer::Already(Box::new(last)));
    }
    if notice.supersedes_others() {
        find_earlier(relay, &line, &mut notice, &request.data).await?;
    }
    if request.dry_run {
        let estimate = estimate(relay, &line, &notice).await?;
        return Ok(Answer::DryRun(Box::new(estimate)));
    }
    if recipients(relay, &notice, None, 1).await?.is_empty() {
        let problem = format!(
            "has no subscribers on the line {}: nobody would get it",
            line.name
        );
        return Err(Refused {
            because: Because::NobodySubscribed,
            ..Refused::field("topic", problem)
        }
        .into());
    }
    if let Some(limit) = CallerLimit::of(relay, &notice.source).await? {
        let segments = estimate(relay, &line, &notice).await?.segments;
        limit.take(relay, &line, segments, relay.now()).await??;
    }
    if let Accepted::Already(kept) = relay.store.accept_notice(&notice).await? {
        return already(relay, *kept, request).await;
    }
    tracing::info!(
        notice = %notice.id, line = notice.line, topic = notice.topic, template = notice.template,
        source = ?notice.source, "a notice was accepted"
    );
    relay.report(vec![records::notice_accepted(&notice)]).await;
    set_on_its_way(relay, &mut notice).await?;
    Ok(Answer::Accepted(Box::new(notice)))
}

/// The last notice about the same, if this one would only repeat it.
async fn last_said(relay: &Relay, notice: &Notice) -> anyhow::Result<Option<Notice>> {
    if !notice.is_news {
        return Ok(None);
    }
    let Others { earlier, later } = others(relay, notice).await?;
    let last = earlier.into_iter().chain(later).last();
    Ok(last.filter(|last| notice.repeats(last)))
}

/// The answer to a wish whose key was used before.
async fn already(
    relay: &Relay,
    mut kept: Notice,
    request: &NoticeRequest,
) -> Result<Answer, NoticeRejected> {
    if kept.request != request.digest() {
        return Err(key_reused("notice", kept.id).into());
    }
    if kept.state.is_open() && kept.cursor == Cursor::Start {
        set_on_its_way(relay, &mut kept).await?;
    }
    Ok(Answer::Already(Box::new(kept)))
}

async fn set_on_its_way(relay: &Relay, notice: &mut Notice) -> anyhow::Result<()> {
    if notice.supersedes_others() {
        // What has taken its place meanwhile is looked for when its first page is turned.
        take_over(relay, notice).await?;
    }
    let turn = next_turn(notice, notice.page_due);
    relay.queue.turn_page(&turn, relay.now()).await
}

/// The notice as it would be kept, with everything checked that its line and the clock decide.
fn draft(
    relay: &Relay,
    line: &Line,
    id: NoticeId,
    request: &NoticeRequest,
    source: Source,
) -> Result<Notice, Refused> {
    let now = relay.now();
    let mut problems = Vec::new();
    let topic = line.topic_named(&request.topic).map(|t| t.name.clone());
    if topic.is_none() {
        problems.push(Problem::new("topic", unknown_topic(line)));
    }
    problems.extend(wrong_numbers(line, &request.audience));
    let not_before = request.not_before.unwrap_or(now).max(now);
    let expires = request.expires.unwrap_or_else(|| later(not_before, LASTS));
    problems.extend(wrong_times(not_before, expires, now));
    let told_of = ToldOf::by(request, line);
    problems.extend(told_of.wrong(now));
    // What is over is not announced, however long a text has to wait.
    let expires = told_of.over.map_or(expires, |over| expires.min(over));
    let text = match words(line, &request.template, &request.data, now) {
        Ok(text) => text,
        Err(refused) => {
            problems.extend(refused.fields);
            String::new()
        }
    };
    let mut notice = Notice {
        id,
        version: 0,
        line: line.name.clone(),
        from: line.number.clone(),
        topic: topic.unwrap_or_default(),
        audience: request.audience.clone(),
        template: request.template.clone(),
        data: Value::Object(request.data.clone()),
        text,
        text_if_unheard: None,
        subject: request.subject.clone(),
        not_before,
        expires,
        key: request.idempotency_key.clone(),
        request: request.digest(),
        source,
        is_news: request.is_news,
        created: now,
        state: NoticeState::Scheduled,
        supersedes: Vec::new(),
        cursor: Cursor::Start,
        page: 0,
        page_due: not_before,
        spawned: 0,
        skipped: Skipped::default(),
        salt: salt(relay),
    };
    let held = held_until(&notice, line, now);
    if problems.is_empty() && held.is_some_and(|until| expires <= until) {
        problems.push(told_of.too_late(&notice, line, now));
    }
    Refused::if_any(problems)?;
    notice.page_due = held.unwrap_or(not_before);
    Ok(notice)
}

/// When that is over what a notice tells of, by the data of a template that the relay brings along.
#[derive(Default)]
struct ToldOf {
    /// The field that says when.
    path: String,
    over: Option<Timestamp>,
    /// Whether it would be over before it began, and by which field.
    ends_first: Option<String>,
}

impl ToldOf {
    fn by(request: &NoticeRequest, line: &Line) -> Self {
        if !built_in_names().any(|name| name == request.template) {
            return Self::default();
        }
        let when = |name| When::parse(request.data.get(name)?.as_str()?);
        let path = |name| {
            let within = if request.is_news { "detail" } else { "data" };
            format!("{within}.{name}")
        };
        let (starts, ends) = (when("starts"), when("ends"));
        let zone = &line.time_zone;
        let begin = starts.as_ref().and_then(|starts| starts.begin(zone));
        let end = ends.as_ref().and_then(|ends| ends.end(zone));
        Self {
            path: path(if end.is_some() { "ends" } else { "starts" }),
            over: end.or_else(|| starts.as_ref()?.end(zone)),
            ends_first: end
                .filter(|end| begin.is_some_and(|begin| *end <= begin))
                .map(|_| path("ends")),
        }
    }

    fn wrong(&self, now: Timestamp) -> Option<Problem> {
        if let Some(path) = &self.ends_first {
            return Some(Problem::new(path, "must be after starts"));
        }
        let is_over = self.over.is_some_and(|over| over <= now);
        is_over.then(|| Problem::new(&self.path, "is over: nobody would hear of it in time"))
    }

    /// That nothing could be sent before it is too late.
    fn too_late(&self, notice: &Notice, line: &Line, now: Timestamp) -> Problem {
        if self.over != Some(notice.expires) {
            let problem = "leaves no time outside the line's quiet_hours: nothing would be sent";
            return Problem::new("expires", problem);
        }
        let earliest = notice.not_before.max(now);
        let (until, why) = match quiet_until(line, earliest) {
            Some(until) => (until, "the line's quiet_hours"),
            None => (earliest, "not_before"),
        };
        let until = line.time_zone.show(until);
        let problem = format!(
            "is over before anybody could hear of it: nothing is sent before {until} ({why})"
        );
        Problem::new(&self.path, problem)
    }
}

fn unknown_topic(line: &Line) -> String {
    let topics = line.notices.topics.iter();
    let names = topics.map(|topic| topic.name.as_str()).collect::<Vec<_>>();
    if names.is_empty() {
        return format!("is unknown: the line {} has no topics", line.name);
    }
    let names = names.join(", ");
    format!(
        "is not a topic of the line {}, which has {names}",
        line.name
    )
}

fn wrong_numbers(line: &Line, audience: &Audience) -> Vec<Problem> {
    let Audience::Numbers(numbers) = audience else {
        return Vec::new();
    };
    let wrong = numbers.iter().enumerate().filter_map(|(index, number)| {
        let problem = if line.numbers().any(|own| own == number) {
            "is the line's own number; a notice goes to people's phones"
        } else if !line.policy.allows(number) {
            "does not begin as one of the line's allowed_prefixes"
        } else {
            return None;
        };
        Some(Problem::new(format!("audience.numbers[{index}]"), problem))
    });
    wrong.collect()
}

fn wrong_times(not_before: Timestamp, expires: Timestamp, now: Timestamp) -> Option<Problem> {
    let (field, problem) = if expires <= now {
        ("expires", "is over: nothing would be sent")
    } else if expires <= not_before {
        ("expires", "must be after not_before")
    } else if later(now, AHEAD_AT_MOST) < not_before {
        ("not_before", "is more than 180 days away")
    } else if later(not_before, LASTS_AT_MOST) < expires {
        ("expires", "must be within 7 days after not_before")
    } else {
        return None;
    };
    Some(Problem::new(field, problem))
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The earlier notices that it takes the place of, and what those read who were still to hear of
/// them.
async fn find_earlier(
    relay: &Relay,
    line: &Line,
    notice: &mut Notice,
    data: &Map<String, Value>,
) -> Result<(), NoticeRejected> {
    // Those that there are already are earlier, whatever the clocks of those who accepted them say.
    let known = others(relay, notice).await?;
    let last = known.later.last().map(|last| last.created);
    if let Some(after) = last.and_then(|last| last.checked_add(A_MOMENT).ok()) {
        notice.created = notice.created.max(after);
    }
    let earlier = [known.earlier, known.later].concat();
    notice.supersedes = earlier.iter().map(|earlier| earlier.id).collect();
    let first = earlier
        .iter()
        .find(|earlier| !supersedes(&earlier.template));
    if let Some(first) = first.filter(|_| notice.template == CHANGED) {
        let words = words(line, &first.template, data, notice.created);
        notice.text_if_unheard = Some(words?);
    }
    Ok(())
}

/// The template of that name with these data.
fn words(
    line: &Line,
    template: &str,
    data: &Map<String, Value>,
    now: Timestamp,
) -> Result<String, Refused> {
    let Some(found) = line.template(template) else {
        let names = Vec::from_iter(line.template_names()).join(", ");
        let problem = format!(
            "is not a template of the line {}, which has {names}",
            line.name
        );
        return Err(Refused::field("template", problem));
    };
    // Every text can say whose it is.
    let mut data = data.clone();
    let name = || Value::from(line.name.as_str());
    data.entry("line").or_insert_with(name);
    found
        .render(&data, line.clock(), now)
        .map_err(Refused::from)
}

/// Two draws are more than anybody can try.
fn salt(relay: &Relay) -> String {
    let half = || (relay.chance.draw() * (1_u64 << 53) as f64) as u64;
    format!("{:014x}{:014x}", half(), half())
}
