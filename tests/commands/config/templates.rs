use relay::domain::line::Line;
use relay::domain::line::config::{parse, write};
use serde_json::json;

use super::{CONFIG, mistakes_in};

/// The configuration with a template.
fn with(template: &str) -> String {
    CONFIG.replacen(
        "\n[[line.person]]",
        &format!("\n{template}\n[[line.person]]"),
        1,
    )
}

fn line(text: &str) -> Line {
    let lines = parse(text, "relay.toml").unwrap_or_else(|errors| panic!("{errors}"));
    lines.into_iter().next().unwrap()
}

const PUBLISHED: &str = r#"[line.template.event_published]
text = "{{ name }} on {{ starts | when }}{% if seats %}, {{ seats }} seats{% endif %}"
sample = { name = "Zurek", starts = 2026-04-29T18:00:00-07:00, seats = 40 }
"#;

/// One mistake is expected: in this row of the template and column, with these phrases.
#[track_caller]
fn refused(template: &str, at: (usize, usize), phrases: &[&str]) {
    let mistakes = mistakes_in(&with(template));
    let [mistake] = &mistakes[..] else {
        panic!("one mistake expected: {mistakes:#?}");
    };
    let (row, column) = at;
    assert!(
        mistake.starts_with(&format!("{}:{column}: ", 7 + row)),
        "{mistake}"
    );
    for phrase in phrases {
        assert!(mistake.contains(phrase), "{mistake:?} lacks {phrase:?}");
    }
}

#[test]
fn a_template_of_ones_own_takes_the_place_of_the_one_that_is_built_in() {
    let built_in = line(CONFIG).template("event_published").unwrap();
    let own = line(&with(PUBLISHED)).template("event_published").unwrap();
    assert_ne!(own, built_in);
    assert_eq!(
        own.sample["starts"],
        json!("2026-04-29T18:00:00-07:00"),
        "a date of TOML is text"
    );
    assert_eq!(own.sample["seats"], json!(40));
    assert!(line(CONFIG).template("shout").is_none());
}

#[test]
fn templates_are_written_back_as_they_were_read() {
    let other = "[line.template.odd]\ntext = \"\"\"it's \\\\ {{ list | join(', ') }}\n\n{{ a.b }}\"\"\"\n\
                 sample = { list = [1, 2.5, \"ñ\"], a = { b = true } }\n";
    let lines = parse(&with(&format!("{PUBLISHED}\n{other}")), "relay.toml").unwrap();
    assert_eq!(lines[0].notices.templates.len(), 2);
    assert_eq!(
        parse(&write(&lines), "relay.toml").unwrap(),
        lines,
        "{}",
        write(&lines)
    );
}

#[test]
fn numbers_that_json_cannot_hold_are_text() {
    let odd = "[line.template.odd]\ntext = \"{{ a }} {{ b }}\"\nsample = { a = inf, b = 99999999999999999999 }\n";
    let lines = parse(&with(odd), "relay.toml").unwrap();
    let sample = &lines[0].notices.templates["odd"].sample;
    assert_eq!(sample["a"], json!("inf"));
    assert_eq!(sample["b"], json!("99999999999999999999"));
    assert_eq!(parse(&write(&lines), "relay.toml").unwrap(), lines);
}

#[test]
fn what_the_sample_lacks_is_named_where_the_text_stands() {
    let wrong = PUBLISHED.replace("name = \"Zurek\", ", "");
    refused(&wrong, (2, 8), &["the sample has no name", "{% if name %}"]);
    let wrong = PUBLISHED.replace("2026-04-29T18:00:00-07:00", "\"soon\"");
    refused(&wrong, (2, 8), &["starts of the sample is no time"]);
    let without = PUBLISHED.lines().take(2).collect::<Vec<_>>().join("\n");
    refused(&without, (2, 8), &["the sample has no name"]);
}

#[test]
fn a_template_that_is_no_template_is_refused_with_what_to_write() {
    for (wrong, at, phrases) in [
        (
            "[line.template.a]\ntext = \"{{ name\"\n",
            (2, 8),
            ["syntax error", "line 1"],
        ),
        (
            "[line.template.a]\ntext = \"\"\n",
            (2, 8),
            ["empty", "sample"],
        ),
        (
            "[line.template.a]\nsample = {}\n",
            (1, 1),
            ["no text", "add text"],
        ),
        (
            "[line.template.a]\ntext = 7\n",
            (2, 8),
            ["an integer", "double quotes"],
        ),
        (
            "[line.template.a]\ntext = \"a\"\nsample = 7\n",
            (3, 10),
            ["an integer", "name = \"Zurek\""],
        ),
        (
            "[line.template.a]\ntext = \"a\"\nsmaple = {}\n",
            (3, 1),
            ["no key", "did you mean sample"],
        ),
        (
            "[line.template.Big]\ntext = \"a\"\n",
            (1, 16),
            ["\"Big\"", "small letters"],
        ),
        (
            "[line.template]\na = \"text\"\n",
            (2, 5),
            ["text", "[line.template.a]"],
        ),
    ] {
        refused(wrong, at, &phrases);
    }
    let long = format!("[line.template.a]\ntext = \"{}\"\n", "x".repeat(1601));
    refused(&long, (2, 8), &["1601 characters", "1600 are the most"]);
}
