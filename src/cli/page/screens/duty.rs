//! Who is on duty in the week to come, who would get a text at another time, and people set away or on duty.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use http::Uri;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::acts;
use crate::cli::candidates::nobody;
use crate::cli::duty::show::shown;
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Form, Moment, Problem, Query, in_path, see_other};
use crate::cli::schedule::known;
use crate::domain::duty::check::check;
use crate::domain::duty::{Override, Overrides, Presence, duty_of};
use crate::domain::line::{Line, Person};
use crate::domain::routing::Known;
use crate::domain::when::option;
use crate::twilio::signature::sha256_hex;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/duty", get(duty))
        .route("/duty/{person}", get(ask).post(set))
}

#[derive(Serialize)]
struct Shown {
    lines: Vec<OfLine>,
    /// What was typed as another time.
    at: Option<String>,
    is_one: bool,
}

#[derive(Serialize)]
struct OfLine {
    name: String,
    zone: String,
    days: Vec<Day>,
    people: Vec<Row>,
    /// As of now.
    to: String,
    what_if: Option<WhatIf>,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Day {
    name: String,
    is_today: bool,
    /// That its clocks change.
    change: Option<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    path: String,
    is_backup: bool,
    available: bool,
    because: String,
    /// What was set by hand.
    set: Option<String>,
    days: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct WhatIf {
    at: Moment,
    to: String,
    people: Vec<(String, bool, String)>,
}

#[derive(Serialize)]
struct Found {
    warning: bool,
    sentence: String,
}

async fn duty(State(page): State<Page>, session: Session, query: Query, uri: Uri) -> Answer {
    let (now, at) = (page.now(), query.filled("at"));
    let lines = page.store().lines().await;
    let shows = async {
        let lines = lines?;
        let is_one = lines.len() == 1;
        let mut all = Vec::new();
        for line in &lines {
            let known = known(page.store(), line).await?;
            all.push(of_line(line, &known, at, now));
        }
        anyhow::Ok((all, is_one))
    };
    let (lines, is_one) = match shows.await {
        Ok((lines, is_one)) => (Ok(lines), is_one),
        Err(error) => (Err(error), false),
    };
    let lines = match lines {
        Ok(lines) => lines.into_iter().collect::<Result<Vec<OfLine>, String>>(),
        Err(error) => {
            let none: anyhow::Result<Shown> = Err(error);
            return page.view(&session, &uri, ("duty.html", "Duty"), none);
        }
    };
    let lines = lines.map_err(|why| Problem::unusable(why).link("/duty", "Back to duty"))?;
    let at = at.map(str::to_owned);
    let shows = anyhow::Ok(Shown { lines, at, is_one });
    page.view(&session, &uri, ("duty.html", "Duty"), shows)
}

/// A line's week; an error says what is wrong with the time that was typed.
fn of_line(line: &Line, known: &Known, at: Option<&str>, now: Timestamp) -> Result<OfLine, String> {
    let what_if = match at {
        Some(at) => {
            let instant = option::instant(at, now, line.clock()).map_err(|bad| bad.0)?;
            if instant < now {
                return Err(format!("{at:?} is past; write a later time"));
            }
            let at = instant;
            Some(what_if(line, known, at, now))
        }
        None => None,
    };
    let begins = what_if
        .as_ref()
        .and_then(|what_if| what_if.at.iso.parse().ok());
    let days = days(line, begins.unwrap_or(now), now);
    let people = line
        .people
        .iter()
        .map(|person| row(line, person, known, &days, now));
    let findings = check(line, &known.overrides, now)
        .into_iter()
        .map(|found| Found {
            warning: found.is_warning(),
            sentence: found.to_string(),
        });
    Ok(OfLine {
        name: line.name.clone(),
        zone: line.time_zone.name().to_owned(),
        to: goes_to(line, known, now),
        people: people.collect(),
        days: days.into_iter().map(|(day, ..)| day).collect(),
        findings: findings.collect(),
        what_if,
    })
}

/// Who gets a customer's text, in words.
fn goes_to(line: &Line, known: &Known, at: Timestamp) -> String {
    let decision = shown(line, known, at).decision;
    match &decision.to_person {
        Some(person) if decision.then.is_empty() => person.clone(),
        Some(person) => format!("{person}, then {}", decision.then.join(", ")),
        None => {
            let (to, why) = nobody(decision.rule);
            format!("{to}: {why}")
        }
    }
}

fn what_if(line: &Line, known: &Known, at: Timestamp, now: Timestamp) -> WhatIf {
    let candidates = shown(line, known, at).decision.candidates.into_iter();
    let people = candidates.map(|candidate| {
        let because = candidate.because.in_zone(&line.time_zone);
        (candidate.person, candidate.available, because)
    });
    WhatIf {
        at: Moment::new(at, &line.time_zone, now),
        to: goes_to(line, known, at),
        people: people.collect(),
    }
}

const A_WEEK: i64 = 7;

/// Seven days from that one on, each with its beginning and its end.
fn days(line: &Line, from: Timestamp, now: Timestamp) -> Vec<(Day, Timestamp, Timestamp)> {
    let zone = &line.time_zone;
    let (first, today) = (zone.at(from).date(), zone.at(now).date());
    let days = (0..A_WEEK).filter_map(|days| {
        let date = first.checked_add(days.days()).ok()?;
        let begins = zone.midnight(date).ok()?;
        let ends = zone.midnight(date.checked_add(1.day()).ok()?).ok()?;
        let minutes = (ends.as_second() - begins.as_second()) / 60;
        let change = match minutes - 24 * 60 {
            0 => None,
            less if less < 0 => Some("clocks go forward in its night"),
            _ => Some("clocks go back in its night"),
        };
        let day = Day {
            name: date.strftime("%a %-d %b").to_string(),
            is_today: date == today,
            change: change.map(str::to_owned),
        };
        Some((day, begins, ends))
    });
    days.collect()
}

fn row(
    line: &Line,
    person: &Person,
    known: &Known,
    days: &[(Day, Timestamp, Timestamp)],
    now: Timestamp,
) -> Row {
    let duty = duty_of(line, person, &known.overrides, now);
    let set = known.overrides.in_force(&person.name, now);
    let set = set.map(|set| {
        let what = match set.presence {
            Presence::Away => "away",
            Presence::On => "on duty",
        };
        match set.until {
            Some(until) => format!("{what} until {}", line.time_zone.show(until)),
            None => format!("{what} until cleared"),
        }
    });
    let days = days.iter();
    let days = days.map(|(_, begins, ends)| spans(line, person, &known.overrides, *begins, *ends));
    Row {
        name: person.name.clone(),
        path: format!(
            "/duty/{}?line={}",
            in_path(&person.name),
            in_path(&line.name)
        ),
        is_backup: line
            .people
            .last()
            .is_some_and(|last| last.name == person.name),
        available: duty.available,
        because: duty.because.in_zone(&line.time_zone),
        set,
        days: days.collect(),
    }
}

/// When somebody is on duty on a day, by the line's clock.
fn spans(
    line: &Line,
    person: &Person,
    overrides: &Overrides,
    begins: Timestamp,
    ends: Timestamp,
) -> Vec<String> {
    let clock = |at: Timestamp| match at {
        at if at == ends => "24:00".to_owned(),
        at => line.time_zone.at(at).strftime("%H:%M").to_string(),
    };
    let (mut spans, mut since) = (Vec::new(), None);
    let mut at = begins;
    while at <= ends {
        let is_on = at < ends && duty_of(line, person, overrides, at).available;
        match (is_on, since) {
            (true, None) => since = Some(at),
            (false, Some(from)) => {
                spans.push((from, at));
                since = None;
            }
            _ => {}
        }
        at += 1.minute();
    }
    match spans[..] {
        [(from, to)] if from == begins && to == ends => vec!["all day".to_owned()],
        _ => spans
            .iter()
            .map(|(from, to)| format!("{}–{}", clock(*from), clock(*to)))
            .collect(),
    }
}

#[derive(Serialize)]
struct Asked {
    line: String,
    person: String,
    action: String,
    /// What is asked for: `away`, `on`, `clear` or nothing.
    asks: String,
    until: String,
    /// Until when, as it was read.
    read: Option<Moment>,
    set: Option<String>,
    because: String,
    /// Who gets a customer's text now, and who would.
    before: String,
    after: Option<String>,
    is_backup: bool,
    version: String,
}

/// How what is set of a person stands, to tell whether somebody changed it.
fn version(overrides: &Overrides, person: &str) -> String {
    let set = serde_json::to_string(&overrides.0.get(person)).unwrap_or_default();
    sha256_hex(set.as_bytes())[..16].to_owned()
}

/// What a form asks to set of somebody; an inner `None` lets the hours decide.
fn wish(
    presence: &str,
    until: Option<&str>,
    line: &Line,
    now: Timestamp,
) -> Result<Option<Override>, String> {
    let presence = match presence {
        "away" => Presence::Away,
        "on" => Presence::On,
        "clear" => return Ok(None),
        _ => return Err("Say whether they are away or on duty.".to_owned()),
    };
    let until = until.map(|until| option::until(until, now, line.clock()));
    let until = until.transpose().map_err(|bad| bad.0)?;
    Ok(Some(Override { presence, until }))
}

async fn found(page: &Page, name: &str, line: Option<&str>) -> Result<(Line, Person), Problem> {
    let line = acts::line(page, line).await?;
    let person = line.person_named(name).cloned();
    let person = person.ok_or_else(|| {
        Problem::not_found("There is nobody of that name behind the line.").link("/duty", "Duty")
    })?;
    Ok((line, person))
}

/// Shows what would come of it.
async fn ask(
    State(page): State<Page>,
    session: Session,
    Path(name): Path<String>,
    query: Query,
    uri: Uri,
) -> Answer {
    let (line, person) = found(&page, &name, query.filled("line")).await?;
    let (now, mut known) = (page.now(), known(page.store(), &line).await?);
    let (asks, until) = (
        query.get("presence").unwrap_or_default(),
        query.filled("until"),
    );
    let (before, version) = (
        goes_to(&line, &known, now),
        version(&known.overrides, &person.name),
    );
    let duty = row(&line, &person, &known, &[], now);
    let mut read = None;
    let after = if asks.is_empty() {
        None
    } else {
        let back = format!("/duty/{}?line={}", in_path(&name), in_path(&line.name));
        let wish = wish(asks, until, &line, now);
        let wish = wish.map_err(|why| Problem::unusable(why).link(back, "Back to the form"))?;
        read = wish.as_ref().and_then(|set| set.until);
        match wish {
            Some(set) => known.overrides.0.insert(person.name.clone(), set),
            None => known.overrides.0.remove(&person.name),
        };
        Some(goes_to(&line, &known, now))
    };
    let title = format!("Duty of {}", person.name);
    let shows = anyhow::Ok(Asked {
        action: format!("/duty/{}", in_path(&person.name)),
        line: line.name.clone(),
        person: person.name.clone(),
        asks: asks.to_owned(),
        until: until.unwrap_or_default().to_owned(),
        read: read.map(|at| Moment::new(at, &line.time_zone, now)),
        set: duty.set,
        because: duty.because,
        is_backup: duty.is_backup,
        before,
        after,
        version,
    });
    page.view(&session, &uri, ("duty_person.html", &title), shows)
}

async fn set(
    State(page): State<Page>,
    session: Session,
    Path(name): Path<String>,
    form: Form,
) -> Answer {
    let (line, person) = found(&page, &name, form.filled("line")).await?;
    let (now, overrides) = (page.now(), page.store().overrides(&line.number).await?);
    let back = format!("/duty/{}?line={}", in_path(&name), in_path(&line.name));
    if form.get("version") != Some(&version(&overrides, &person.name)) {
        return Err(acts::outdated(&back));
    }
    let wish = wish(
        form.get("presence").unwrap_or_default(),
        form.filled("until"),
        &line,
        now,
    );
    let wish = wish.map_err(|why| Problem::unusable(why).link(back, "Back to the form"))?;
    let store = page.store();
    store
        .set_override(&line.number, &person.name, wish.as_ref())
        .await?;
    let what = match &wish {
        None => "let the hours decide again".to_owned(),
        Some(Override { presence, until }) => {
            let what = match presence {
                Presence::Away => "away",
                Presence::On => "on duty",
            };
            let until = until.map(|until| line.time_zone.show(until));
            format!("set {what} until {}", until.as_deref().unwrap_or("cleared"))
        }
    };
    let what = format!("{what}: {}", person.name);
    acts::put_on_record(&page, &session, &line.name, &what).await?;
    Ok(see_other("/duty"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;

    fn line() -> Line {
        config::parse(config::EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_week_has_each_days_hours_and_marks_nights_on_which_clocks_change() {
        let (line, known) = (line(), Known::default());
        let now = "2027-03-12T18:00:00Z".parse().unwrap();
        let shown = of_line(&line, &known, None, now).unwrap();
        let days: Vec<_> = shown.days.iter().map(|day| day.name.as_str()).collect();
        assert_eq!(days[..3], ["Fri 12 Mar", "Sat 13 Mar", "Sun 14 Mar"]);
        let changes = shown.days.iter().filter(|day| day.change.is_some());
        assert_eq!(
            changes.map(|day| &day.name[..3]).collect::<Vec<_>>(),
            ["Sun"]
        );
        let [sergio, backup] = &shown.people[..] else {
            panic!("two people")
        };
        assert_eq!(
            sergio.days[..3],
            [vec!["08:00–18:00"], vec!["09:00–13:00"], vec![]]
        );
        assert!(backup.days.iter().all(|day| *day == ["all day"]));
    }

    #[test]
    fn what_would_be_at_another_time_is_told_by_that_time() {
        let (line, known) = (line(), Known::default());
        let now = "2026-11-20T18:00:00Z".parse().unwrap();
        let shown = of_line(&line, &known, Some("Sat 02:00"), now).unwrap();
        assert_eq!(shown.to, "Sergio, then Backup");
        assert_eq!(shown.what_if.unwrap().to, "Backup");
        assert!(of_line(&line, &known, Some("soon"), now).is_err());
    }

    #[test]
    fn a_change_by_somebody_else_is_noticed() {
        let mut overrides = Overrides::default();
        let none = version(&overrides, "Sergio");
        let away = |until: Option<&str>| Override {
            presence: Presence::Away,
            until: until.map(|until| until.parse().unwrap()),
        };
        overrides.0.insert("Sergio".to_owned(), away(None));
        let cleared = version(&overrides, "Sergio");
        overrides
            .0
            .insert("Sergio".to_owned(), away(Some("2026-11-20T18:00:00Z")));
        let until = version(&overrides, "Sergio");
        assert!(none != cleared && cleared != until && until != none);
        assert_eq!(version(&overrides, "Backup"), none);
    }
}
