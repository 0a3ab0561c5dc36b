//! Subscribers from a shell: one by one and as lists.

use relay::app::ports::store::Subscribers;
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::Subscriber;

use super::*;

const LINE: &str = "+16195550100";

/// The configuration with one topic alone.
fn one_topic() -> String {
    let at = EXAMPLE
        .find("[[line.topic]]\nname = \"maintenance\"")
        .unwrap();
    let end = at + EXAMPLE[at..].find("\n\n").unwrap();
    EXAMPLE.replace(&EXAMPLE[at..end], "")
}

async fn place_with_one_topic() -> Place {
    let place = Place::with_config(&one_topic());
    place.store().await;
    place
}

/// Who gets the topic's notices, by the last four digits.
async fn gets(place: &Place, topic: &str) -> Vec<String> {
    let line = PhoneNumber::parse(LINE).unwrap();
    let found = place
        .store()
        .await
        .subscribers(&line, topic, None, 100)
        .await;
    let found = found.unwrap().into_iter();
    found.map(|s| s.number.expose()[8..].to_owned()).collect()
}

async fn on_record(place: &Place, number: &str) -> Subscriber {
    let parse = |text| PhoneNumber::parse(text).unwrap();
    let (line, number) = (parse(LINE), parse(number));
    let store = place.store().await;
    let subscriber = store.subscriber(&line, "events", &number).await;
    subscriber.unwrap().expect("somebody on record")
}

fn audit(place: &Place) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path().join(".relay/audit.jsonl")).unwrap();
    assert!(!text.contains("555010"), "only masked: {text}");
    let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
    records.collect()
}

#[tokio::test]
async fn numbers_are_put_in_listed_and_taken_out() {
    let place = place_with_one_topic().await;
    let list = || place.relay(&["subscribers", "list"]).out();
    assert!(list().contains("nobody subscribed to it"), "{}", list());

    let add = ["subscribers", "add", "858-555-0107"];
    let with = ["--since", "2026-11-02", "--how", "asked at the counter"];
    let added = place.relay(&[&add[..], &with].concat()).out();
    assert_eq!(added, "qdn: +18585550107 gets events\n");
    assert!(place.relay(&add).out().contains("gets events already"));
    let shown = list();
    assert!(shown.contains("+1•••07"), "{shown}");
    assert!(
        shown.contains("since Mon 2026-11-02 00:00 PST by hand: asked at the counter"),
        "{shown}"
    );
    assert!(shown.contains("1 subscriber\n"), "{shown}");
    let listed = place
        .relay(&["subscribers", "list", "--json", "--numbers"])
        .json();
    assert_eq!(listed[0]["number"], "+18585550107");
    assert_eq!(listed[0]["topic"], "events");
    assert_eq!(listed[0]["how"]["hand"], "asked at the counter");

    let remove = ["subscribers", "remove", "+18585550107", "--json"];
    let removed = place.relay(&remove).json();
    assert_eq!(
        (&removed["changed"], &removed["subscribed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(removed["topics"], serde_json::json!(["events"]));
    assert_eq!(place.relay(&remove).json()["changed"], false);
    assert_eq!(
        place.relay(&["subscribers", "list", "--json"]).json(),
        serde_json::json!([])
    );
    let kept = on_record(&place, "+18585550107").await;
    assert!(!kept.is_active());

    // Their word of today is newer than that they left; one of last week is not.
    let old = place.relay(&[&add[..], &with[..2]].concat());
    old.refused(1, "if they agreed anew, say when with --since");
    assert!(place.relay(&add).out().contains("gets events\n"));
    let audit = audit(&place);
    let kinds: Vec<_> = audit.iter().map(|record| &record["kind"]).collect();
    assert_eq!(kinds, ["subscribed", "left", "subscribed"]);
    assert_eq!(audit[0]["topic"], "events");
    assert_eq!(audit[0]["outcome"], "+1•••07: by hand");
}

#[tokio::test]
async fn who_opted_out_is_said_to_get_nothing() {
    let place = place_with_one_topic().await;
    place.relay(&["optouts", "add", "858-555-0107"]).out();
    let added = place.relay(&["subscribers", "add", "858-555-0107"]).out();
    assert!(added.contains("get none until they text START"), "{added}");
}

#[tokio::test]
async fn a_slip_of_the_pen_changes_nothing() {
    let place = Place::new();
    place
        .relay(&["subscribers", "list"])
        .refused(1, "there is no relay in .relay");
    place.store().await;
    let add = |rest: &[&str]| place.relay(&[&["subscribers", "add"], rest].concat());
    add(&["858-555-0107"]).refused(2, "say which one with --topic: events, maintenance");
    add(&["858-555-0107", "--topic", "parties"])
        .refused(2, "has no topic \"parties\"; it has events");
    let events = ["--topic", "EVENTS"];
    let adds = |number: &str, rest: &[&str]| add(&[&[number][..], &events, rest].concat());
    adds("555", &[]).refused(2, "is no telephone number");
    adds("619-555-0100", &[]).refused(2, "that is the number of line qdn itself");
    adds("+525550100107", &[]).refused(2, "only those with +1");
    adds("858-555-0107", &["--since", "2126-01-01"]).refused(2, "is still to come");
    adds("858-555-0107", &["--since", "lately"]).refused(2, "is no time");
    adds("858-555-0107", &["--line", "shop"]).refused(2, "there is no line \"shop\"");
    adds("858-555-0107", &["--table", "relay"]).refused(2, "--log-group");
    assert!(gets(&place, "events").await.is_empty());
    let removed = place
        .relay(&["subscribers", "remove", "858-555-0107"])
        .out();
    assert_eq!(removed, "qdn: +18585550107 gets no notices\n");
}

fn list(place: &Place, text: &str) {
    std::fs::write(place.path().join("people.csv"), text).unwrap();
}

const PEOPLE: &str = "number,since,how\n\
    858-555-0107,2026-11-02,web form\n\
    858-555-0108,,\n\
    858-555-01,,\n\
    858-555-0107,,\n\
    858-555-0109,2026-11-03T10:00:00Z\n\
    858-555-0110,tomorrow,\n\
    \"(858) 555-0111\",2026-11-04,\"said so, twice\"\n";

#[tokio::test]
async fn a_list_is_imported_but_for_its_mistakes_which_are_said_with_their_lines() {
    let place = place_with_one_topic().await;
    list(&place, PEOPLE);
    let ran = place.relay(&["subscribers", "import", "people.csv"]);
    assert_eq!(ran.code(), 1, "a script is to notice");
    assert_eq!(
        ran.printed(),
        "qdn: 3 joined, 1 had before; 3 rows could not be read\n"
    );
    let errors = ran.errors();
    for mistake in [
        "people.csv:4: its number is none: it has too few digits; write it as US does",
        "people.csv:6: 2 fields where the first row has 3 fields",
        "people.csv:7: \"tomorrow\" is no time",
    ] {
        assert!(errors.contains(mistake), "{errors}");
    }
    assert!(!errors.contains("555"), "{errors}");
    assert_eq!(gets(&place, "events").await, ["0107", "0108", "0111"]);
    let kept = on_record(&place, "+18585550111").await;
    assert_eq!(kept.consent.how.to_string(), "by a list: said so, twice");
    let audit = audit(&place);
    assert_eq!(audit.len(), 1, "one for the list");
    assert_eq!(audit[0]["outcome"], "3 by a list");

    let again = place.relay(&["subscribers", "import", "people.csv", "--json"]);
    let again: Value = serde_json::from_str(&again.printed()).unwrap();
    assert_eq!(
        (&again["joined"], &again["already"]),
        (&0.into(), &4.into())
    );
    assert_eq!((&again["rows"], &again["bad_rows"]), (&7.into(), &3.into()));
    assert_eq!(again["bad"][1]["line"], 6);
}

#[tokio::test]
async fn a_strict_import_takes_all_or_nothing() {
    let place = place_with_one_topic().await;
    list(&place, PEOPLE);
    let strict = ["subscribers", "import", "people.csv", "--strict"];
    let ran = place.relay(&strict);
    assert_eq!(ran.code(), 1);
    assert_eq!(
        ran.printed(),
        "qdn: nothing was imported, for 3 rows cannot be read\n"
    );
    assert!(ran.errors().contains("people.csv:4: "), "{}", ran.errors());
    assert!(gets(&place, "events").await.is_empty());
    assert!(audit(&place).is_empty());
    list(&place, "number\n858-555-0107\n\n858-555-0108\n");
    assert_eq!(place.relay(&strict).out(), "qdn: 2 joined\n");
}

#[tokio::test]
async fn who_left_does_not_come_back_by_an_old_list() {
    let place = place_with_one_topic().await;
    list(
        &place,
        "number,since\n858-555-0107,2026-11-02\n858-555-0108,\n",
    );
    let import = ["subscribers", "import", "people.csv"];
    assert_eq!(place.relay(&import).out(), "qdn: 2 joined\n");
    for number in ["858-555-0107", "858-555-0108"] {
        place.relay(&["subscribers", "remove", number]).out();
    }
    let ran = place.relay(&import);
    assert_eq!(ran.out(), "qdn: 0 joined, 2 had left and stay out\n");
    assert!(
        ran.errors().contains("people.csv:3: they left events on"),
        "{}",
        ran.errors()
    );
    assert!(gets(&place, "events").await.is_empty());
}

#[tokio::test]
async fn what_is_exported_can_be_imported_elsewhere() {
    let place = Place::new();
    place.store().await;
    list(
        &place,
        "topic,number,since,how\nevents,858-555-0107,2026-11-02,\"a, b\"\nMAINTENANCE,858-555-0108,,\n\
         maintenance,858-555-0107,2026-11-03T10:00:00Z,\n",
    );
    let import = ["subscribers", "import", "people.csv"];
    place.relay(&import).out();
    let exported = place.relay(&["subscribers", "export"]).out();
    let rows: Vec<&str> = exported.lines().collect();
    assert_eq!(rows[0], "number,topic,since,how");
    assert_eq!(
        rows[1],
        "'+18585550107,events,2026-11-02T08:00:00Z,\"a, b\""
    );
    assert_eq!(rows[2], "'+18585550107,maintenance,2026-11-03T10:00:00Z,");
    assert!(
        rows[3].starts_with("'+18585550108,maintenance,"),
        "{exported}"
    );
    assert_eq!(rows.len(), 4);

    let elsewhere = Place::new();
    elsewhere.store().await;
    list(&elsewhere, &exported);
    assert_eq!(elsewhere.relay(&import).out(), "qdn: 3 joined\n");
    assert_eq!(elsewhere.relay(&["subscribers", "export"]).out(), exported);

    let to_file = [
        "subscribers",
        "export",
        "--topic",
        "events",
        "--out",
        "out.csv",
    ];
    place.relay(&to_file).out();
    let file = place.path().join("out.csv");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        rows[..2].join("\n") + "\n"
    );
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    place
        .relay(&to_file)
        .refused(1, "name a file that is not there yet");
}

/// A line that may text Singapore, too: numbers of eight digits, which without their plus sign look like some of
/// the United States.
fn texts_singapore() -> String {
    one_topic().replacen(
        "allowed_prefixes = [\"+1\"]",
        "allowed_prefixes = [\"+1\", \"+65\"]",
        1,
    )
}

#[tokio::test]
async fn an_export_survives_a_spreadsheet() {
    use crate::support::tools;
    let place = Place::with_config(&texts_singapore());
    place.store().await;
    for number in ["+6591234567", "+6598765432", "+18585550107", "+15552345678"] {
        let add = ["subscribers", "add", number, "--topic", "events"];
        place
            .relay(&[&add[..], &["--since", "2026-11-02T18:30:00Z"]].concat())
            .out();
    }
    let exported = place.relay(&["subscribers", "export"]).out();
    for (separator, end) in [(",", "\n"), (";", "\r\n"), ("\t", "\r")] {
        let elsewhere = Place::with_config(&texts_singapore());
        elsewhere.store().await;
        list(&elsewhere, &exported);
        let program = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/programs/clients/spreadsheet.py"
        );
        let mut spreadsheet = std::process::Command::new(tools::python());
        let file = elsewhere.path().join("people.csv");
        let saved = spreadsheet
            .arg(program)
            .arg(file)
            .args([separator, end])
            .status();
        assert!(saved.unwrap().success());
        let import = ["subscribers", "import", "people.csv"];
        assert_eq!(elsewhere.relay(&import).out(), "qdn: 4 joined\n");
        assert_eq!(elsewhere.relay(&["subscribers", "export"]).out(), exported);
    }
}

#[tokio::test]
async fn a_number_that_a_spreadsheet_has_changed_is_nobodys() {
    let place = Place::with_config(&texts_singapore());
    place.store().await;
    for (number, said) in [
        ("6591234567", "no telephone in its country begins like this"),
        (
            "15123456789.0",
            "a spreadsheet has changed it into an amount",
        ),
        ("1.51235E+10", "a spreadsheet has changed it into an amount"),
        (
            "\"15,123,456,789\"",
            "a spreadsheet has changed it into an amount",
        ),
        ("6598765432", "its number is one of two"),
        ("+1 619 555 011", "it has too few digits"),
        ("858-555-01O7", "it has the letter \"O\" (U+004F) in it"),
    ] {
        list(&place, &format!("number\n{number}\n"));
        let ran = place.relay(&["subscribers", "import", "people.csv"]);
        assert_eq!(ran.code(), 1, "{number}");
        assert!(ran.errors().contains(said), "{number}: {}", ran.errors());
    }
    assert!(gets(&place, "events").await.is_empty());
    for number in [
        "'+6598765432",
        "tel:+6598765432",
        "\u{202d}+65 9876 5432\u{202c}",
        "+65\u{2013}9876\u{2013}5432",
    ] {
        list(&place, &format!("number\n{number}\n"));
        place.relay(&["subscribers", "import", "people.csv"]).out();
        assert_eq!(gets(&place, "events").await, ["432"], "{number}");
    }
}

#[tokio::test]
async fn who_says_no_does_not_join_and_is_taken_out() {
    let place = place_with_one_topic().await;
    place.relay(&["subscribers", "add", "858-555-0109"]).out();
    list(
        &place,
        "number,sms_consent,Name\n858-555-0107,yes,Ana\n858-555-0108,no,Ben\n858-555-0109,FALSE,Cy\n\
         858-555-0110,,Di\n858-555-0111,no,Ed\n858-555-0111,yes,Ed\n",
    );
    let import = ["subscribers", "import", "people.csv"];
    place
        .relay(&import)
        .refused(1, "does not know the column \"name\"");
    assert_eq!(gets(&place, "events").await, ["0109"]);
    for more in [&["--ignore", "name"][..], &["--ignore", "Name", "--strict"]] {
        let said = place.relay(&[&import[..], more].concat()).out();
        assert!(said.contains("5 did not agree"), "{said}");
        assert_eq!(gets(&place, "events").await, ["0107"]);
    }
    list(
        &place,
        "number,opt_out\n858-555-0112,no\n858-555-0113,perhaps\n",
    );
    place
        .relay(&import)
        .refused(1, "line 3: the column \"opt_out\" says \"perhaps\"");
    assert_eq!(
        gets(&place, "events").await,
        ["0107"],
        "nothing is imported"
    );
}

#[tokio::test]
async fn a_list_without_rows_is_no_success() {
    let place = place_with_one_topic().await;
    for text in [
        "number\n",
        "number",
        "number,how\r",
        "\u{feff}number\r\n\r\n",
        "sep=,\nnumber\n,\n",
    ] {
        list(&place, text);
        let import = place.relay(&["subscribers", "import", "people.csv"]);
        import.refused(1, "nothing was imported");
    }
    list(
        &place,
        "number,how\r858-555-0107,by form\r858-555-0108,by form\r",
    );
    place.relay(&["subscribers", "import", "people.csv"]).out();
    assert_eq!(gets(&place, "events").await, ["0107", "0108"]);
}

#[tokio::test]
async fn a_file_that_is_no_list_is_refused() {
    let place = place_with_one_topic().await;
    let import = ["subscribers", "import", "people.csv"];
    place.relay(&import).refused(1, "cannot read people.csv");
    list(&place, "+18585550107\n");
    place
        .relay(&import)
        .refused(1, "no column called \"number\"");
    let endless = format!(
        "number,how\n858-555-0107,x\n858-555-0108,\"{}",
        "x\n".repeat(100_000)
    );
    list(&place, &endless);
    place
        .relay(&import)
        .refused(1, "is a double quote not closed?");
    assert!(gets(&place, "events").await.is_empty());
}

/// A relay's memory in KiB at its highest, and the number of rows that it took.
fn imported(place: &Place, rows: usize) -> (u64, u64) {
    let mut text = "number,since,how\n".to_owned();
    for n in 0..rows {
        let (area, last) = (858 + n / 10_000, n % 10_000);
        text += &format!("+1{area}555{last:04},2026-11-02,web form\n");
    }
    list(place, &text);
    let mut command = place.command(&["subscribers", "import", "people.csv", "--json"]);
    let child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let peak = std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(status) = std::fs::read_to_string(&status) {
            let row = status.lines().find(|row| row.starts_with("VmHWM:"));
            let Some(row) = row else { break };
            peak = row.split_whitespace().nth(1).unwrap().parse().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak
    });
    let output = child.wait_with_output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    (peak.join().unwrap(), said["joined"].as_u64().unwrap())
}

#[tokio::test]
async fn a_long_list_takes_no_more_memory_than_a_short_one() {
    let (short, long) = (place_with_one_topic().await, place_with_one_topic().await);
    let (a_few, joined) = imported(&short, 5_000);
    assert_eq!(joined, 5_000);
    let (many, joined) = imported(&long, 50_000);
    assert_eq!(joined, 50_000);
    // The database's own pages are kept up to a limit, which the short list does not reach.
    let pages = 2 * 16 * 1024 + 8 * 1024;
    assert!(many < a_few + pages, "{a_few} KiB, then {many} KiB");
    let exported = long.relay(&["subscribers", "export"]).out();
    assert_eq!(exported.lines().count(), 50_001);
}

#[cfg(feature = "aws")]
#[tokio::test]
async fn a_deployed_relays_table_is_worked_on_the_same() {
    use crate::support::moto;
    use relay::adapters::aws::dynamodb::DynamoStore;

    let config = moto::config(moto::url()).await;
    let (table, group) = (moto::table(&config).await, moto::log_group(&config).await);
    let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&config), &table);
    let place = Place::with_config(&one_topic());
    let line = config_file::read(&place.path().join("relay.toml"))
        .unwrap()
        .remove(0);
    store.put_line(&line).await.unwrap();
    let relay = |arguments: &[&str]| {
        let place_options = ["--table", &table, "--log-group", &group];
        let options = match arguments[1] {
            "list" | "export" => &place_options[..2],
            _ => &place_options[..],
        };
        let variables = [
            ("AWS_ENDPOINT_URL", moto::url()),
            ("AWS_REGION", moto::REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        place.relay_with(&[arguments, options].concat(), &variables)
    };
    list(&place, "number\n858-555-0107\n858-555-0108\n");
    assert_eq!(
        relay(&["subscribers", "import", "people.csv"]).out(),
        "qdn: 2 joined\n"
    );
    relay(&["subscribers", "add", "858-555-0109"]).out();
    relay(&["subscribers", "remove", "858-555-0107"]).out();
    let exported = relay(&["subscribers", "export"]).out();
    let numbers: Vec<&str> = exported.lines().skip(1).map(|row| &row[1..13]).collect();
    assert_eq!(numbers, ["+18585550108", "+18585550109"]);
    assert!(
        relay(&["subscribers", "list"])
            .out()
            .contains("2 subscribers")
    );
}
