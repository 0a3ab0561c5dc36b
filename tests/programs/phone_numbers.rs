//! Phone numbers against Python's port of libphonenumber, with the metadata of the same version: numbers that
//! are almost right, read as people of their region write them.

use std::collections::BTreeMap;
use std::time::Instant;

use relay::domain::phone::Country;
use serde::{Deserialize, Serialize};

use super::twilio_clients::{Language, ask};

const SEED: u64 = 1;
const CASES: u64 = 3_000;

/// There are fewer.
const MOST_EXAMPLES: u64 = 10_000;

#[test]
fn the_librarys_own_examples_are_read_as_it_reads_them() {
    let read = compare(None, 0..MOST_EXAMPLES);
    assert!(read["the same"] > 4_000, "{read:?}");
}

#[test]
fn numbers_that_are_almost_right_are_read_as_the_library_reads_them() {
    let read = compare(Some(SEED), 0..CASES);
    assert!(read["the same"] > CASES * 2 / 5, "{read:?}");
}

/// `make phone-numbers CASES=100000`; SEED, FIRST and CASES replay those of another run.
#[test]
#[ignore = "takes its time: make phone-numbers"]
fn as_many_as_asked_for() {
    let given = |name: &str, default: u64| {
        let text = std::env::var(name).unwrap_or_default();
        text.parse().unwrap_or(default)
    };
    let (first, cases) = (given("FIRST", 0), given("CASES", 100_000));
    let seed = given("SEED", SEED);
    let start = Instant::now();
    let read = compare(Some(seed), first..first + cases);
    let seconds = start.elapsed().as_secs_f64();
    println!("{cases} numbers of seed {seed} in {seconds:.0} s: {read:?}");
}

/// The number of a case, and the seed that it is drawn by; without one it is an example.
#[derive(Debug, Serialize)]
struct Case {
    number: u64,
    seed: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Theirs {
    region: String,
    text: String,
    e164: Option<String>,
    /// Whether somebody can have it.
    valid: bool,
    /// Whether it has no area.
    local: bool,
}

/// How many were read how.
fn compare(seed: Option<u64>, numbers: std::ops::Range<u64>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    let cases = numbers.map(|number| Case { number, seed });
    let program = "phone_numbers.py";
    ask(
        Language::Python,
        program,
        cases,
        |case: Case, theirs: Option<Theirs>| {
            let Some(theirs) = theirs else { return };
            let country = Country::parse(&theirs.region).expect("a country");
            let ours = country.read(&theirs.text);
            let ours = ours.as_ref().map(|number| number.expose());
            let what = verdict(ours.ok(), &theirs).unwrap_or_else(|| {
            panic!(
                "{ours:?}, and not {theirs:?}\nagain: make phone-numbers SEED={} FIRST={} CASES=1",
                seed.unwrap_or_default(),
                case.number
            )
        });
            *counts.entry(what).or_default() += 1;
        },
    );
    counts
}

/// How both read it; `None` if the relay is wrong.
fn verdict(ours: Option<&str>, theirs: &Theirs) -> Option<&'static str> {
    let has_letters = theirs
        .text
        .replace("tel:", "")
        .contains(char::is_alphabetic);
    // Where nobody has such a number, and people mean what most countries dial before another one's code.
    let is_00 = || {
        let digits: String = theirs.text.chars().filter(char::is_ascii_digit).collect();
        let elsewhere = digits.strip_prefix("00").map(|rest| format!("+{rest}"));
        ours.is_some_and(|ours| {
            elsewhere.is_some_and(|text| {
                Country::with_plus(&text[1..]).is_some_and(|n| n.expose() == ours)
            })
        })
    };
    match (ours, theirs.e164.as_deref()) {
        (ours, e164) if ours == e164 => Some("the same"),
        (None, Some(_)) if !theirs.valid => Some("refused, as nobody can have it"),
        // NXX-NXX-XXXX, where the library is laxer about the exchange of the Dominican Republic.
        (None, Some(e164)) if is_no_exchange(e164) => Some("refused, as no exchange begins so"),
        (None, Some(e164)) if e164.len() < 8 => Some("refused, as it is too short to be texted"),
        (None, Some(_)) if theirs.local => Some("refused, as it has no area"),
        (None, Some(_)) if has_letters => Some("refused for its letters"),
        (Some(_), _) if !theirs.valid && is_00() => Some("dialled from abroad"),
        (Some(ours), Some(_)) if theirs.region == "MX" || ours.starts_with("+52") => {
            Some("Mexican, with what was dialled before 2019")
        }
        _ => None,
    }
}

fn is_no_exchange(e164: &str) -> bool {
    e164.starts_with("+1") && matches!(e164.as_bytes().get(5), Some(b'0' | b'1'))
}
