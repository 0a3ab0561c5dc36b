use super::NoticeRejected;
use crate::app::relay::Relay;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::request::Refused;

/// The line that somebody means by its name or number, or the only one that there is.
pub async fn line_called(relay: &Relay, called: Option<&str>) -> Result<Line, NoticeRejected> {
    let lines = relay.store.lines().await?;
    let names = || {
        let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
        names.join(", ")
    };
    let problem = match (called, lines.as_slice()) {
        (_, []) => "is unknown: the relay has no line; push its configuration first".to_owned(),
        (None, [only]) => return Ok(only.clone()),
        (None, _) => format!("is missing, and the relay has several: {}", names()),
        (Some(called), _) => {
            let number = PhoneNumber::parse(called).ok();
            let is_it = |line: &&Line| {
                line.name.eq_ignore_ascii_case(called) || Some(&line.number) == number.as_ref()
            };
            if let Some(line) = lines.iter().find(is_it) {
                return Ok(line.clone());
            }
            format!("is not a line of the relay, which has {}", names())
        }
    };
    Err(Refused::field("line", problem).into())
}
