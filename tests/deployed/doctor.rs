//! The look at what is set up at Twilio, which a schedule sets off where that is turned on.

use std::collections::BTreeMap;

use relay::app::doctor::report::Verdict;
use relay::app::doctor::stack::{self, StackFacts};
use relay::domain::credentials::Secret;
use serde_json::{Value, json};

use super::emulator::Emulator;
use super::world::{LINE, World, number_of};

/// The owner's phone.
const OWNER: &str = "+16195550119";

impl World {
    /// Puts the line in force with a number that is told what goes wrong.
    pub fn push_owner(&self) {
        self.push_configuration_with("none", &format!(r#"alert = "{OWNER}""#));
    }

    fn bring_texts_to(&self, url: &str) {
        let url = Some(url.to_owned());
        self.sandbox.change_setup(|account| {
            account.numbers.get_mut(&number_of(LINE)).unwrap().sms_url = url;
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_at_twilio_is_texted_to_the_owner_once() {
    let mut world = World::deployed().await;
    world.work();
    world.push_owner();
    let right = world.schedule("doctor").await.unwrap();
    assert_eq!(right["broken"], json!([]), "{right}");

    world.bring_texts_to("https://old.example.net/sms");
    for _ in 0..2 {
        let looked = world.schedule("doctor").await.unwrap();
        assert_eq!(looked["broken"], json!(["T08"]), "{looked}");
    }
    let texts = world.receives(OWNER, 1).await;
    assert!(texts[0].contains("T08"), "{texts:?}");

    let ours = format!("{}/twilio/sms", world.api.url);
    world.bring_texts_to(&ours);
    let looked = world.schedule("doctor").await.unwrap();
    assert_eq!(looked["broken"], json!([]), "{looked}");
    let texts = world.receives(OWNER, 2).await;
    assert!(texts[1].contains("T08"), "{texts:?}");
    assert_eq!(texts.len(), 2);

    let log = world.function("doctor").log().join("\n");
    assert!(log.contains("somewhere else"), "{log}");
    assert!(!log.contains(OWNER), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_twilio_does_not_accept_are_found() {
    let mut account = relay::sandbox::demo_account();
    account.auth_token = Secret::new("x".repeat(32));
    let seed = async |world: &World| world.keep_credentials(&account).await;
    let world = World::seeded_by(relay::sandbox::demo_account(), seed).await;
    let looked = world.schedule("doctor").await.unwrap();
    assert_eq!(looked["broken"], json!(["T01"]), "{looked}");
}

/// What the template leaves off by itself is no finding; what somebody turned off is one.
#[test]
fn a_stack_as_the_template_makes_it_has_nothing_turned_off() {
    let of = |parameters: Value| {
        let stack = Emulator::shared().deploy(parameters.clone());
        let unread = || "not read".to_owned();
        let mappings = stack.all("AWS::Lambda::EventSourceMapping").map(|(_, m)| {
            let function = m["FunctionName"].as_str().unwrap();
            let function = function.rsplit(':').next().unwrap().to_owned();
            let state = if m["Enabled"] == false {
                "Disabled"
            } else {
                "Enabled"
            };
            (function, state.to_owned())
        });
        let schedules = stack.all("AWS::Scheduler::Schedule").map(|(_, schedule)| {
            let name = schedule["Name"].as_str().unwrap().to_owned();
            (
                name,
                schedule["State"].as_str().unwrap_or("ENABLED").to_owned(),
            )
        });
        let (mappings, schedules): (Vec<_>, Vec<_>) = (mappings.collect(), schedules.collect());
        assert!(
            mappings.len() >= 4 && schedules.len() >= 4,
            "{mappings:?} {schedules:?}"
        );
        let parameters = parameters.as_object().unwrap().iter();
        let facts = StackFacts {
            name: stack.name.clone(),
            status: Err(unread()),
            version: None,
            parameters: parameters
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect::<BTreeMap<_, _>>(),
            functions: Err(unread()),
            mappings: Ok(mappings),
            schedules: Ok(schedules),
            queues: Err(unread()),
            alarms: Err(unread()),
            subscriptions: Err(unread()),
            table: Err(unread()),
            audit: Err(unread()),
            secret_days: Err(unread()),
            concurrency: Err(unread()),
            throttles: Err(unread()),
        };
        let findings = stack::judge(&facts, "0.1.0").into_iter();
        let right = findings.filter(|f| f.verdict == Verdict::Right);
        let right: Vec<_> = right.map(|f| f.check.id).collect();
        assert_eq!(right, ["A04", "A05"]);
        facts
    };
    of(json!({}));
    let mut on = of(json!({
        "DoctorSchedule": "rate(1 day)",
        "RotationSchedule": "cron(0 10 5 1,4,7,10 ? *)",
        "ReconciliationConcurrency": "2",
    }));
    for schedule in on.schedules.as_mut().unwrap() {
        schedule.1 = "DISABLED".to_owned();
    }
    let findings = stack::judge(&on, "0.1.0").into_iter();
    let broken = findings.filter(|f| f.verdict == Verdict::Broken);
    assert_eq!(broken.map(|f| f.check.id).collect::<Vec<_>>(), ["A05"]);
}

#[test]
fn nobody_looks_until_the_owner_turns_it_on() {
    let schedule = |parameters| {
        let stack = Emulator::shared().deploy(parameters);
        let mut schedules = stack.all("AWS::Scheduler::Schedule");
        let look = schedules.find(|(name, _)| name.starts_with("Doctor"));
        let (_, look) = look.unwrap();
        (look["State"].clone(), look["ScheduleExpression"].clone())
    };
    let off = schedule(json!({}));
    assert_eq!(off.0, "DISABLED");
    let on = schedule(json!({"DoctorSchedule": "rate(12 hours)"}));
    assert_eq!(on, ("ENABLED".into(), "rate(12 hours)".into()));
}
