use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use relay::domain::sms::{Encoding, segments};
use serde::Deserialize;

use super::{Language, ask};

#[derive(Deserialize)]
struct Counted {
    encoding: String,
    count: usize,
}

#[test]
fn twilios_calculator_counts_the_same_segments() {
    // Single characters only: a calculator that keeps combined ones together goes beyond what the
    // standard says.
    let plain = || select("abcXYZ019 .,@£_Ωé\n".chars().collect::<Vec<_>>());
    let extended = || select("[]{}^~|\\€".chars().collect::<Vec<_>>());
    let others = || select("’“я中ç🚐".chars().collect::<Vec<_>>());
    let texts = prop_oneof![
        vec(plain(), 0..700),
        vec(prop_oneof![9 => plain(), 1 => extended()], 0..500),
        vec(extended(), 70..90),
        vec(prop_oneof![9 => plain(), 1 => others()], 0..300),
        vec(others(), 25..90),
    ];
    let mut runner = TestRunner::deterministic();
    let mut draw = || texts.new_tree(&mut runner).unwrap().current();
    let texts: Vec<String> = (0..2000).map(|_| draw().into_iter().collect()).collect();
    let compare = |text: String, theirs: Counted| {
        let ours = segments(&text);
        let encoding = match ours.encoding {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        };
        assert_eq!(
            (encoding, ours.count),
            (&*theirs.encoding, theirs.count),
            "{text:?}"
        );
    };
    ask(Language::Node, "segments.js", texts.into_iter(), compare);
}
