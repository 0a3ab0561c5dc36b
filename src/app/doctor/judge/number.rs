//! T06 to T14, T25 and T26: the number, and where Twilio brings what comes in at it.

use super::target::{Target, of_calls, of_texts};
use super::{application_named, service_named, short, unread};
use crate::app::doctor::catalogue::{
    Check, T06, T07, T08, T09, T10, T11, T12, T13, T14, T25, T26, T27,
};
use crate::app::doctor::facts::{NumberFacts, Rest};
use crate::app::doctor::hook::{Hook, Lacking, difference, retries_lacking};
use crate::app::doctor::report::{Change, Finding, Verdict};
use crate::twilio::effective::{Hooks, Method, Source, effective, effective_voice};
use crate::twilio::setup::Number;

const TEXTS_LOST: &str = "A customer's text never reaches the relay.";
const CALLS_LOST: &str = "A customer's call never reaches the relay.";

/// What depends on where texts are brought.
const OF_TEXTS: [&Check; 5] = [&T09, &T10, &T11, &T12, &T13];

/// What depends on the number.
const OF_NUMBER: [&Check; 11] = [
    &T07, &T08, &T09, &T10, &T11, &T12, &T13, &T14, &T25, &T26, &T27,
];

pub fn judge(facts: &NumberFacts, rest: &Rest) -> Vec<Finding> {
    let line = &facts.line;
    let masked = facts.number.masked();
    let found = match &facts.found {
        Ok(Some(found)) => found,
        Ok(None) => {
            let broken = Finding::new(&T06, Verdict::Broken, format!("{masked} is not a number of this account"))
                .so("No text and no call to it comes to the relay, and none goes out.")
                .only_you("compare `number` in relay.toml with Twilio's console, Phone Numbers, and the account with TWILIO_ACCOUNT_SID");
            return of_line(broken.without(OF_NUMBER), &line.name);
        }
        Err(why) => {
            let needs = "incoming-phone-numbers/list";
            let unknown = unread(&T06, "numbers not readable", why, needs);
            return of_line(unknown.without(OF_NUMBER), &line.name);
        }
    };
    let mut findings = vec![
        Finding::right(
            &T06,
            format!("{masked} is in this account ({})", short(&found.sid)),
        ),
        capabilities(facts, found),
    ];
    findings.extend(texts(facts, rest, found));
    findings.extend(calls(facts, found));
    of_line(findings, &line.name)
}

pub fn of_line(findings: Vec<Finding>, line: &str) -> Vec<Finding> {
    findings
        .into_iter()
        .map(|finding| finding.of_line(line))
        .collect()
}

fn capabilities(facts: &NumberFacts, found: &Number) -> Finding {
    let takes_calls = facts.line.voice.is_some();
    let lacks = |can: Option<bool>| can == Some(false);
    let buy = "only another number can: buy one in Twilio's console with that capability, and put it into relay.toml";
    if lacks(found.can_sms) {
        return Finding::new(&T07, Verdict::Broken, "the number cannot text")
            .seen("capabilities.sms", Some("false"), Some("true"))
            .so("No text comes in and none goes out.")
            .only_you(buy);
    }
    if takes_calls && lacks(found.can_voice) {
        return Finding::new(
            &T07,
            Verdict::Broken,
            "the number takes no calls, and the line has [line.voice]",
        )
        .seen("capabilities.voice", Some("false"), Some("true"))
        .so("Callers hear that the number does not exist.")
        .only_you(buy);
    }
    if lacks(found.can_mms) {
        return Finding::new(&T07, Verdict::Risk, "the number takes no pictures")
            .seen("capabilities.mms", Some("false"), Some("true"))
            .so("A customer's picture does not arrive.")
            .only_you(buy);
    }
    if found.can_sms.is_none() {
        return Finding::new(
            &T07,
            Verdict::Unknown,
            "Twilio does not say what the number can",
        );
    }
    Finding::right(&T07, "the number can text, with pictures")
}

/// Who says where Twilio brings it, for people.
fn source(hooks: &Hooks, facts: &NumberFacts) -> String {
    let service = facts.service();
    match &hooks.from {
        Source::Number => "the number".to_owned(),
        Source::Application(sid) => {
            let applications = [&facts.text_application, &facts.call_application];
            let mut applications = applications.into_iter().flatten().flatten();
            let name = applications
                .find(|a| a.setup.sid == *sid)
                .map(|a| a.name.as_str());
            application_named(name.unwrap_or_default(), sid)
        }
        Source::Service(sid) => service_named(service.map_or("", |s| s.service.name.as_str()), sid),
        Source::Trunk(sid) => format!("SIP trunk {}", short(sid)),
    }
}

fn texts(facts: &NumberFacts, rest: &Rest, found: &Number) -> Vec<Finding> {
    let service = match &facts.service {
        Ok(service) => service.as_ref().map(|s| &s.service.setup),
        Err(why) => {
            let unknown = unread(
                &T08,
                "Messaging Services not readable, and one may overrule the number",
                why,
                "messaging/services/list",
            );
            return unknown.without(OF_TEXTS);
        }
    };
    let application = match &facts.text_application {
        Ok(application) => application.as_ref(),
        Err(why) => {
            let unknown = unread(
                &T08,
                "the TwiML application is not readable, and it overrules the number",
                why,
                "applications/read",
            );
            return unknown.without(OF_TEXTS);
        }
    };
    let hooks = effective(&found.setup, service, application.map(|a| &a.setup));
    let ours: Vec<&str> = rest
        .numbers
        .iter()
        .filter_map(|other| Some(other.found.as_ref().ok()?.as_ref()?.sid.as_str()))
        .collect();
    if let (Source::Application(sid), None) = (&hooks.from, application) {
        return no_application(&T08, sid, TEXTS_LOST).without(OF_TEXTS);
    }
    let (target, first) = of_texts(facts, found, &ours);
    let url = &facts.line.public_url;
    let mut findings = vec![
        brought(facts, &hooks, &target, first),
        method(&hooks, &target, url),
    ];
    findings.push(fallback(
        &T10,
        &hooks,
        Hook::TextFallback,
        &target,
        url,
        "A text is gone if the relay cannot keep it.",
    ));
    findings.push(retries(
        &T11,
        &hooks,
        [Hook::Text, Hook::TextFallback],
        &target,
        url,
        "A moment's trouble on the way costs a text its way to the relay.",
    ));
    findings.push(rules(facts, rest));
    findings.push(status_callback(facts));
    findings
}

fn no_application(check: &'static Check, sid: &str, so: &str) -> Finding {
    let says = format!(
        "the number is with a TwiML application that does not exist ({})",
        short(sid)
    );
    Finding::new(check, Verdict::Broken, says)
        .so(so)
        .only_you("take the application off the number in Twilio's console, Phone Numbers, and run this again")
}

/// Where texts come to.
fn brought(facts: &NumberFacts, hooks: &Hooks, target: &Target, first: Vec<Change>) -> Finding {
    let url = &facts.line.public_url;
    let want = Hook::Text.at(url);
    let who = source(hooks, facts);
    let so = TEXTS_LOST;
    let plan = || {
        let mut plan = first.clone();
        plan.extend(target.main(Hook::Text, url));
        if !first.is_empty() {
            plan.extend(target.fallback(Hook::TextFallback, url));
        }
        plan
    };
    let Some(main) = &hooks.main else {
        let says = match hooks.from {
            Source::Number => {
                "Twilio brings texts nowhere: the number has no URL for them".to_owned()
            }
            _ => format!("Twilio brings texts nowhere: {who} overrules the number and has no URL"),
        };
        return Finding::new(&T08, Verdict::Broken, says)
            .seen("URL", None, Some(&want))
            .so(so)
            .fixed_by(plan());
    };
    match difference(&main.url, &want) {
        None => Finding::right(&T08, format!("{who} brings texts to the relay")),
        Some(why) => {
            let overrules = match hooks.from {
                Source::Number => String::new(),
                _ => format!(": {who} overrules the number"),
            };
            Finding::new(
                &T08,
                Verdict::Broken,
                format!("Twilio brings texts somewhere else ({why}){overrules}"),
            )
            .seen("URL", Some(&main.url), Some(&want))
            .so(so)
            .fixed_by(plan())
        }
    }
}

fn method(hooks: &Hooks, target: &Target, url: &str) -> Finding {
    let gets = [("main", &hooks.main), ("fallback", &hooks.fallback)];
    let mut gets = gets
        .into_iter()
        .filter(|(_, hook)| hook.as_ref().is_some_and(|h| h.method == Method::Get));
    let Some((which, _)) = gets.next() else {
        return Finding::right(&T09, "webhooks are called with POST");
    };
    let verdict = if which == "main" {
        Verdict::Broken
    } else {
        Verdict::Risk
    };
    let methods = [
        "SmsMethod",
        "SmsFallbackMethod",
        "InboundMethod",
        "FallbackMethod",
    ];
    let plan = target
        .main(Hook::Text, url)
        .into_iter()
        .chain(target.fallback(Hook::TextFallback, url));
    let plan = plan
        .filter(|change| methods.contains(&change.field))
        .collect();
    Finding::new(
        &T09,
        verdict,
        format!("the {which} webhook is called with GET"),
    )
    .seen("method", Some("GET"), Some("POST"))
    .so("The relay refuses it, since a GET's fields stand in addresses and logs.")
    .fixed_by(plan)
}

fn fallback(
    check: &'static Check,
    hooks: &Hooks,
    hook: Hook,
    target: &Target,
    url: &str,
    so: &str,
) -> Finding {
    let want = hook.at(url);
    let plan = || {
        let methods = ["SmsFallbackMethod", "FallbackMethod", "VoiceFallbackMethod"];
        let plan = target.fallback(hook, url).into_iter();
        plan.filter(|change| !methods.contains(&change.field))
            .collect()
    };
    match &hooks.fallback {
        None => Finding::new(check, Verdict::Risk, "no fallback URL")
            .seen("fallback", None, Some(&want))
            .so(so)
            .fixed_by(plan()),
        Some(set) => match difference(&set.url, &want) {
            // Of texts T09 tells.
            None if set.method == Method::Get && hook == Hook::CallFallback => Finding::new(
                check,
                Verdict::Risk,
                "the fallback of calls is called with GET",
            )
            .seen("method", Some("GET"), Some("POST"))
            .so(so)
            .fixed_by(target.fallback(hook, url)),
            None => Finding::right(check, "the fallback is the relay's"),
            Some(why) => Finding::new(
                check,
                Verdict::Risk,
                format!("the fallback is not the relay's ({why})"),
            )
            .seen("fallback", Some(&set.url), Some(&want))
            .so(so)
            .fixed_by(plan()),
        },
    }
}

/// Of the relay's own addresses alone: what stands at others' is theirs.
fn retries(
    check: &'static Check,
    hooks: &Hooks,
    [main, fallback]: [Hook; 2],
    target: &Target,
    url: &str,
    so: &str,
) -> Finding {
    let both = [
        ("main", &hooks.main, main),
        ("fallback", &hooks.fallback, fallback),
    ];
    for (which, set, hook) in both {
        let Some(set) = set
            .as_ref()
            .filter(|set| difference(&set.url, &hook.at(url)).is_none())
        else {
            continue;
        };
        let Some(lacking) = retries_lacking(&set.url) else {
            continue;
        };
        let urls = [
            "SmsUrl",
            "SmsFallbackUrl",
            "InboundRequestUrl",
            "FallbackUrl",
            "VoiceUrl",
            "VoiceFallbackUrl",
        ];
        let plan = target
            .main(main, url)
            .into_iter()
            .chain(target.fallback(fallback, url));
        let plan = plan
            .filter(|change| urls.contains(&change.field))
            .filter(|change| change.from.as_deref() == Some(&set.url))
            .collect();
        let finding = match lacking {
            Lacking::Retries => Finding::new(
                check,
                Verdict::Risk,
                format!("the {which} webhook is not tried again when it fails"),
            )
            .so(so),
            Lacking::Unreadable => Finding::new(
                check,
                Verdict::Broken,
                format!("Twilio cannot read what follows # in the {which} URL (error 11243)"),
            )
            .so("Twilio does not call the relay."),
        };
        return finding
            .seen("URL", Some(&set.url), Some(&hook.at(url)))
            .fixed_by(plan);
    }
    Finding::right(check, "failed webhooks are tried again")
}

fn rules(facts: &NumberFacts, rest: &Rest) -> Finding {
    let rules = match &rest.rules {
        Ok(rules) => rules,
        Err(why) => {
            return unread(
                &T12,
                "webhook rules not readable",
                why,
                "webhooks/rules/list",
            );
        }
    };
    let want = Hook::Text.at(&facts.line.public_url);
    let bare = want.split('#').next().unwrap_or_default();
    let fitting = rules
        .iter()
        .filter_map(|rule| Some((rule.fits(bare)?, rule)));
    let Some((_, rule)) = fitting.max_by_key(|(closeness, _)| *closeness) else {
        return Finding::right(&T12, "no rule for webhooks changes anything");
    };
    let sets = |part: &str| {
        rule.sets
            .iter()
            .any(|set| set.to_ascii_lowercase().contains(part))
    };
    if sets("sign") && !rest.has_webhook_key {
        return Finding::new(
            &T12,
            Verdict::Broken,
            "a webhook rule has Twilio sign with a shared key, and the relay has none",
        )
        .seen("rule", Some(&rule.match_type), None)
        .so("Every text is refused as forged.")
        .only_you(
            "put the key into repos.env as TWILIO_WEBHOOK_KEY, or delete the rule at Twilio",
        );
    }
    if sets("connection") || sets("retr") {
        return Finding::new(
            &T12,
            Verdict::Note,
            "a webhook rule goes before what follows # in the URLs",
        )
        .seen("rule", Some(&rule.match_type), None)
        .so("Whether a failed webhook is tried again follows from the rule.");
    }
    Finding::right(
        &T12,
        "the webhook rule in force changes nothing for the relay",
    )
}

fn status_callback(facts: &NumberFacts) -> Finding {
    let service = facts.service();
    let set = service.and_then(|s| s.service.status_callback.as_deref());
    match set {
        Some(url) if !url.starts_with(&facts.line.public_url) => Finding::new(
            &T13,
            Verdict::Note,
            "the Messaging Service reports deliveries to somebody else",
        )
        .seen("status_callback", Some(url), None)
        .so("None: the relay names its own address with each text that it sends."),
        _ => Finding::right(&T13, "nobody else is told of deliveries"),
    }
}

fn calls(facts: &NumberFacts, found: &Number) -> Vec<Finding> {
    let others = [&T25, &T26, &T27];
    let application = match &facts.call_application {
        Ok(application) => application.as_ref(),
        Err(why) => {
            let unknown = unread(
                &T14,
                "the TwiML application is not readable, and it overrules the number",
                why,
                "applications/read",
            );
            return unknown.without(others);
        }
    };
    let hooks = effective_voice(&found.setup, application.map(|a| &a.setup));
    let (url, target) = (&facts.line.public_url, of_calls(facts, found));
    let want = Hook::Call.at(url);
    let who = source(&hooks, facts);
    let difference_of = |set: &crate::twilio::effective::Hook| difference(&set.url, &want);
    let is_ours = hooks
        .main
        .as_ref()
        .is_some_and(|set| difference_of(set).is_none());
    if facts.line.voice.is_none() {
        let said = if is_ours {
            Finding::right(&T14, "callers hear that the line takes texts only")
        } else if hooks.main.is_none() && !matches!(hooks.from, Source::Trunk(_)) {
            Finding::new(
                &T14,
                Verdict::Note,
                "callers hear Twilio's own words: no URL is set for calls",
            )
            .so("A customer who calls hears that no application is there.")
            .fixed_by(target.main(Hook::Call, url))
        } else {
            Finding::right(&T14, "the line takes no calls; they go elsewhere")
        };
        let others = others.map(|check| Finding::right(check, "the line takes no calls"));
        return [said].into_iter().chain(others).collect();
    }
    if let Source::Trunk(_) = hooks.from {
        let broken = Finding::new(&T14, Verdict::Broken, format!("{who} takes the number's calls"))
            .so(CALLS_LOST)
            .only_you("take the number off the trunk in Twilio's console, Elastic SIP Trunking, or take [line.voice] out of relay.toml");
        return broken.without(others);
    }
    let so = CALLS_LOST;
    if let (Source::Application(sid), None) = (&hooks.from, application) {
        return no_application(&T14, sid, so).without(others);
    }
    let main = match &hooks.main {
        None => Finding::new(
            &T14,
            Verdict::Broken,
            "Twilio brings calls nowhere: there is no URL for them",
        )
        .seen("URL", None, Some(&want))
        .so(so)
        .fixed_by(target.main(Hook::Call, url)),
        Some(set) => match (difference_of(set), set.method) {
            (None, Method::Post) => {
                Finding::right(&T14, format!("{who} brings calls to the relay"))
            }
            (None, Method::Get) => Finding::new(
                &T14,
                Verdict::Broken,
                "the webhook of calls is called with GET",
            )
            .seen("method", Some("GET"), Some("POST"))
            .so(so)
            .fixed_by(target.main(Hook::Call, url)),
            (Some(why), _) => Finding::new(
                &T14,
                Verdict::Broken,
                format!("Twilio brings calls somewhere else ({why})"),
            )
            .seen("URL", Some(&set.url), Some(&want))
            .so(so)
            .fixed_by(target.main(Hook::Call, url)),
        },
    };
    let fallback = fallback(
        &T25,
        &hooks,
        Hook::CallFallback,
        &target,
        url,
        "Callers hear nothing while the relay is down.",
    );
    let (callback, callback_method) = match application {
        Some(application) => (
            &application.status_callback,
            &application.status_callback_method,
        ),
        None => (&found.status_callback, &found.status_callback_method),
    };
    let (callback, gets) = (
        callback.as_deref(),
        Method::of(callback_method.as_deref()) == Method::Get,
    );
    let end = Hook::CallEnd.at(url);
    let told = match callback {
        Some(set) if difference(set, &end).is_none() && gets => {
            Finding::new(&T26, Verdict::Risk, "the end of a call is told with GET")
                .seen("status_callback_method", Some("GET"), Some("POST"))
                .so("Of a caller who hangs up early, people hear minutes later.")
                .fixed_by(target.call_end(callback, gets, url))
        }
        Some(set) if difference(set, &end).is_none() => {
            Finding::right(&T26, "Twilio tells the relay when a call ends")
        }
        set => Finding::new(
            &T26,
            Verdict::Risk,
            "Twilio does not tell the relay when a call ends",
        )
        .seen("status_callback", set, Some(&end))
        .so("Of a caller who hangs up early, people hear minutes later.")
        .fixed_by(target.call_end(set, gets, url)),
    };
    let again = retries(
        &T27,
        &hooks,
        [Hook::Call, Hook::CallFallback],
        &target,
        url,
        "A moment's trouble on the way, and a caller waits up to 15 s or goes to voicemail at once.",
    );
    vec![main, fallback, told, again]
}
