use super::*;

use proptest::prelude::*;

#[test]
fn a_pin_is_found_and_struck_out_however_it_is_typed() {
    for (body, without) in [
        ("4711", "****"),
        (" 4711 ", " **** "),
        ("4711.", "****."),
        ("4711, back", "****, back"),
        ("4711,back", "****,back"),
        ("4711: back", "****: back"),
        ("4711; back", "****; back"),
        ("4711 back", "**** back"),
        ("4711\nback", "****\nback"),
        ("4711back", "****back"),
        ("4711!", "****!"),
        ("4711?", "****?"),
        ("#4711", "#****"),
        ("(4711)", "(****)"),
        ("\"4711\"", "\"****\""),
        ("“4711” away", "“****” away"),
        ("*4711#", "*****#"),
        ("back 4711", "back ****"),
        ("BACK4711", "BACK****"),
        ("away until 5 4711", "away until 5 ****"),
        ("pin:4711", "pin:****"),
        ("pin4711", "pin****"),
        ("my pin is 47 11", "my pin is ****"),
        ("my pin is 4711 ok?", "my pin is **** ok?"),
        ("4-7-1-1", "****"),
        ("4 7 1 1", "****"),
        ("4.7.1.1 away", "**** away"),
        ("4, 7, 1, 1", "****"),
        ("4/7/1/1", "****"),
        ("4_7_1_1", "****"),
        ("47-11", "****"),
        ("47.11", "****"),
        ("4 711", "****"),
        ("4\n7\n1\n1", "****"),
        ("47\u{200b}11", "****"),
        ("4️⃣7️⃣1️⃣1️⃣", "****\u{fe0f}\u{20e3}"),
        ("４７１１", "****"),
        ("٤٧١١", "****"),
        ("０107 ４711 yes", "０107 **** yes"),
        ("0107 4711 yes", "0107 **** yes"),
        ("#0107: 4711", "#0107: ****"),
        ("4711 and 4711", "**** and ****"),
        ("4711 4711", "**** ****"),
        ("4-7-1-1 47 11", "**** ****"),
        ("4 4711", "4 ****"),
        ("47 4711", "47 ****"),
        ("🙂4711🙂", "🙂****🙂"),
        ("código 4711 por favor", "código **** por favor"),
        ("(619) 555-4711", "(619) 555-****"),
        ("$4,711", "$****"),
        ("5-4711-5", "5-****-5"),
    ] {
        assert!(contains_pin(body, "4711"), "{body:?}");
        assert_eq!(without_pin(body, "4711"), without, "{body:?}");
    }
}

#[test]
fn other_digits_are_no_pin() {
    for body in [
        "",
        "back",
        "471",
        "4712",
        "4117",
        "1174",
        "47111",
        "44711",
        "547115",
        "14711",
        "47110",
        "4711000",
        "+16194711234",
        "6194711234",
        "619-471-1234",
        "(619) 471-1555",
        "call 619 471 1234",
        "gate code 54711#",
        "order 471100",
        "92104711",
        "zip 94711",
        "$14711",
        "47115pm",
        "4a711",
        "4 or 711",
        "4 x 711",
        "47 boats, 11 slips",
        "47 and 11",
        "4 at 7, 1 at 1",
        "slip 47 or 11",
        "at 4:07, 11 people",
        "47 115",
        "54 711",
        "4 7 1 2",
        "4.7.12",
        "7 1 1 4",
        "10:47 to 11:30",
        "four seven one one",
        "Dec 4, 7 pm, 11 people",
        "https://x.co/4712",
        "2026-11-30",
    ] {
        assert!(!contains_pin(body, "4711"), "{body:?}");
        assert_eq!(without_pin(body, "4711"), body);
    }
    assert!(!contains_pin("anything", ""));
    assert!(!contains_pin("12:30 works", "1230"));
    assert!(contains_pin("12:30 works, 1230", "1230"));
    assert!(contains_pin("12-30", "1230"));
    assert!(contains_pin("12 : 30", "1230"));
    assert!(contains_pin("47:11", "4711"));
    assert!(contains_pin("1:2:3:0", "1230"));
    assert!(contains_pin("12 34 56 78, away", "12345678"));
    assert!(!contains_pin("1234567", "12345678"));
}

proptest! {
    #[test]
    fn what_is_struck_out_is_gone(body in "[47１1 .,a-]{0,24}") {
        prop_assert!(!contains_pin(&without_pin(&body, "4711"), "4711"));
    }

    #[test]
    fn any_text_is_read(body in any::<String>(), pin in "[0-9]{0,8}") {
        let without = without_pin(&body, &pin);
        prop_assert!(!contains_pin(&without, &pin));
    }
}
