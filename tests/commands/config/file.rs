use std::path::Path;

use relay::cli::config_file;
use relay::domain::line::config;
use relay::domain::line::config::parse;

use super::{CONFIG, check, mistakes_after, mistakes_in};

#[test]
fn a_line_with_nobody_behind_it() {
    let people = &CONFIG[CONFIG.find("\n[[line.person]]").unwrap()..];
    check(
        people,
        "",
        "1:1",
        &["nobody is behind this line; add a [[line.person]]"],
    );
}

#[test]
fn a_file_without_a_line() {
    for text in ["", "# nothing yet\n"] {
        let mistakes = mistakes_in(text);
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].starts_with("1:1: there is no line in the file; write a [[line]]"));
    }
}

#[test]
fn keys_that_nobody_knows() {
    check(
        "hours = \"always\"",
        "hours = \"always\"\nemail = \"x\"",
        "17:1",
        &[
            "line.person has no key \"email\"; it can have name, number, hours, pin, may_write_first, calls and screening",
        ],
    );
    let mistakes = mistakes_after("time_zone =", "timezone =");
    assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("1:1: line has no time_zone; add time_zone = \"America/"));
    assert!(mistakes[1].starts_with("5:1: line has no key \"timezone\"; did you mean time_zone?"));
    check(
        "[[line]]",
        "colour = 1\n[[line]]",
        "1:1",
        &["the file has no key \"colour\""],
    );
}

#[test]
fn the_value_of_an_unknown_key_is_not_repeated() {
    let text = CONFIG.replacen("country =", "token = \"hunter2\"\ncountry =", 1);
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    assert!(shown.contains("\n4 | token …\n"), "{shown}");
    assert!(!shown.contains("hunter2"));
}

#[test]
fn keys_that_are_missing() {
    let name = "name = \"qdn\"\n";
    check(name, "", "1:1", &["line has no name; add name = \"main\""]);
    let hours = "hours = \"always\"\n";
    check(
        hours,
        "",
        "13:1",
        &["line.person has no hours; add hours = \"always\""],
    );
}

#[test]
fn tables_in_single_brackets() {
    check(
        "[[line]]",
        "[line]",
        "1:1",
        &["this is a table; write [[line]] in double brackets"],
    );
    let text = CONFIG.replace("[[line.person]]", "[line.person]");
    let mistakes = mistakes_in(&text);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("13:7: there is such a table already; write it in double"));
}

#[test]
fn tables_by_another_name() {
    let people = CONFIG.find("[[line.person]]").unwrap();
    for (name, written) in [
        ("[[person]]", "[[line.person]]"),
        ("[[people]]", "[[line.person]]"),
        ("[[line.people]]", "[[line.person]]"),
        ("[[line.persons]]", "[[line.person]]"),
        ("[[topic]]", "[[line.topic]]"),
        ("[voice]", "[line.voice]"),
        ("[line.voicemail]", "[line.voice.voicemail]"),
        ("[lines]", "[[line]]"),
    ] {
        let text = format!(
            "{}{name}\nkeep = \"1d\"\n{}",
            &CONFIG[..people],
            &CONFIG[people..]
        );
        let mistakes = mistakes_in(&text);
        assert_eq!(mistakes.len(), 1, "{name}: {mistakes:#?}");
        let told = format!("; write {written}");
        assert!(mistakes[0].ends_with(&told), "{name}: {mistakes:?}");
    }
    let above = format!("time_zone = \"UTC\"\n{CONFIG}");
    assert!(mistakes_in(&above)[0].contains("write it below [[line]]"));
}

#[test]
fn a_file_that_is_not_toml() {
    check("\"qdn\"", "qdn", "2:8", &["write it in double quotes"]);
    check(
        "name = \"qdn\"",
        "name = \"qdn\"\nname = \"abc\"",
        "3:1",
        &["there is such a key already; write it once"],
    );
    check(
        "\"always\"",
        "\"always",
        "16:16",
        &["this text has no end; write a double quote"],
    );
    check(
        "name = \"qdn\"",
        "name",
        "2:5",
        &["there is no = behind this key"],
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_their_order() {
    let text = CONFIG
        .replace("\"US\"", "\"UK\"")
        .replace("Los_Angeles", "Los_Angelos")
        .replace("Sat 09", "Fri 09")
        .replace("\"always\"", "\"never\"");
    let places: Vec<String> = mistakes_in(&text)
        .iter()
        .map(|m| m.split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(places, ["4:11", "5:13", "11:33", "16:9"]);
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    assert!(shown.ends_with("\n\n4 mistakes in relay.toml"), "{shown}");
}

#[test]
fn a_mistake_is_shown_in_its_line_without_the_number() {
    let text = CONFIG.replace("619-555-0111", "619-555-0110");
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    let expected = "relay.toml:15:10: Sergio has this number already, and a text that fails would \
                    go there twice; write another number or leave this person out
   |
15 | number = \"•••-•••-••10\"
   |          ^^^^^^^^^^^^^^";
    assert_eq!(shown, expected);
}

#[test]
fn several_lines_stand_in_one_file() {
    let second = CONFIG
        .replace("qdn", "two")
        .replace("555-0100", "555-0101")
        .replace("5550100", "5550101");
    let lines = parse(&(CONFIG.to_owned() + &second), "relay.toml").unwrap();
    let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["qdn", "two"]);
    assert_eq!(parse(&config::write(&lines), "relay.toml").unwrap(), lines);
}

fn read(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.toml");
    std::fs::write(&path, content).unwrap();
    let error = config_file::read(&path).expect_err("this should have been refused");
    error
        .to_string()
        .replace(&path.display().to_string(), "relay.toml")
}

#[test]
fn a_file_that_is_missing_too_large_or_not_utf8() {
    let missing = config_file::read(Path::new("/nonexistent/relay.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("copy relay.example.toml there"),
        "{missing}"
    );
    assert!(read(&vec![b'#'; 1024 * 1024 + 1]).contains("larger than 1 MiB"));
    let latin1 = read(b"[[line]]\nname = \"Jos\xe9\"\n");
    assert!(latin1.starts_with("relay.toml:2:12: this byte is not UTF-8; save the file as UTF-8"));
    let folder = config_file::read(Path::new("/")).unwrap_err().to_string();
    assert!(folder.contains("cannot be read"), "{folder}");
}

#[test]
fn a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.toml");
    std::fs::write(&path, CONFIG).unwrap();
    assert_eq!(
        config_file::read(&path).unwrap(),
        parse(CONFIG, "x").unwrap()
    );
}
