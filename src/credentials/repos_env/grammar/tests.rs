use super::*;

fn pairs(text: &str) -> Vec<(String, String)> {
    parse(text)
        .unwrap()
        .into_iter()
        .map(|entry| (entry.key, entry.value.expose().to_owned()))
        .collect()
}

fn refused(text: &str) -> (usize, usize, Problem) {
    let bad = parse(text).expect_err("this should have been refused");
    (bad.line, bad.column, bad.problem)
}

#[test]
fn the_three_forms_that_all_loaders_read_alike() {
    let text = "# our credentials\n\nBARE=aZ9_./:@%+,=-\nSINGLE='a \"b\" $c `d` #e {f}'\n\
                DOUBLE=\"it's #1\"\nEMPTY=\nEMPTY_TOO=''\n_X1=é日\n";
    let bad = refused(text);
    assert_eq!(bad, (8, 5, Problem::NeedsQuotes));
    let text = text.replace("é日", "'é日'");
    let expected = [
        ("BARE", "aZ9_./:@%+,=-"),
        ("SINGLE", "a \"b\" $c `d` #e {f}"),
        ("DOUBLE", "it's #1"),
        ("EMPTY", ""),
        ("EMPTY_TOO", ""),
        ("_X1", "é日"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(pairs(&text), expected);
    assert_eq!(parse(&text).unwrap()[1].line, 4);
}

#[test]
fn what_loaders_read_differently_is_refused_with_its_place() {
    use Problem::*;
    for (text, column, problem) in [
        ("K = abc", 2, SpaceAroundEquals),
        ("K= abc", 3, SpaceAroundEquals),
        ("K=abc#def", 6, NeedsQuotes),
        ("K=#abc", 3, NeedsQuotes),
        ("K=abc # c", 6, TrailingComment),
        ("K=abc ", 6, TrailingSpace),
        ("K='abc'#d", 8, SplitQuotes),
        ("K='abc' ", 8, TrailingSpace),
        ("K=a b", 4, NeedsQuotes),
        ("K=a\\b", 4, NeedsQuotes),
        ("K=\"a\\nb\"", 5, EscapedLineBreak),
        ("K=\"a\\\"b\"", 5, Escaped),
        ("K=\"a$X\"", 5, InDoubleQuotes),
        ("K=\"a!b\"", 5, InDoubleQuotes),
        ("K=\"a`b`\"", 5, InDoubleQuotes),
        ("K='a\\\\b'", 5, InSingleQuotes),
        ("K='a${X}b'", 5, InSingleQuotes),
        ("K='a\\'", 5, InSingleQuotes),
        ("K='a'\\''b'", 6, EscapedQuote),
        ("K=pa$1w", 5, NeedsQuotes),
        ("K=`abc`", 3, NeedsQuotes),
        ("K={\"a\":\"b\"}", 3, NeedsQuotes),
        ("K=~/x", 3, NeedsQuotes),
        ("K=a;b", 4, NeedsQuotes),
        ("K=\"abc", 3, Unclosed),
        ("K='abc", 3, Unclosed),
        ("K: abc", 2, NoEquals),
        ("K abc", 2, NoEquals),
        ("K", 2, NoEquals),
        ("  K=abc", 1, Indented),
        (" # comment", 1, Indented),
        ("export K=abc", 1, Export),
        ("k=abc", 1, NotAKey),
        ("A!B=1", 2, NotAKey),
        ("1K=abc", 1, NotAKey),
        ("=abc", 1, NotAKey),
        ("PATH=/bin", 1, ReservedKey),
        ("LD_PRELOAD=x", 1, ReservedKey),
        ("K=abc\r", 6, CarriageReturn),
        ("K='a\0b'", 5, ControlCharacter),
        ("K='a\u{85}b'", 5, ControlCharacter),
        ("A='2'", 1, Twice),
    ] {
        let whole = format!("# first\nA=1\nA2='b'\n{text}\n");
        assert_eq!(refused(&whole), (4, column, problem), "{text:?}");
    }
    assert_eq!(refused("\u{feff}K=1\n"), (1, 1, ByteOrderMark));
    assert_eq!(refused("K='é\u{301}\n"), (1, 3, Unclosed));
}

/// What follows the K in the table of how dotenv loaders differ, measured with python-dotenv 1.2,
/// dotenv 17, Bash 5.2 and godotenv 1.5.
#[test]
fn every_row_on_which_loaders_differ_is_refused() {
    for rest in [
        " = abc",
        "= abc",
        "=abc#def",
        "=#abc",
        "=abc # c",
        "='abc'#d",
        "=a b",
        "=a\\b",
        "=\"a\\nb\"",
        "=\"a\\tb\"",
        "=\"a\\\"b\"",
        "=\"a\\\\b\"",
        "=\"a\\$b\"",
        "='a\\\\b'",
        "='a\\'b'",
        "='a'\\''b'",
        "=pa$1w",
        "=a$X",
        "=\"a$X\"",
        "=a${X}b",
        "=\"a${X}b\"",
        "='a${X}b'",
        "=`abc`",
        "={\"a\":\"b\"}",
        "=~/x",
        "=a;b",
        "=a&b",
        "=\"a\nb\"",
        "='a\nb'",
        "=abc\r",
        ": abc",
        "=\"abc",
        "=1\nK=2",
    ] {
        for end in ["\n", "", "\nNEXT=1\n"] {
            let text = format!("K{rest}{end}");
            assert!(parse(&text).is_err(), "{text:?}");
            assert!(parse(&format!("BEFORE=1\n{text}")).is_err(), "{text:?}");
        }
    }
    assert!(parse("\u{feff}K=abc\n").is_err());
}

#[test]
fn a_refusal_shows_nothing_of_the_file() {
    for text in [
        "hunter2",
        "K=hunter2 hunter2",
        "K='hunter2",
        "K='hunter2'hunter2",
        "K=\"$hunter2\"",
        "K=hunter2\nK=hunter2",
        "hunter2!K=1",
    ] {
        let bad = parse(text).unwrap_err();
        assert!(!format!("{bad} {bad:?}").contains("hunter2"));
    }
    assert!(!format!("{:?}", parse("K=hunter2").unwrap()).contains("hunter2"));
}

#[test]
fn what_only_looks_like_a_blank_or_ends_a_line_for_some_is_refused() {
    use Problem::*;
    assert_eq!(refused("A=1\n\u{a0}\nB=2"), (2, 1, WhiteSpaceAlone));
    assert_eq!(refused("A=1\n\n \nB=2"), (3, 1, WhiteSpaceAlone));
    assert_eq!(refused("A=1\n# B=2"), (2, 6, UnendedComment));
    assert_eq!(refused("# a\u{2028}A=1\n"), (1, 4, LineBreak));
    assert_eq!(refused("A='\u{2029}'"), (1, 4, LineBreak));
    assert_eq!(refused("A=1\n\u{feff}B=2"), (2, 1, NotAKey));
    assert_eq!(refused("RANDOM=4"), (1, 1, ReservedKey));
    assert_eq!(pairs("\n#\t=\n\n# a").len(), 0);
}

#[test]
fn every_line_that_is_wrong_is_found() {
    let (entries, mistakes) = scan("A=1\nB= 2\nC=3\nA=4\nD='\n");
    let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["A", "C"]);
    let lines: Vec<_> = mistakes.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [2, 4, 5]);
}

#[test]
fn a_hundred_thousand_variables_are_read_at_once() {
    let text: String = (0..100_000).map(|n| format!("K{n}=\n")).collect();
    assert_eq!(parse(&text).unwrap().len(), 100_000);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_place_inside_it(
        text in "([A-C_]{1,2}=)?[ -~é\u{a0}\u{2028}\t\r\n\0'\"\\\\$`{}#=]{0,30}"
    ) {
        if let Err(bad) = parse(&text) {
            let line = text.split('\n').nth(bad.line - 1).unwrap();
            proptest::prop_assert!(bad.column <= line.chars().count() + 1);
        }
    }
}

#[test]
fn advice_is_by_what_was_meant() {
    use Problem::*;
    for (text, column, problem) in [
        ("K=abc   # note", 6, TrailingComment),
        ("K=a b # note", 6, TrailingComment),
        ("K=abc\t", 6, TrailingSpace),
        ("K='abc'   # note", 8, AfterQuote),
        ("K=\"abc\" ", 8, TrailingSpace),
        ("K=it's", 5, NeedsDoubleQuotes),
        ("K=it's $5", 5, NeedsEncoding),
        ("K=a${X}b", 4, NeedsEncoding),
        ("K='it\\'s'", 6, EscapedQuote),
        ("K='it'\"'\"'s'", 7, EscapedQuote),
        ("K=\"a\\tb\"", 5, EscapedLineBreak),
        ("K=\"a\\r\\nb\"", 5, EscapedLineBreak),
        ("K=\"a\\$b\"", 5, Escaped),
        ("K=\"a\\\\b\"", 5, Escaped),
        ("K=\"it's $5\"", 9, NeedsEncoding),
        ("K=\"a${X}b\"", 5, NeedsEncoding),
        ("K='a'b", 6, SplitQuotes),
    ] {
        assert_eq!(refused(text), (1, column, problem), "{text:?}");
    }
}

#[test]
fn a_value_of_several_lines_is_one_mistake() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIB\nAAA=\nA1=\n-----END PRIVATE KEY-----";
    for (value, lines) in [
        (format!("\"{pem}\""), 5),
        (format!("'{pem}'"), 5),
        (pem.to_owned(), 5),
        ("\"two\nlines\"".to_owned(), 2),
        ("'one\n\n# and more\n'".to_owned(), 4),
        (format!("\"\n{pem}\n\""), 7),
    ] {
        let (entries, mistakes) = scan(&format!("A=1\nK={value}\nB=2\n"));
        let [mistake] = mistakes[..] else {
            panic!("{value:?}: {mistakes:?}");
        };
        assert_eq!(
            (mistake.line, mistake.problem),
            (2, Problem::SeveralLines),
            "{value:?}"
        );
        let kept: Vec<_> = entries
            .iter()
            .map(|entry| (entry.key.as_str(), entry.line))
            .collect();
        assert_eq!(kept, [("A", 1), ("B", 2 + lines)], "{value:?}");
    }
    // A quote that is not closed, and variables below.
    let (entries, mistakes) = scan("K=\"abc\nB=\"x\"\nC=1\n");
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].problem, Problem::Unclosed);
    assert_eq!(entries.len(), 2);
}
