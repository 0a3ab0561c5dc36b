use super::*;

use proptest::prelude::*;

#[test]
fn a_sign_or_a_colon_marks_whom_a_text_is_for() {
    for (body, digits, words) in [
        ("#0107 yes", "0107", "yes"),
        ("# 0107 yes", "0107", "yes"),
        ("#0107: yes", "0107", "yes"),
        ("#0107, yes", "0107", "yes"),
        ("#0107 - yes", "0107", "yes"),
        ("#0107-yes", "0107", "yes"),
        ("#0107.yes", "0107", "yes"),
        ("#0107\nyes", "0107", "yes"),
        ("#0107yes", "0107", "yes"),
        ("#0107", "0107", ""),
        ("#0107:", "0107", ""),
        ("@0107 yes", "0107", "yes"),
        ("@ 0107 yes", "0107", "yes"),
        ("@0107: yes", "0107", "yes"),
        ("＃０１０７ yes", "0107", "yes"),
        ("0107: yes", "0107", "yes"),
        ("0107:yes", "0107", "yes"),
        ("0107 : yes", "0107", "yes"),
        ("0107:4471", "0107", "4471"),
        ("0107:", "0107", ""),
        ("0107：yes", "0107", "yes"),
        ("０１０７：はい", "0107", "はい"),
        (" 0107: yes ", "0107", "yes"),
        ("\u{200e}0107: yes", "0107", "yes"),
        ("\u{202a}0107\u{202c}: yes", "0107", "yes"),
        ("0107: yes\nand 0108: no", "0107", "yes\nand 0108: no"),
        ("0107:\nyes\nit is", "0107", "yes\nit is"),
        ("50107: yes", "50107", "yes"),
        ("“0107: yes”", "0107", "yes"),
        ("\"0107: yes\"", "0107", "yes"),
        ("0107: he said \"yes\"", "0107", "he said \"yes\""),
        ("Re 0107: yes", "0107", "yes"),
        ("RE: 0107: yes", "0107", "yes"),
        ("re: #0107 yes", "0107", "yes"),
        ("To 0107: yes", "0107", "yes"),
        ("for 0107: yes", "0107", "yes"),
        ("0107 (San Diego, CA): yes", "0107", "yes"),
        ("0107 (Ana): yes", "0107", "yes"),
        ("+16195550107 (San Diego, CA): yes", "16195550107", "yes"),
        (
            "+16195550107 (San Diego, CA) yes",
            "16195550107",
            "(San Diego, CA) yes",
        ),
        ("+16195550107: yes", "16195550107", "yes"),
        ("+16195550107 yes", "16195550107", "yes"),
        ("+16195550107 2 pm works", "16195550107", "2 pm works"),
        ("+16195550107", "16195550107", ""),
        ("+1 619 555 0107: yes", "16195550107", "yes"),
        ("+1 619 555 0107 2 pm works", "16195550107", "2 pm works"),
        ("+1 (619) 555-0107 yes", "16195550107", "yes"),
        ("+1-619-555-0107, yes", "16195550107", "yes"),
        ("+49 151 23456789: ja", "4915123456789", "ja"),
        ("+49 171 123 45 67: ja", "491711234567", "ja"),
        ("+1 619 555 0107 (San Diego, CA): yes", "16195550107", "yes"),
        ("+33 6 12 34 56 78 oui", "33612345678", "oui"),
        ("+34 612 345 678 sí", "34612345678", "sí"),
        ("(619) 555-0107: yes", "6195550107", "yes"),
        ("(619)555-0107: yes", "6195550107", "yes"),
        ("619-555-0107: yes", "6195550107", "yes"),
        ("619.555.0107: yes", "6195550107", "yes"),
        ("619 555 0107: yes", "6195550107", "yes"),
        ("1 619 555 0107: yes", "16195550107", "yes"),
        ("6195550107: yes", "6195550107", "yes"),
        ("555-0107: yes", "5550107", "yes"),
        ("0151-23456789: ja", "015123456789", "ja"),
        ("1530: I can come", "1530", "I can come"),
    ] {
        let (read, rest) = addressed(body).unwrap_or_else(|| panic!("{body:?}"));
        assert_eq!((read.ascii().as_str(), rest), (digits, words), "{body:?}");
        assert!(read.is_marked, "{body:?}");
    }
}

#[test]
fn bare_digits_may_be_whom_a_text_is_for() {
    for (body, digits, words) in [
        ("0107 yes", "0107", "yes"),
        ("0107  yes", "0107", "yes"),
        ("0107\nyes", "0107", "yes"),
        ("0107", "0107", ""),
        ("0107.", "0107", ""),
        ("0107)", "0107", ""),
        ("0107, yes", "0107", "yes"),
        ("0107 - yes", "0107", "yes"),
        ("0107 – yes", "0107", "yes"),
        ("0107 -> yes", "0107", "yes"),
        ("0107; yes", "0107", "yes"),
        ("0107-yes", "0107", "yes"),
        ("0107 = yes", "0107", "yes"),
        ("0107 / yes", "0107", "yes"),
        ("(0107) yes", "0107", "yes"),
        ("[0107] yes", "0107", "yes"),
        ("０１０７ yes", "0107", "yes"),
        ("Re 0107 yes", "0107", "yes"),
        ("0107 2 pm works", "0107", "2 pm works"),
        ("0107 1230 works", "0107", "1230 works"),
        ("50107 yes", "50107", "yes"),
        ("1230 works for me", "1230", "works for me"),
        ("1230, works for me", "1230", "works for me"),
        ("2026 is fine", "2026", "is fine"),
        ("1500 €", "1500", "€"),
        ("6195550107 yes", "6195550107", "yes"),
        ("(619) 555-0107 yes", "6195550107", "yes"),
        ("(619) 555-0107 2 pm works", "6195550107", "2 pm works"),
        ("619-555-0107 is our number", "6195550107", "is our number"),
    ] {
        let (read, rest) = addressed(body).unwrap_or_else(|| panic!("{body:?}"));
        assert_eq!((read.ascii().as_str(), rest), (digits, words), "{body:?}");
        assert!(!read.is_marked, "{body:?}");
    }
}

#[test]
fn other_texts_name_nobody_in_front() {
    for body in [
        "",
        "yes",
        "yes 0107",
        "#",
        "# yes",
        "#7 on my way",
        "#1 choice",
        "#123 is ready",
        "@ana yes",
        "@5 works",
        "7",
        "12",
        "100",
        "5pm",
        "5: yes",
        "12: yes",
        "12:30 works",
        "10:30",
        "1230pm works",
        "1230h geht",
        "1230?",
        "1230-1330 works",
        "1230/1330",
        "1230+",
        "1500€",
        "1500$ is fine",
        "1500% sure",
        "1,500 dollars",
        "1.500 Euro",
        "1500.50 in total",
        "$1500",
        "€1500: ok?",
        "+1 from me",
        "+1000 from me",
        "+5 people",
        "0107's boat",
        "0107yes",
        "3 boats: yes",
        "2 pm: ok",
        "12/10 works",
        "12/10/2026 works",
        "12-10: ok",
        "2026-12-10 works",
        "2026-12-10: ok",
        "2026-12-10 15:30",
        "10.11.2026 100 guests",
        "10 11 12",
        "619 555 0107 yes",
        "(we) 0107: yes",
        "(12) yes",
        "Return 0107 to the shelf",
        "re",
        "Today 0107",
        "for 5: yes",
        "Forgot 0107",
        "Re: yes",
        "1234567890123456 yes",
        "#1234567890123456: yes",
        "one: yes",
        "Slip 0107: yes",
        ": yes",
        "🙂 0107",
    ] {
        assert_eq!(addressed(body), None, "{body:?}");
    }
}

#[test]
fn a_sign_makes_a_whole_number() {
    let us = Country::parse("US");
    for (body, number) in [
        ("+16195550107 yes", Some("+16195550107")),
        ("+16195550107 (San Diego, CA): yes", Some("+16195550107")),
        ("+49 151 23456789: ja", Some("+4915123456789")),
        ("#6195550107 yes", Some("+16195550107")),
        ("#(619) 555-0107: yes", Some("+16195550107")),
        ("@619-555-0107 yes", Some("+16195550107")),
        // What has no sign may be anything, and a few digits are a tag.
        ("6195550107 yes", None),
        ("619-555-0107: yes", None),
        ("#0107 yes", None),
        ("#5550107 yes", None),
    ] {
        let (digits, _) = addressed(body).unwrap();
        let whole = digits.whole_number(us);
        assert_eq!(whole.as_ref().map(PhoneNumber::expose), number, "{body:?}");
    }
    let (digits, _) = addressed("#6195550107 yes").unwrap();
    assert_eq!(digits.whole_number(None), None);
}

proptest! {
    #[test]
    fn any_text_is_read(body in any::<String>()) {
        let _ = addressed(&body);
    }

    #[test]
    fn what_is_read_has_4_to_15_digits(body in "[#+@(]{0,2}[0-9 ().:-]{0,24}[a-z: ]{0,4}") {
        if let Some((digits, rest)) = addressed(&body) {
            prop_assert!((4..=15).contains(&digits.ascii().len()), "{:?}", digits);
            prop_assert!(body.contains(rest));
        }
    }
}
