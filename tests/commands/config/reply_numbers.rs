//! Further numbers of a line.

use relay::domain::line::config::{parse, write};

use super::{CONFIG, check, mistakes_in};

const URL: &str = "public_url = \"https://relay.example.com\"\n";

fn with(numbers: &str) -> String {
    CONFIG.replacen(URL, &format!("{URL}reply_numbers = [{numbers}]\n"), 1)
}

#[test]
fn reply_numbers_are_read_as_people_write_numbers_and_written_back() {
    let lines = parse(&with("\"+16195550150\", \"619-555-0151\""), "relay.toml").unwrap();
    let numbers: Vec<_> = lines[0].reply_numbers.iter().map(|n| n.expose()).collect();
    assert_eq!(numbers, ["+16195550150", "+16195550151"]);
    assert_eq!(parse(&write(&lines), "relay.toml").unwrap(), lines);
    let without = parse(CONFIG, "relay.toml").unwrap();
    assert_eq!(without[0].reply_numbers, []);
    assert!(!write(&without).contains("reply_numbers"));
}

#[test]
fn a_reply_number_is_nothing_else() {
    for (numbers, at, phrase) in [
        (
            "\"619-555-0100\"",
            "7:18",
            "this is the number of line \"qdn\"",
        ),
        (
            "\"619-555-0150\", \"+16195550150\"",
            "7:34",
            "a reply number of line \"qdn\" already",
        ),
        (
            "\"619-555-0110\"",
            "11:10",
            "this is a reply number of line \"qdn\"",
        ),
        ("\"619-555\"", "7:18", "this is not a phone number of US"),
        ("5", "7:18", "write it as text"),
    ] {
        let mistakes = mistakes_in(&with(numbers));
        assert_eq!(mistakes.len(), 1, "{numbers}: {mistakes:#?}");
        assert!(mistakes[0].starts_with(&format!("{at}: ")), "{mistakes:?}");
        assert!(
            mistakes[0].contains(phrase),
            "{mistakes:?} lacks {phrase:?}"
        );
    }
    let alert = format!("{URL}alert = \"619-555-0150\"\nreply_numbers = [\"619-555-0150\"]\n");
    check(
        URL,
        &alert,
        "7:9",
        &[
            "a reply number of line \"qdn\"",
            "write the number of whoever",
        ],
    );
    check(
        URL,
        &format!("{URL}reply_numbers = \"619-555-0150\"\n"),
        "7:17",
        &["write a list"],
    );
    let many: Vec<_> = (150..171).map(|n| format!("\"+1619555{n:04}\"")).collect();
    let mistakes = mistakes_in(&with(&many.join(", ")));
    assert!(
        mistakes[0].contains("these are 21 reply numbers"),
        "{mistakes:?}"
    );
}

#[test]
fn no_two_lines_share_a_reply_number() {
    let another = with("\"619-555-0150\"")
        .replace("qdn", "harbour")
        .replace("5550100", "5550101");
    let mistakes = mistakes_in(&(with("\"619-555-0150\"") + &another));
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(
        mistakes[0].contains("a reply number of line \"qdn\" already"),
        "{mistakes:?}"
    );
}
