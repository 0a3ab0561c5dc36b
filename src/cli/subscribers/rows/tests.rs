use super::*;
use crate::domain::line::config;

/// Each row as `line: what it says`.
fn read(text: &'static [u8]) -> anyhow::Result<Vec<String>> {
    let mut rows = Rows::of(text, &[])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let said = row
            .fields
            .map(|fields| [fields.number, fields.topic, fields.since, fields.how].join("|"));
        all.push(format!("{}: {}", row.line, said.unwrap_or_else(|bad| bad)));
    }
    Ok(all)
}

#[test]
fn columns_are_found_by_their_names_in_any_order() {
    let rows = read(b"Since,Topic, NUMBER \n2026-11-02,red, 858-555-0107 \n,,1\n").unwrap();
    assert_eq!(rows, ["2: 858-555-0107|red|2026-11-02|", "3: 1|||"]);
    // As spreadsheets save it: with a mark at the beginning and their own ends of lines.
    let rows = read(b"\xef\xbb\xbfnumber,how\r\n1,\"a, \"\"b\"\"\"\r\n\r\n,\r\n2,c").unwrap();
    assert_eq!(rows, ["2: 1|||a, \"b\"", "5: 2|||c"]);
}

#[test]
fn no_cell_of_an_export_is_a_formula_and_all_are_read_as_they_were() {
    for text in [
        "=HYPERLINK(\"https://evil.example\")",
        "+1",
        "-1",
        "@SUM(1)",
    ] {
        let cell = as_text(text.to_owned());
        assert_eq!(cell, format!("'{text}"));
        assert_eq!(from_text(&cell), text);
    }
    for text in ["by phone", "'quoted'", ""] {
        assert_eq!(as_text(text.to_owned()), text);
        assert_eq!(from_text(text), text);
    }
}

#[test]
fn a_row_that_cannot_be_read_is_said_with_its_line_and_the_others_go_on() {
    let rows = read(b"number,how\n1,\"two\nlines\"\n\n2,a,b\n3\n4,\xff\n5,x\n").unwrap();
    assert_eq!(
        rows,
        [
            "2: 1|||two\nlines",
            "5: 3 fields where the first row has 2 fields; put what has a comma in it in double \
             quotes",
            "6: 1 field where the first row has 2 fields; put what has a comma in it in double \
             quotes",
            "7: it is not UTF-8; save the file as UTF-8",
            "8: 5|||x",
        ]
    );
}

#[test]
fn the_last_row_needs_no_end_and_has_its_line_even_if_its_quote_is_not_closed() {
    for end in ["", "\n", "\r\n", "\n\n"] {
        let text = format!("number,how\n\n1,a\n2,b{end}");
        assert_eq!(
            read(text.leak().as_bytes()).unwrap(),
            ["3: 1|||a", "4: 2|||b"]
        );
    }
    let rows = read(b"number,how\n1,a\n2,\"b\n3,c\n4,d").unwrap();
    assert_eq!(rows, ["2: 1|||a", "3: 2|||b\n3,c\n4,d"]);
}

#[test]
fn a_file_that_is_no_such_list_is_refused() {
    for (text, phrase) in [
        (&b""[..], "no column called \"number\""),
        (
            b"+16195550107\n+16195550108\n",
            "no column called \"number\"",
        ),
        (
            b"mobile phone,how\n1,x\n",
            "rename the column \"mobile phone\" to number",
        ),
        (b"how,number,How\n", "several columns called \"how\""),
    ] {
        let bad = format!("{:#}", read(text).unwrap_err());
        assert!(bad.contains(phrase), "{bad}");
    }
    let endless = [
        b"number,how\n1,\"".to_vec(),
        vec![b'x'; 2 * MOST_BYTES as usize],
    ]
    .concat();
    let bad = format!("{:#}", read(endless.leak()).unwrap_err());
    assert!(bad.contains("line 2: "), "{bad}");
    assert!(bad.contains("is a double quote not closed?"), "{bad}");
}

const NOW: &str = "2026-11-23T18:00:00Z";

/// The row's number, topic, time and how; or what is wrong with it.
fn meant(fields: [&str; 4], topic: Option<&str>) -> Result<(String, How), String> {
    let lines = config::example(4000);
    let meant = Meant {
        line: &lines[0],
        lines: &lines,
        topic,
        now: NOW.parse().unwrap(),
    };
    let [number, topic, since, how] = fields.map(str::to_owned);
    let fields = Fields {
        number,
        topic,
        since,
        how,
        wants_none: false,
    };
    let change = fields.read(&meant)?;
    let To::In(consent) = change.to else {
        panic!("a list takes nobody out");
    };
    let said = [
        change.number.expose(),
        &change.topic,
        &consent.at.to_string(),
    ]
    .join(" ");
    Ok((said, consent.how))
}

#[test]
fn a_row_says_who_agreed_to_what_and_when() {
    let list = |how: Option<&str>, dated| How::List {
        how: how.map(str::to_owned),
        dated,
    };
    for (fields, topic, said, how) in [
        (
            ["858-555-0107", "", "2026-11-02", "web form"],
            Some("events"),
            "+18585550107 events 2026-11-02T08:00:00Z",
            list(Some("web form"), true),
        ),
        (
            [
                "+18585550107",
                "Maintenance",
                "2026-11-02T18:30:00-08:00",
                "",
            ],
            None,
            "+18585550107 maintenance 2026-11-03T02:30:00Z",
            list(None, true),
        ),
        (
            ["(858) 555-0107", "events", "", ""],
            Some("events"),
            "+18585550107 events 2026-11-23T18:00:00Z",
            list(None, false),
        ),
    ] {
        let (found, found_how) = meant(fields, topic).unwrap();
        assert_eq!((found.as_str(), found_how), (said, how));
    }
}

#[test]
fn what_is_wrong_with_a_row_is_said_without_its_number() {
    let long = "x".repeat(201);
    for (fields, phrase) in [
        (["", "", "", ""], "it has no number"),
        (
            ["555", "", "", ""],
            "its number is none: it has too few digits; write it as US does",
        ),
        (["+16195550100", "", "", ""], "the number of the line qdn"),
        (
            ["+525550100107", "", "", ""],
            "are not texted, only those with +1",
        ),
        (
            ["858-555-0107", "maintenance", "", ""],
            "it is of the topic maintenance",
        ),
        (
            ["858-555-0107", "parties", "", ""],
            "the line has no topic \"parties\"",
        ),
        (
            ["858-555-0107", "", "yesterday", ""],
            "\"yesterday\" is no time",
        ),
        (["858-555-0107", "", "2026-11-24", ""], "is still to come"),
        (["858-555-0107", "", "", &long], "more than 200 characters"),
        (["858-555-0107", "", "", "a\nb"], "line breaks"),
    ] {
        let bad = meant(fields, Some("events")).unwrap_err();
        assert!(bad.contains(phrase), "{bad}");
        assert!(!bad.contains("555"), "{bad}");
    }
    let bad = meant(["858-555-0107", "", "", ""], None).unwrap_err();
    assert!(bad.contains("import with --topic"), "{bad}");
}

#[test]
fn lists_with_other_separators_and_ends_of_lines_are_read() {
    for text in [
        "number;how\n1;a\n2;\"b;c\"\n",
        "number\thow\n1\ta\n2\tb;c\n",
        "number|how\n1|a\n2|b;c\n",
        "number,how\r1,a\r2,b;c\r",
        "number,how\r\n1,a\r\n2,b;c\r\n",
        "\u{feff}number;how\r1;a\r2;\"b;c\"",
    ] {
        let rows = read(text.to_owned().leak().as_bytes()).unwrap();
        assert_eq!(rows, ["2: 1|||a", "3: 2|||b;c"], "{text:?}");
    }
    let utf16 = "\u{feff}number\thow\r\n1\ta\r\n2\tb;c\r\n".encode_utf16();
    let utf16: Vec<u8> = utf16.flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(utf16.leak()).unwrap(), ["2: 1|||a", "3: 2|||b;c"]);
    let named = read(b"sep=;\r\nnumber;how\r\n1;a\r\n2;\"b;c\"").unwrap();
    assert_eq!(named, ["3: 1|||a", "4: 2|||b;c"]);
}

#[test]
fn a_column_that_is_not_known_stops_the_list_unless_it_is_ignored_by_name() {
    for (header, named) in [
        ("number,colour", "does not know the column \"colour\""),
        (
            "number,first name,colour",
            "the columns \"first name\", \"colour\"; remove",
        ),
        ("number,e-mail", "--ignore \"e-mail\""),
        ("Number,Phone", "does not know the column \"phone\""),
        ("number,sincee", "does not know the column \"sincee\""),
        ("number,how,tags", "does not know the column \"tags\""),
    ] {
        let text = format!("{header}\n1,2\n");
        let bad = read(text.leak().as_bytes()).unwrap_err().to_string();
        assert!(bad.contains(named), "{bad}");
    }
    let ignored = |columns: &[&str]| {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        Rows::of(&b"number,Colour,E-Mail\n1,2,3\n"[..], &columns)
            .map(drop)
            .map_err(|bad| bad.to_string())
    };
    assert_eq!(ignored(&["colour", "e-mail"]), Ok(()));
    assert!(ignored(&["colour"]).unwrap_err().contains("\"e-mail\""));
    let absent = ignored(&["colour", "e-mail", "name"]).unwrap_err();
    assert!(absent.contains("no column called \"name\""), "{absent}");
    // What spreadsheets leave at the end of rows.
    assert_eq!(read(b"number,,\n1,,\n").unwrap(), ["2: 1|||"]);
    let bad = read(b"number,,\n1,,x\n").unwrap();
    assert!(
        bad[0].contains("its field 3 is in a column without a name"),
        "{bad:?}"
    );
}

/// Who of the rows wants none, by their numbers.
fn wants_none(text: &str) -> anyhow::Result<Vec<String>> {
    let mut rows = Rows::of(text.to_owned().leak().as_bytes(), &[])?;
    let mut none = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = row.fields.unwrap();
        if fields.wants_none {
            none.push(fields.number);
        }
    }
    Ok(none)
}

#[test]
fn who_says_no_in_any_column_wants_no_texts() {
    for (text, none) in [
        (
            "number,sms_consent\n1,yes\n2,no\n3,FALSE\n4,TRUE\n5,\n",
            &["2", "3", "5"][..],
        ),
        ("number,opted_in\n1,1\n2,0\n3,x\n", &["2"]),
        ("number,opt_out\n1,1\n2,0\n3,\n", &["1"]),
        ("number,unsubscribed\n1,true\n2,false\n", &["1"]),
        ("number,Do not text\n1,x\n2,\n", &["1"]),
        (
            "number,status\n1,subscribed\n2,unsubscribed\n3,active\n",
            &["2"],
        ),
        (
            "number,consent,opt_out\n1,yes,yes\n2,yes,no\n3,no,no\n",
            &["1", "3"],
        ),
        ("number;sms_consent\n1;NO\n2;Yes\n", &["1"]),
    ] {
        assert_eq!(wants_none(text).unwrap(), none, "{text:?}");
    }
    for (text, said) in [
        (
            "number,consent\n1,yes\n2,maybe\n",
            "line 3: the column \"consent\" says \"maybe\"",
        ),
        (
            "number,status\n1,gold\n",
            "line 2: the column \"status\" says \"gold\"",
        ),
        ("number,opt_out\n1,call first\n", "--ignore \"opt_out\""),
        ("number,opted_in\n1,2\n", "neither yes nor no"),
        ("number,unsubscribed\n1,?\n", "says \"?\""),
    ] {
        let bad = wants_none(text).unwrap_err().to_string();
        assert!(bad.contains(said), "{bad}");
    }
}

#[test]
fn when_somebody_agreed_may_have_a_time_of_day() {
    let lines = config::example(4000);
    let since = |text: &str| since(text, &lines[0], NOW.parse().unwrap()).map(|at| at.to_string());
    for (text, at) in [
        ("2026-11-02", "2026-11-02T08:00:00Z"),
        ("2026-11-02 18:30", "2026-11-03T02:30:00Z"),
        ("2026-11-02T18:30", "2026-11-03T02:30:00Z"),
        ("2026-11-02 18:30:15", "2026-11-03T02:30:15Z"),
        ("2026-11-02T18:30:00Z", "2026-11-02T18:30:00Z"),
        ("11/2/2026", "2026-11-02T08:00:00Z"),
        ("11/2/2026 18:30", "2026-11-03T02:30:00Z"),
        ("11/2/2026 6:30 PM", "2026-11-03T02:30:00Z"),
        ("20261102", "2026-11-02T08:00:00Z"),
    ] {
        assert_eq!(since(text).as_deref(), Ok(at), "{text}");
    }
    for text in [
        "46328",
        "18:30",
        "yesterday",
        "2026",
        "2026-13-02",
        "11/2",
        "2026-11-02 25:00",
    ] {
        assert!(since(text).unwrap_err().contains("is no time"), "{text}");
    }
}
