//! Alarms on CloudWatch's terms: which state an alarm comes to by the points of its metric, when some are
//! missing and some come late.
//!
//! Source: AWS, CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat
//! missing data". How many points CloudWatch looks at is not published: at least `EvaluationPeriods`, and
//! two more in the guide's examples. So every alarm is tried with both.

use std::ops::Range;

use serde_json::{Value, json};

use super::aws::Aws;
use super::emulator::Emulator;
use super::http_api::Functions;
use super::programs::{Shell, block_of};
use super::template::stack;

/// An alarm as far as its state depends on it.
struct Alarm {
    /// In minutes.
    period: i64,
    evaluated: usize,
    to_alarm: usize,
    threshold: f64,
    below: bool,
    missing_breaches: bool,
    fills: bool,
}

impl Alarm {
    fn of(name: &str, alarm: &Value) -> Self {
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{name}: {value}"));
        let evaluated = number(&alarm["EvaluationPeriods"]);
        let to_alarm = alarm["DatapointsToAlarm"].as_u64().unwrap_or(evaluated);
        let terms = alarm["Metrics"].as_array();
        let period = terms.map_or(&alarm["Period"], |terms| &terms[1]["MetricStat"]["Period"]);
        Self {
            period: number(period).cast_signed() / 60,
            evaluated: usize::try_from(evaluated).unwrap(),
            to_alarm: usize::try_from(to_alarm).unwrap(),
            threshold: alarm["Threshold"].as_f64().unwrap(),
            below: match alarm["ComparisonOperator"].as_str().unwrap() {
                "GreaterThanThreshold" => false,
                "LessThanThreshold" => true,
                other => panic!("{name}: {other}"),
            },
            missing_breaches: match alarm["TreatMissingData"].as_str().unwrap() {
                "notBreaching" => false,
                "breaching" => true,
                other => panic!("{name}: {other}"),
            },
            fills: terms.is_some() && alarm.to_string().contains("FILL("),
        }
    }

    /// Whether it is in ALARM by the last points of its metric, the newest at the end.
    ///
    /// Real points are taken first, from as far back as the range goes. Only what is still wanting then
    /// counts as missing data.
    fn goes_off(&self, range: &[Option<f64>]) -> bool {
        let real = range.iter().rev().flatten().take(self.evaluated);
        let breaches = |value: &f64| {
            if self.below {
                *value < self.threshold
            } else {
                self.threshold < *value
            }
        };
        let (mut breaching, mut known) = (0, 0);
        for value in real {
            known += 1;
            breaching += usize::from(breaches(value));
        }
        if self.missing_breaches {
            breaching += self.evaluated - known;
        }
        breaching >= self.to_alarm
    }

    /// The minutes at which it is in ALARM, of those in which somebody watches. It is looked at every
    /// minute, over the periods that are complete.
    fn minutes(&self, points: &[Point], range: usize, watched: Range<i64>) -> Vec<i64> {
        let in_alarm = |now: &i64| {
            let periods = (now / self.period - i64::try_from(range).unwrap())..(now / self.period);
            let values: Vec<_> = periods
                .map(|period| self.value(points, period, *now))
                .collect();
            self.goes_off(&values)
        };
        watched.filter(in_alarm).collect()
    }

    /// What CloudWatch knows at a minute of a period: nothing, if no point of it has come yet.
    fn value(&self, points: &[Point], period: i64, now: i64) -> Option<f64> {
        let known = points
            .iter()
            .filter(|point| point.minute.div_euclid(self.period) == period && point.comes <= now);
        let sum = known.fold(None, |sum, point| Some(sum.unwrap_or(0.0) + point.value));
        if self.fills { sum.or(Some(0.0)) } else { sum }
    }

    fn ranges(&self) -> [usize; 2] {
        [self.evaluated, self.evaluated + 2]
    }
}

/// A point of a metric, and the minute at which CloudWatch gets it.
#[derive(Clone, Copy)]
struct Point {
    minute: i64,
    comes: i64,
    value: f64,
}

impl Point {
    fn late_by(minutes: i64, minute: i64, value: f64) -> Self {
        let comes = minute + 1 + minutes;
        Self {
            minute,
            comes,
            value,
        }
    }
}

const MOST_LATE: i64 = 3;

/// Whether an alarm goes off for what has to set it off, late by so many minutes, and comes to rest
/// afterwards. With `zeros`, all other minutes have a point too, and those are on time.
fn goes_off(alarm: &Alarm, late: i64, zeros: bool, range: usize) -> bool {
    let begins = 20 * alarm.period;
    let periods = i64::try_from(alarm.to_alarm).unwrap();
    // In the last minute of each period.
    let breaching: Vec<i64> = (1..=periods)
        .map(|n| begins + n * alarm.period - 1)
        .collect();
    let end = begins + 20 * alarm.period;
    let others = (0..end).filter(|minute| zeros && !breaching.contains(minute));
    let mut points: Vec<_> = others
        .map(|minute| Point::late_by(0, minute, 0.0))
        .collect();
    let over = alarm.threshold + 1.0;
    points.extend(
        breaching
            .iter()
            .map(|minute| Point::late_by(late, *minute, over)),
    );
    let minutes = alarm.minutes(&points, range, begins..end);
    let rests = minutes.last().is_none_or(|last| *last < end - 1);
    assert!(rests, "it stays in ALARM");
    !minutes.is_empty()
}

/// Every alarm of the stack that watches for something to happen.
fn watching() -> Vec<(String, Alarm)> {
    let stack = stack();
    let alarms = stack.all("AWS::CloudWatch::Alarm");
    let alarms = alarms.map(|(name, alarm)| (name.to_owned(), Alarm::of(name, alarm)));
    alarms.filter(|(_, alarm)| !alarm.below).collect()
}

#[test]
fn an_alarm_goes_off_for_what_is_heard_of_minutes_late() {
    let alarms = watching();
    assert!(!alarms.is_empty());
    for (name, alarm) in alarms {
        for late in 0..=MOST_LATE {
            for range in alarm.ranges() {
                for zeros in [false, true] {
                    assert!(
                        goes_off(&alarm, late, zeros, range),
                        "{name} misses what comes {late} minutes late; range {range}, zeros: {zeros}"
                    );
                }
            }
        }
    }
}

/// The worker's invocations: one a minute for half an hour, each heard of so late, and then none.
#[test]
fn a_sweep_that_stops_is_heard_of_within_ten_minutes_and_a_late_point_is_no_stop() {
    let stack = stack();
    let alarm = stack.properties("SweepAlarm");
    assert_eq!(
        [&alarm["Namespace"], &alarm["MetricName"]],
        ["AWS/Lambda", "Invocations"]
    );
    let worker = format!("{}-retry-worker", stack.name);
    assert_eq!(alarm["Dimensions"][0]["Value"], worker);
    let alarm = Alarm::of("SweepAlarm", alarm);
    for late in 0..=MOST_LATE {
        let sweeps: Vec<_> = (0..30)
            .map(|minute| Point::late_by(late, minute, 1.0))
            .collect();
        for range in alarm.ranges() {
            let minutes = alarm.minutes(&sweeps, range, 10..60);
            assert!(
                (35..=40).contains(&minutes[0]),
                "{late}, {range}: {minutes:?}"
            );
            assert_eq!(minutes.last(), Some(&59), "it goes on for as long");
        }
    }
}

#[test]
fn no_alarm_goes_off_for_nothing() {
    for (name, alarm) in watching() {
        for range in alarm.ranges() {
            assert_eq!(
                alarm.minutes(&[], range, 0..90),
                Vec::<i64>::new(),
                "{name}"
            );
        }
    }
}

#[test]
fn no_alarm_fills_in_what_may_come_late() {
    let stack = stack();
    for (name, alarm) in stack.all("AWS::CloudWatch::Alarm") {
        assert!(!alarm.to_string().contains("FILL"), "{name}");
    }
}

/// The alarms as they were, which is why they are not so any more.
#[test]
fn an_alarm_that_fills_in_zeros_or_looks_at_one_minute_misses_what_comes_late() {
    let metric = |id: &str| json!({"Id": id, "MetricStat": {"Stat": "Sum", "Period": 60}});
    let filling = json!({
        "Metrics": [
            {"Id": "all", "Expression": "FILL(worker, 0) + FILL(status, 0)"},
            metric("worker"),
            metric("status"),
        ],
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    });
    let mut short = filling.clone();
    let properties = short.as_object_mut().unwrap();
    properties.remove("Metrics");
    properties.insert("Period".to_owned(), 60.into());
    // A log line is counted for the last minute, or nothing is; an invocation that goes well is a zero.
    for (name, alarm, zeros) in [("filling", filling, false), ("short", short, true)] {
        let alarm = Alarm::of(name, &alarm);
        for range in alarm.ranges() {
            assert!(goes_off(&alarm, 0, zeros, range), "{name}");
            for late in [1, 2, 3] {
                assert!(!goes_off(&alarm, late, zeros, range), "{name}, {late}");
            }
        }
    }
}

/// What the guide has its reader do once after a deployment.
#[tokio::test(flavor = "multi_thread")]
async fn the_guides_proof_writes_the_lines_that_set_off_the_two_alarms() {
    let stack = stack();
    let shell = Shell::on(&stack, Functions::default()).await;
    shell.done(&block_of("infra/README.md", "put-log-events", &stack));
    let group = format!("/aws/lambda/{}-retry-worker", stack.name);
    let lines = Aws::of(Emulator::shared()).audit(&group).await;
    for alarm in ["GaveUpAlarm", "ConfigurationFaultAlarm"] {
        let watched = &stack.properties(alarm)["MetricName"];
        let counted = lines.iter().filter(|line| line["count"] == *watched);
        assert_eq!(counted.count(), 1, "{alarm}: {lines:?}");
    }
}

/// The user guide's own tables: three points of a range of five, of which all or two have to breach.
#[test]
fn states_are_those_of_the_user_guides_examples() {
    let tables = [
        (
            3,
            [
                ("0-X-X", [false, false]),
                ("0----", [false, false]),
                ("-----", [true, false]),
                ("0XX-X", [true, true]),
                ("--X--", [true, false]),
            ],
        ),
        (
            2,
            [
                ("0-X-X", [true, true]),
                ("00X0X", [true, true]),
                ("0-X--", [true, false]),
                ("----0", [true, false]),
                ("---X-", [true, false]),
            ],
        ),
    ];
    for (to_alarm, rows) in tables {
        for (points, expected) in rows {
            let points: Vec<_> = points
                .chars()
                .map(|point| match point {
                    'X' => Some(1.0),
                    '0' => Some(0.0),
                    _ => None,
                })
                .collect();
            let alarm = |missing_breaches| Alarm {
                period: 5,
                evaluated: 3,
                to_alarm,
                threshold: 0.0,
                below: false,
                missing_breaches,
                fills: false,
            };
            let states = [true, false].map(|breaching| alarm(breaching).goes_off(&points));
            assert_eq!(states, expected, "{to_alarm} of {points:?}");
        }
    }
}
