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
        ("K=abc # c", 6, NeedsQuotes),
        ("K=abc ", 6, NeedsQuotes),
        ("K='abc'#d", 8, AfterQuote),
        ("K='abc' ", 8, AfterQuote),
        ("K=a b", 4, NeedsQuotes),
        ("K=a\\b", 4, NeedsQuotes),
        ("K=\"a\\nb\"", 5, InDoubleQuotes),
        ("K=\"a\\\"b\"", 5, InDoubleQuotes),
        ("K=\"a$X\"", 5, InDoubleQuotes),
        ("K=\"a!b\"", 5, InDoubleQuotes),
        ("K=\"a`b`\"", 5, InDoubleQuotes),
        ("K='a\\\\b'", 5, InSingleQuotes),
        ("K='a${X}b'", 5, InSingleQuotes),
        ("K='a\\'", 5, InSingleQuotes),
        ("K='a'\\''b'", 6, AfterQuote),
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

#[cfg(unix)]
mod file {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read_file(content: &[u8], mode: u32) -> Result<Credentials, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repos.env");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let shown = path.display().to_string();
        read(&path).map_err(|error| error.to_string().replace(&shown, "repos.env"))
    }

    fn whole() -> String {
        let sid = "AC".to_owned() + &"0".repeat(32);
        format!("OTHER_SERVICE='pass word'\nTWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN=hunter2\n")
    }

    #[test]
    fn twilios_credentials_are_picked_from_among_others() {
        let credentials = read_file(whole().as_bytes(), 0o600).unwrap();
        assert_eq!(credentials.auth_token.expose(), "hunter2");
        assert!(credentials.api_key.is_none());
        assert!(read_file(whole().as_bytes(), 0o400).is_ok());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_helps() {
        for mode in [0o644, 0o640, 0o604, 0o666] {
            let error = read_file(whole().as_bytes(), mode).unwrap_err();
            assert!(error.contains("run `chmod 600 repos.env`"), "{error}");
            assert!(error.contains(&format!("mode {mode:o}")), "{error}");
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let error = read(Path::new("/nonexistent/repos.env"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("there is no /nonexistent/repos.env; create it"),
            "{error}"
        );
        let error = read(Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        let error = read_file(&vec![b'#'; 1024 * 1024 + 1], 0o600).unwrap_err();
        assert!(error.contains("larger than 1 MiB"), "{error}");
        let error = read_file(b"A=1\nK='\xff'\n", 0o600).unwrap_err();
        assert!(
            error.starts_with("repos.env:2:4: the file is not UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn a_mistake_and_a_missing_variable_are_named_with_the_file() {
        let error = read_file((whole() + "K = 1\n").as_bytes(), 0o600).unwrap_err();
        assert!(
            error.starts_with("repos.env:4:2: there is white space around the ="),
            "{error}"
        );
        let error = read_file(b"OTHER=1\n", 0o600).unwrap_err();
        assert!(
            error.starts_with("TWILIO_ACCOUNT_SID is missing from repos.env"),
            "{error}"
        );
    }
}
