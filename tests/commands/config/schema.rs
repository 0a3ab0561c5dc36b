//! The JSON Schema of `relay.toml`, which editors use: it knows the keys that the relay knows.

use std::collections::BTreeSet;

use relay::domain::line::config::{EXAMPLE, write};
use serde_json::Value;

use super::*;
use crate::programs::twilio_clients::{Language, ask};

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

fn path() -> String {
    format!(
        "{}/infra/integrations/relay.schema.json",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// The keys that a table can have, as the relay lists them when it is given another one.
fn known(header: &str) -> BTreeSet<String> {
    let stranger = "zzzzzzzz = 1";
    let text = match header {
        "" => format!("{stranger}\n{CONFIG}"),
        "[[line]]" => CONFIG.replacen("[[line]]", &format!("[[line]]\n{stranger}"), 1),
        "[[line.person]]" => CONFIG.replacen(
            "[[line.person]]",
            &format!("[[line.person]]\n{stranger}"),
            1,
        ),
        header => {
            let table = format!("{header}\n{stranger}\n\n[[line.person]]");
            CONFIG.replacen("[[line.person]]", &table, 1)
        }
    };
    let mistakes = mistakes_in(&text);
    let listed = mistakes
        .iter()
        .find_map(|mistake| mistake.split_once("it can have ").map(|(_, keys)| keys));
    let listed = listed.unwrap_or_else(|| panic!("{header}: {mistakes:?}"));
    let keys = listed.replace(" and ", ", ");
    keys.split(", ").map(str::to_owned).collect()
}

#[test]
fn it_has_the_keys_that_the_relay_reads() {
    let schema = schema();
    let line = "/properties/line/items/properties";
    for (header, place) in [
        ("", "/properties".to_owned()),
        ("[[line]]", line.to_owned()),
        ("[[line.person]]", format!("{line}/person/items/properties")),
        ("[[line.topic]]", format!("{line}/topic/items/properties")),
        ("[line.retry]", format!("{line}/retry/properties")),
        ("[line.auto_reply]", format!("{line}/auto_reply/properties")),
        ("[line.voice]", format!("{line}/voice/properties")),
        (
            "[line.voice.voicemail]",
            format!("{line}/voice/properties/voicemail/properties"),
        ),
        (
            "[line.template.x]",
            format!("{line}/template/additionalProperties/properties"),
        ),
    ] {
        let described = schema.pointer(&place).and_then(Value::as_object);
        let described = described.unwrap_or_else(|| panic!("{place}"));
        let described: BTreeSet<_> = described.keys().cloned().collect();
        assert_eq!(described, known(header), "{header}");
    }
}

#[test]
fn it_takes_what_the_relay_takes_and_refuses_slips() {
    let with_all = parse(EXAMPLE, "relay.toml").unwrap();
    let instance = |text: &str| -> Value { toml::from_str(text).unwrap() };
    let mut questions = vec![
        (instance(EXAMPLE), true),
        (instance(CONFIG), true),
        (instance(&write(&with_all)), true),
    ];
    for (right, wrong) in [
        ("hours = \"always\"", "hours = \"sometimes\""),
        ("time_zone =", "timezone ="),
        ("name = \"Sergio\"", "name = 1"),
        ("country = \"US\"", "country = \"usa\""),
    ] {
        assert!(CONFIG.contains(right), "{right}");
        questions.push((instance(&CONFIG.replacen(right, wrong, 1)), false));
    }
    let asked = questions.iter().map(
        |(instance, _)| serde_json::json!({ "schema": path(), "at": "#", "instance": instance }),
    );
    let mut expected = questions.iter().map(|(_, is_good)| *is_good);
    ask(
        Language::Python,
        "schemas.py",
        asked.collect::<Vec<_>>().into_iter(),
        &mut |asked: Value, errors: Vec<String>| {
            let is_good = expected.next().unwrap();
            assert_eq!(errors.is_empty(), is_good, "{errors:?} {asked}");
        },
    );
    assert_eq!(expected.next(), None);
}
