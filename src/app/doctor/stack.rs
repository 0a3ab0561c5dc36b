//! A01 to A14: what a deployed relay consists of, and whether it is as the template made it.

use std::collections::BTreeMap;

use super::catalogue::{
    A01, A02, A03, A04, A05, A06, A07, A08, A09, A10, A11, A12, A13, A14, A15, Check,
};
use super::report::{Finding, Verdict};

/// Why something could not be read, in words.
pub type Read<T> = Result<T, String>;

/// What was read of a stack.
#[derive(Debug, Clone)]
pub struct StackFacts {
    pub name: String,
    pub status: Read<String>,
    /// The version of the template that is deployed.
    pub version: Option<String>,
    /// What it was deployed with.
    pub parameters: BTreeMap<String, String>,
    pub functions: Read<Vec<Function>>,
    /// Of event sources: which, and their state.
    pub mappings: Read<Vec<(String, String)>>,
    pub schedules: Read<Vec<(String, String)>>,
    pub queues: Read<Vec<Queue>>,
    pub alarms: Read<Vec<Alarm>>,
    /// Of the alarms' topic: whether each is confirmed.
    pub subscriptions: Read<Vec<bool>>,
    pub table: Read<Table>,
    pub audit: Read<Audit>,
    /// For how many days the secret has had its value.
    pub secret_days: Read<i64>,
    /// How many invocations the account may run at once.
    pub concurrency: Read<i64>,
    /// How many invocations were refused in a day, of the whole account.
    pub throttles: Read<u64>,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    /// `Active` and others.
    pub state: Option<String>,
    /// `Successful` and others.
    pub last_update: Option<String>,
    pub architecture: Option<String>,
    pub variables: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Queue {
    pub name: String,
    pub waiting: i64,
    pub has_dead_letters_elsewhere: bool,
}

impl Queue {
    fn is_of_dead_letters(&self) -> bool {
        self.name.contains("DeadLetter") || self.name.contains("dead-letter")
    }

    fn is_of_kept_texts(&self) -> bool {
        self.name.contains("KeptTexts") || self.name.contains("kept-texts")
    }
}

#[derive(Debug, Clone)]
pub struct Alarm {
    pub name: String,
    pub acts: bool,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub is_protected: bool,
    pub has_backups: bool,
    pub expires: bool,
}

#[derive(Debug, Clone)]
pub struct Audit {
    pub days: Option<i64>,
    pub is_protected: bool,
}

/// Credentials are to be changed after so many days.
const MOST_DAYS: i64 = 100;

/// What the relay's functions take at once where nothing else is said, and ten more.
const LEAST_CONCURRENCY: i64 = 50;

const STOPPED: &str = "Texts are not taken, or not delivered.";

/// What the template leaves off until a parameter turns it on: the end of the name, the parameter, and its value for off.
const SCHEDULES_OFF: [(&str, &str, &str); 2] = [
    ("-finish-rotation", "RotationSchedule", "off"),
    ("-doctor", "DoctorSchedule", "off"),
];
const SOURCES_OFF: [(&str, &str, &str); 1] =
    [("-reconciliation", "ReconciliationConcurrency", "0")];

impl StackFacts {
    /// Of all of them, those that are to be on.
    fn to_be_on(
        &self,
        all: &[(String, String)],
        left_off: &[(&str, &str, &str)],
    ) -> Vec<(String, String)> {
        let is_off = |name: &str| {
            let end = name.strip_prefix(self.name.as_str()).unwrap_or(name);
            let mut left_off = left_off.iter().filter(|(of, ..)| *of == end);
            left_off.any(|(_, parameter, off)| {
                self.parameters
                    .get(*parameter)
                    .is_none_or(|value| value == off)
            })
        };
        all.iter()
            .filter(|(name, _)| !is_off(name))
            .cloned()
            .collect()
    }
}

/// `here` is the version of this command.
pub fn judge(facts: &StackFacts, here: &str) -> Vec<Finding> {
    vec![
        status(facts),
        version(facts, here),
        of(
            &A03,
            &facts.functions,
            "lambda:GetFunctionConfiguration",
            |functions| functions_run(functions),
        ),
        of(
            &A04,
            &facts.mappings,
            "lambda:GetEventSourceMapping",
            |all| {
                enabled(
                    &A04,
                    &facts.to_be_on(all, &SOURCES_OFF),
                    "Enabled",
                    "event source",
                    "Texts wait in a queue and are not delivered.",
                )
            },
        ),
        of(&A05, &facts.schedules, "scheduler:GetSchedule", |all| {
            enabled(
                &A05,
                &facts.to_be_on(all, &SCHEDULES_OFF),
                "ENABLED",
                "schedule",
                "Deliveries whose wake-up was lost, and texts that never came, are not found.",
            )
        }),
        of(&A06, &facts.queues, "sqs:GetQueueAttributes", |queues| {
            redrive(queues)
        }),
        of(&A07, &facts.queues, "sqs:GetQueueAttributes", |queues| {
            left_over(queues)
        }),
        of(&A08, &facts.alarms, "cloudwatch:DescribeAlarms", |alarms| {
            alarms_act(alarms)
        }),
        of(
            &A09,
            &facts.subscriptions,
            "sns:ListSubscriptionsByTopic",
            |all| subscribed(all),
        ),
        of(
            &A10,
            &facts.table,
            "dynamodb:DescribeTable and DescribeContinuousBackups",
            table,
        ),
        of(&A11, &facts.audit, "logs:DescribeLogGroups", audit),
        of(
            &A12,
            &facts.secret_days,
            "secretsmanager:DescribeSecret",
            |days| secret(*days),
        ),
        of(
            &A13,
            &facts.concurrency,
            "lambda:GetAccountSettings",
            |limit| concurrency(*limit),
        ),
        of(
            &A14,
            &facts.functions,
            "lambda:GetFunctionConfiguration",
            |functions| alike(functions),
        ),
        of(
            &A15,
            &facts.throttles,
            "cloudwatch:GetMetricStatistics",
            |refused| throttles(*refused),
        ),
    ]
}

fn of<T>(
    check: &'static Check,
    read: &Read<T>,
    right: &str,
    judge: impl FnOnce(&T) -> Finding,
) -> Finding {
    match read {
        Ok(read) => judge(read),
        Err(why) => Finding::new(check, Verdict::Unknown, why.clone()).needing(right),
    }
}

fn status(facts: &StackFacts) -> Finding {
    let status = match &facts.status {
        Ok(status) => status.as_str(),
        Err(why) => {
            return Finding::new(&A01, Verdict::Unknown, why.clone())
                .needing("cloudformation:DescribeStacks and ListStackResources");
        }
    };
    let seen = |verdict, says: &str| {
        Finding::new(&A01, verdict, says).seen("StackStatus", Some(status), Some("UPDATE_COMPLETE"))
    };
    let events = format!(
        "aws cloudformation describe-stack-events --stack-name {}",
        facts.name
    );
    match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => {
            Finding::right(&A01, format!("stack {} {status}", facts.name))
        }
        "UPDATE_ROLLBACK_COMPLETE" => seen(
            Verdict::Risk,
            "the last deployment was rolled back: an earlier version runs",
        )
        .so("What the last deployment was to mend is not mended.")
        .command(events),
        status if status.ends_with("_IN_PROGRESS") => {
            seen(Verdict::Note, "a deployment is under way")
        }
        _ => seen(Verdict::Broken, "the stack is not whole")
            .so(STOPPED)
            .command(events),
    }
}

fn version(facts: &StackFacts, here: &str) -> Finding {
    match facts.version.as_deref() {
        Some(version) if version == here => Finding::right(&A02, format!("template of {version}")),
        version => Finding::new(
            &A02,
            Verdict::Note,
            "the template that is deployed is of another version than this command",
        )
        .seen("TemplateVersion", version, Some(here)),
    }
}

fn functions_run(functions: &[Function]) -> Finding {
    let is_well = |function: &&Function| {
        // Lambda leaves both out of functions made before there were states.
        let is = |state: &Option<String>, well: &str| state.as_deref().is_none_or(|s| s == well);
        // Without a call for two weeks it is Inactive, and wakes with the next one.
        let runs = is(&function.state, "Active") || function.state.as_deref() == Some("Inactive");
        runs && is(&function.last_update, "Successful")
    };
    if functions.is_empty() {
        return Finding::new(&A03, Verdict::Broken, "the stack has no functions").so(STOPPED);
    }
    match functions.iter().find(|function| !is_well(function)) {
        None => Finding::right(
            &A03,
            format!("all {} functions are active", functions.len()),
        ),
        Some(function) => Finding::new(
            &A03,
            Verdict::Broken,
            format!("function {} does not run", function.name),
        )
        .seen("State", function.state.as_deref(), Some("Active"))
        .seen(
            "LastUpdateStatus",
            function.last_update.as_deref(),
            Some("Successful"),
        )
        .so(STOPPED)
        .command(format!(
            "aws lambda get-function-configuration --function-name {}",
            function.name
        )),
    }
}

/// Functions of one deployment are of one architecture, and each knows its table.
fn alike(functions: &[Function]) -> Finding {
    let mut architectures: Vec<&str> = functions
        .iter()
        .filter_map(|f| f.architecture.as_deref())
        .collect();
    architectures.sort_unstable();
    architectures.dedup();
    if architectures.len() > 1 {
        return Finding::new(
            &A14,
            Verdict::Risk,
            "functions are of different architectures",
        )
        .seen("Architectures", Some(&architectures.join(", ")), None)
        .so("One of them may have been deployed by hand, and be of another version.")
        .only_you("deploy the whole template again");
    }
    let lacks = functions.iter().find(|function| {
        let has = |name: &str| function.variables.iter().any(|variable| variable == name);
        !has("CREDENTIALS_SECRET_ID") && !has("TABLE_NAME") && !has("KEPT_TEXTS_QUEUE_URL")
    });
    match lacks {
        Some(function) => Finding::new(
            &A14,
            Verdict::Broken,
            format!("function {} has none of its variables", function.name),
        )
        .so(STOPPED)
        .only_you("deploy the whole template again"),
        None => Finding::right(&A14, "the functions are of one kind"),
    }
}

fn enabled(
    check: &'static Check,
    all: &[(String, String)],
    well: &str,
    what: &str,
    so: &str,
) -> Finding {
    match all.iter().find(|(_, state)| state != well) {
        None if all.is_empty() => {
            Finding::new(check, Verdict::Broken, format!("the stack has no {what}s")).so(so)
        }
        None => Finding::right(check, format!("all {} {what}s are enabled", all.len())),
        Some((name, state)) => Finding::new(
            check,
            Verdict::Broken,
            format!("{what} {name} is not enabled"),
        )
        .seen("State", Some(state), Some(well))
        .so(so)
        .only_you("enable it in the AWS console, or deploy the template again"),
    }
}

fn redrive(queues: &[Queue]) -> Finding {
    let lacks = queues
        .iter()
        .find(|queue| !queue.is_of_dead_letters() && !queue.has_dead_letters_elsewhere);
    match lacks {
        None => Finding::right(&A06, "all queues give up to a dead-letter queue"),
        Some(queue) => Finding::new(
            &A06,
            Verdict::Risk,
            format!("queue {} has no dead-letter queue", queue.name),
        )
        .so("What cannot be taken is dropped after four days, and nobody hears of it.")
        .only_you("deploy the template again"),
    }
}

fn left_over(queues: &[Queue]) -> Finding {
    let full: Vec<&Queue> = queues
        .iter()
        .filter(|queue| {
            queue.waiting > 0 && (queue.is_of_dead_letters() || queue.is_of_kept_texts())
        })
        .collect();
    let Some(first) = full.first() else {
        return Finding::right(&A07, "no dead letters, no kept texts");
    };
    let all: i64 = full.iter().map(|queue| queue.waiting).sum();
    let mut finding = Finding::new(
        &A07,
        Verdict::Risk,
        format!("{all} messages wait for somebody, in {}", first.name),
    );
    for queue in &full {
        finding = finding.seen(&queue.name, Some(&queue.waiting.to_string()), Some("0"));
    }
    finding
        .so("Each may be a text that nobody got.")
        .command("relay dead list")
}

fn alarms_act(alarms: &[Alarm]) -> Finding {
    if alarms.is_empty() {
        return Finding::new(&A08, Verdict::Risk, "the stack has no alarms")
            .so("Nobody hears of it when texts are lost.")
            .only_you("deploy with AlarmSet=small or all");
    }
    if let Some(alarm) = alarms.iter().find(|alarm| !alarm.acts) {
        return Finding::new(
            &A08,
            Verdict::Risk,
            format!("the actions of alarm {} are switched off", alarm.name),
        )
        .so("Nobody hears of it.")
        .command(format!(
            "aws cloudwatch enable-alarm-actions --alarm-names {}",
            alarm.name
        ));
    }
    let rings: Vec<&str> = alarms
        .iter()
        .filter(|a| a.state == "ALARM")
        .map(|a| a.name.as_str())
        .collect();
    match rings.first() {
        None => Finding::right(&A08, format!("{} alarms, none in alarm", alarms.len())),
        Some(first) => Finding::new(
            &A08,
            Verdict::Risk,
            format!("{} in alarm: {first}", rings.len()),
        )
        .seen("ALARM", Some(&rings.join(", ")), None)
        .so("The alarm's description says what it means.")
        .command(format!(
            "aws cloudwatch describe-alarms --alarm-names {first}"
        )),
    }
}

fn subscribed(all: &[bool]) -> Finding {
    if all.iter().any(|confirmed| *confirmed) {
        return Finding::right(&A09, "somebody hears of alarms");
    }
    let says = match all.len() {
        0 => "nobody hears of alarms: nobody subscribed to their topic",
        _ => "nobody hears of alarms: no subscription is confirmed",
    };
    let what = match all.len() {
        0 => "deploy with AlarmEmail=you@example.com, and follow the link in AWS's mail",
        _ => {
            "follow the link in AWS's mail (\"AWS Notification - Subscription Confirmation\"); it is valid for three days, then deploy again or subscribe anew"
        }
    };
    Finding::new(&A09, Verdict::Risk, says)
        .so("Nobody hears of it when texts are lost.")
        .only_you(what)
}

fn table(table: &Table) -> Finding {
    let wants = [
        (table.has_backups, "point-in-time recovery"),
        (table.is_protected, "deletion protection"),
        (table.expires, "time to live on `expires`"),
    ];
    let lacks: Vec<&str> = wants
        .iter()
        .filter(|(has, _)| !has)
        .map(|(_, what)| *what)
        .collect();
    if lacks.is_empty() {
        return Finding::right(&A10, "the table is backed up and protected");
    }
    Finding::new(
        &A10,
        Verdict::Risk,
        format!("the table has no {}", lacks.join(", no ")),
    )
    .so("After a mistake it cannot be brought back, or what people wrote stays for ever.")
    .only_you("deploy the template again")
}

fn audit(audit: &Audit) -> Finding {
    if audit.days.is_none() {
        return Finding::new(&A11, Verdict::Risk, "the audit is kept for ever")
            .seen(
                "retentionInDays",
                None,
                Some("AuditRetentionDays of the template"),
            )
            .so("What people wrote is not in it, and whom it went to stays for ever.")
            .only_you("deploy the template again");
    }
    if !audit.is_protected {
        return Finding::new(
            &A11,
            Verdict::Note,
            "the audit is not protected from deletion",
        );
    }
    Finding::right(&A11, "the audit is kept and protected")
}

fn secret(days: i64) -> Finding {
    if days > MOST_DAYS {
        return Finding::new(
            &A12,
            Verdict::Risk,
            format!("the credentials are {days} days old"),
        )
        .seen(
            "LastChangedDate",
            Some(&format!("{days} days ago")),
            Some("within 100 days"),
        )
        .so("The longer they are in use, the more places they may be in.")
        .command("relay secrets rotate");
    }
    Finding::right(&A12, format!("credentials changed {days} days ago"))
}

fn concurrency(limit: i64) -> Finding {
    if limit < LEAST_CONCURRENCY {
        return Finding::new(
            &A13,
            Verdict::Risk,
            format!("the account may run {limit} invocations at once"),
        )
        .seen(
            "ConcurrentExecutions",
            Some(&limit.to_string()),
            Some("1000, or 50 at least"),
        )
        .so("At busy times texts wait for each other, and Twilio may give up.")
        .only_you(
            "ask for more in the AWS console, Service Quotas, Lambda, Concurrent executions",
        );
    }
    Finding::right(&A13, format!("{limit} invocations at once"))
}

fn throttles(refused: u64) -> Finding {
    if refused == 0 {
        return Finding::right(&A15, "no invocation was refused in 24 hours");
    }
    Finding::new(
        &A15,
        Verdict::Risk,
        format!("Lambda refused {refused} invocations of this account in 24 hours"),
    )
    .seen("Throttles", Some(&refused.to_string()), Some("0"))
    .so("Webhooks are refused, too, and a text that the fallback cannot take either comes a day late.")
    .only_you(
        "ask for more in the AWS console, Service Quotas, Lambda, Concurrent executions, or lower WorkerConcurrency and BulkConcurrency",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn stand(all: &[(&str, &str)]) -> Read<Vec<(String, String)>> {
        let all = all.iter();
        Ok(all
            .map(|(name, state)| ((*name).to_owned(), (*state).to_owned()))
            .collect())
    }

    fn right() -> StackFacts {
        let function = |name: &str| Function {
            name: name.to_owned(),
            state: Some("Active".to_owned()),
            last_update: Some("Successful".to_owned()),
            architecture: Some("arm64".to_owned()),
            variables: vec!["TABLE_NAME".to_owned()],
        };
        let queue = |name: &str, more| Queue {
            name: name.to_owned(),
            waiting: 0,
            has_dead_letters_elsewhere: more,
        };
        StackFacts {
            name: "relay".to_owned(),
            status: Ok("UPDATE_COMPLETE".to_owned()),
            version: Some("0.1.0".to_owned()),
            functions: Ok(vec![
                function("relay-inbound-sms"),
                function("relay-retry-worker"),
            ]),
            parameters: [
                ("RotationSchedule", "off"),
                ("ReconciliationConcurrency", "0"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            mappings: stand(&[
                ("relay-retry-worker", "Enabled"),
                ("relay-reconciliation", "Disabled"),
            ]),
            schedules: stand(&[
                ("relay-sweep", "ENABLED"),
                ("relay-reconciliation", "ENABLED"),
                ("relay-finish-rotation", "DISABLED"),
                ("relay-doctor", "DISABLED"),
            ]),
            queues: Ok(vec![
                queue("relay-DeliveriesQueue-1", true),
                queue("relay-DeadLetterQueue-1", false),
                queue("relay-KeptTextsQueue-1", true),
            ]),
            alarms: Ok(vec![Alarm {
                name: "relay-Lost".to_owned(),
                acts: true,
                state: "OK".to_owned(),
            }]),
            subscriptions: Ok(vec![true]),
            table: Ok(Table {
                is_protected: true,
                has_backups: true,
                expires: true,
            }),
            audit: Ok(Audit {
                days: Some(400),
                is_protected: true,
            }),
            secret_days: Ok(12),
            concurrency: Ok(1000),
            throttles: Ok(0),
        }
    }

    fn said(facts: &StackFacts) -> Vec<(&'static str, Verdict)> {
        let findings = judge(facts, "0.1.0").into_iter();
        let wrong = findings.filter(|f| f.verdict != Verdict::Right);
        wrong
            .inspect(|f| {
                if matches!(f.verdict, Verdict::Broken | Verdict::Risk) {
                    assert!(f.consequence.is_some(), "{f:?}");
                }
            })
            .map(|f| (f.check.id, f.verdict))
            .collect()
    }

    #[test]
    fn each_fault_of_a_stack_is_found_by_its_check_alone() {
        use Verdict::{Broken, Note, Risk, Unknown};
        type Fault = (&'static str, Verdict, fn(&mut StackFacts));
        let faults: [Fault; 34] = [
            ("A01", Broken, |f| {
                f.status = Ok("UPDATE_ROLLBACK_FAILED".to_owned())
            }),
            ("A01", Broken, |f| {
                f.status = Ok("ROLLBACK_COMPLETE".to_owned())
            }),
            ("A01", Risk, |f| {
                f.status = Ok("UPDATE_ROLLBACK_COMPLETE".to_owned())
            }),
            ("A01", Note, |f| {
                f.status = Ok("UPDATE_IN_PROGRESS".to_owned())
            }),
            ("A01", Unknown, |f| f.status = Err("refused".to_owned())),
            ("A02", Note, |f| f.version = None),
            ("A02", Note, |f| f.version = Some("0.0.9".to_owned())),
            ("A03", Broken, |f| {
                f.functions.as_mut().unwrap()[1].state = Some("Failed".to_owned())
            }),
            ("A03", Broken, |f| {
                f.functions.as_mut().unwrap()[0].last_update = Some("Failed".to_owned())
            }),
            ("A03", Broken, |f| f.functions = Ok(Vec::new())),
            ("A04", Broken, |f| {
                f.mappings.as_mut().unwrap()[0].1 = "Disabled".to_owned()
            }),
            ("A04", Broken, |f| f.mappings = Ok(Vec::new())),
            ("A04", Unknown, |f| f.mappings = Err("refused".to_owned())),
            ("A05", Broken, |f| {
                f.schedules.as_mut().unwrap()[0].1 = "DISABLED".to_owned()
            }),
            ("A15", Risk, |f| f.throttles = Ok(3)),
            ("A15", Unknown, |f| f.throttles = Err("refused".to_owned())),
            // What was turned on is to be on.
            ("A05", Broken, |f| {
                f.parameters
                    .insert("DoctorSchedule".to_owned(), "rate(1 day)".to_owned());
            }),
            ("A04", Broken, |f| {
                f.parameters
                    .insert("ReconciliationConcurrency".to_owned(), "2".to_owned());
            }),
            ("A06", Risk, |f| {
                f.queues.as_mut().unwrap()[0].has_dead_letters_elsewhere = false
            }),
            ("A07", Risk, |f| f.queues.as_mut().unwrap()[1].waiting = 3),
            ("A07", Risk, |f| f.queues.as_mut().unwrap()[2].waiting = 1),
            ("A08", Risk, |f| f.alarms.as_mut().unwrap()[0].acts = false),
            ("A08", Risk, |f| {
                f.alarms.as_mut().unwrap()[0].state = "ALARM".to_owned()
            }),
            ("A08", Risk, |f| f.alarms = Ok(Vec::new())),
            ("A09", Risk, |f| f.subscriptions = Ok(vec![false])),
            ("A09", Risk, |f| f.subscriptions = Ok(Vec::new())),
            ("A10", Risk, |f| {
                f.table.as_mut().unwrap().has_backups = false
            }),
            ("A10", Risk, |f| f.table.as_mut().unwrap().expires = false),
            ("A11", Risk, |f| f.audit.as_mut().unwrap().days = None),
            ("A11", Note, |f| {
                f.audit.as_mut().unwrap().is_protected = false
            }),
            ("A12", Risk, |f| f.secret_days = Ok(101)),
            ("A13", Risk, |f| f.concurrency = Ok(10)),
            ("A14", Risk, |f| {
                f.functions.as_mut().unwrap()[0].architecture = Some("x86_64".to_owned())
            }),
            ("A14", Broken, |f| {
                f.functions.as_mut().unwrap()[0].variables.clear()
            }),
        ];
        assert_eq!(said(&right()), []);
        for (n, (id, verdict, make)) in faults.iter().enumerate() {
            let mut facts = right();
            make(&mut facts);
            assert_eq!(said(&facts), [(*id, *verdict)], "fault {n}");
            for (other, _, also) in &faults[n + 1..] {
                if other == id || (*id == "A03" && *other == "A14") {
                    continue;
                }
                let mut both = facts.clone();
                also(&mut both);
                let ids: BTreeSet<_> = said(&both).into_iter().map(|(id, _)| id).collect();
                assert_eq!(ids, [*id, *other].into(), "fault {n} and {other}");
            }
        }
    }
}
