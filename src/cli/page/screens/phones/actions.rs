//! What is done with the phones: by the sandbox's own functions, not by its HTTP.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::known::Known;
use super::{faults, only_in_dev};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Form, Problem, see_other};
use crate::domain::phone::{PhoneNumber, Sender, international};
use crate::domain::sms::MOST_MEDIA;
use crate::sandbox::{Act, Injection, NewCall, Power, Requests, Sandbox, TakesCalls, Text};

/// The most texts of one burst, and calls that go on at once.
const MOST_TEXTS: u32 = 100;
const MOST_CALLS: usize = 100;
/// The most phones, and faults that wait.
const MOST_PHONES: usize = 50;
const MOST_FAULTS: usize = 1000;
/// How long somebody speaks if nothing else is said, in seconds.
const SPEAKS_FOR: f64 = 8.0;

type Of = (State<Page>, Extension<Known>, Session);

/// The phone of that name, in a sandbox.
fn phone<'p>(page: &'p Page, known: &Known, id: &str) -> Result<(&'p Sandbox, Sender), Problem> {
    let sandbox = page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    let gone = || Problem::not_found("There is no such phone, or not any more.");
    let phone = known.phone(id).ok_or_else(gone)?;
    Ok((sandbox, phone))
}

fn back(id: &str) -> Response {
    see_other(&format!("/phones#{id}"))
}

fn unusable(what: impl Into<String>) -> Problem {
    Problem::unusable(what).link("/phones", "Back to the phones")
}

/// The number that is texted or called.
fn to(sandbox: &Sandbox, form: &Form) -> Result<PhoneNumber, Problem> {
    let mut numbers = sandbox.numbers();
    if let Some(wanted) = form.filled("to") {
        let own = numbers.into_iter().find(|(own, _)| own.expose() == wanted);
        return own
            .map(|(own, _)| own)
            .ok_or_else(|| unusable("That is none of the lines' numbers."));
    }
    numbers.retain(|(_, setup)| !setup.reply_number);
    match &numbers[..] {
        [(only, _)] => Ok(only.clone()),
        _ => Err(unusable("Say which line is texted or called.")),
    }
}

pub async fn text(
    (State(page), Extension(known), _): Of,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let (sandbox, phone) = phone(&page, &known, &id)?;
    let body = form.get("body").unwrap_or_default();
    let media: Vec<String> = form
        .filled("media")
        .map(|media| media.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default();
    if body.is_empty() && media.is_empty() {
        return Err(unusable(
            "There is nothing to send: write something, or add a link.",
        ));
    }
    if MOST_MEDIA < media.len() {
        let most = format!("A text has at most {MOST_MEDIA} attachments.");
        return Err(unusable(most));
    }
    // Browsers send line breaks as two characters; phones do not.
    let text = Text::new(body.replace("\r\n", "\n")).media(media);
    let sent = sandbox.text(&phone, &to(sandbox, &form)?, text);
    sent.map_err(|error| unusable(error.to_string()))?;
    Ok(back(&id))
}

pub async fn burst((State(page), Extension(known), _): Of, form: Form) -> Answer {
    let id = form.get("phone").unwrap_or_default();
    let (sandbox, phone) = phone(&page, &known, id)?;
    let count = form.get("count").and_then(|count| count.parse().ok());
    let count = count.filter(|count| (1..=MOST_TEXTS).contains(count));
    let count = count.ok_or_else(|| unusable(format!("Say how many: 1 to {MOST_TEXTS}.")))?;
    let to = to(sandbox, &form)?;
    for number in 1..=count {
        let text = Text::new(format!("Text {number} of {count}"));
        let sent = sandbox.text(&phone, &to, text);
        sent.map_err(|error| unusable(error.to_string()))?;
    }
    Ok(back(id))
}

pub async fn power(
    (State(page), Extension(known), _): Of,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let (sandbox, phone) = phone(&page, &known, &id)?;
    let number = phone.phone().ok_or_else(|| {
        unusable("Only a phone can be switched, not a short code or a sender with a name.")
    })?;
    if let Some(power) = form.filled("power") {
        let power: Power = serde_json::from_value(power.into())
            .map_err(|_| unusable("A phone is on, off or silent."))?;
        sandbox.switch(number, power);
    }
    if let Some(calls) = form.filled("calls").filter(|calls| *calls != "forwards") {
        let calls: TakesCalls = serde_json::from_value(calls.into())
            .map_err(|_| unusable("There is no such way to take calls."))?;
        sandbox.takes_calls(number, calls);
    }
    Ok(back(&id))
}

pub async fn call(
    (State(page), Extension(known), _): Of,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let (sandbox, phone) = phone(&page, &known, &id)?;
    let act = form.get("act").unwrap_or_default();
    if act == "call" {
        let calls = sandbox.calls();
        let live = calls.iter().filter(|call| call.status.is_live()).count();
        if MOST_CALLS <= live {
            return Err(unusable(format!("{MOST_CALLS} calls go on already.")));
        }
        let called = sandbox.call(phone.expose(), &to(sandbox, &form)?, NewCall::default());
        called.map_err(|error| unusable(error.to_string()))?;
        return Ok(back(&id));
    }
    let act = match act {
        "answer" => Act::Answer,
        "decline" => Act::Decline,
        "hang_up" => Act::HangUp,
        "press" => Act::Press(form.get("keys").unwrap_or_default().to_owned()),
        "say" => {
            let seconds = form.filled("seconds").map_or(Ok(SPEAKS_FOR), str::parse);
            Act::Say(seconds.map_err(|_| unusable("Say for how many seconds."))?)
        }
        _ => return Err(unusable("There is no such thing to do at a phone.")),
    };
    let done = match form.filled("call") {
        // Whoever calls acts in their call, whoever is called at their phone.
        Some(sid) => sandbox.caller_acts(sid, &act),
        None => match phone.phone() {
            Some(number) => sandbox.callee_acts(number, &act).map(drop),
            None => return Err(unusable("Only a phone takes calls.")),
        },
    };
    done.map_err(|error| {
        Problem::new(
            StatusCode::CONFLICT,
            format!("That cannot be done: {error}."),
        )
        .link("/phones", "Back to the phones")
    })?;
    Ok(back(&id))
}

/// One phone more.
pub async fn add((State(page), Extension(known), _): Of, form: Form) -> Answer {
    let sandbox = page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    let typed = form.get("number").unwrap_or_default();
    let lines = page.store().lines().await?;
    let country = lines.first().and_then(|line| line.country());
    let number = match country {
        Some(country) => country.read(typed),
        None => international(typed),
    };
    let number = number.map_err(|why| {
        unusable(format!(
            "That is no telephone number: {why}. Write one such as 619-555-0142."
        ))
    })?;
    if sandbox.numbers().iter().any(|(own, _)| *own == number) {
        return Err(unusable("That is a line's own number, and no phone's."));
    }
    let phone = Sender::Phone(number);
    let all = known.with([]);
    if MOST_PHONES <= all.len() && known.id_of(&phone).is_none() {
        return Err(unusable(format!("There are {MOST_PHONES} phones already.")));
    }
    known.with([phone.clone()]);
    Ok(back(&known.id_of(&phone).unwrap_or_default()))
}

pub async fn fault((State(page), Extension(known), _): Of, form: Form) -> Answer {
    let sandbox = page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    let what = form.get("what").unwrap_or_default();
    let fault = faults::read(what).ok_or_else(|| unusable("There is no such fault."))?;
    let times = form.filled("times").map_or(Ok(1), str::parse);
    let times = times.ok().filter(|times| (1..=1000).contains(times));
    let times = times.ok_or_else(|| unusable("Say how often: 1 to 1,000 times."))?;
    if MOST_FAULTS <= sandbox.pending_faults().len() {
        return Err(unusable(format!("{MOST_FAULTS} faults wait already.")));
    }
    let to = match form.filled("phone") {
        Some(id) => {
            let gone = || Problem::not_found("There is no such phone, or not any more.");
            known.phone(id).ok_or_else(gone)?.phone().cloned()
        }
        None => None,
    };
    sandbox.inject(Injection {
        fault,
        to,
        times,
        requests: Requests::default(),
        path: None,
    });
    Ok(see_other("/phones#faults"))
}

pub async fn forget_faults((State(page), ..): Of) -> Answer {
    let sandbox = page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    sandbox.clear_faults();
    Ok(see_other("/phones#faults"))
}
