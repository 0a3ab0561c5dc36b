use super::check;

#[test]
fn windows_of_one_person_that_overlap() {
    check(
        "\"Sat 09:00-13:00\"]",
        "\"Fri 17:00-02:00\"]",
        "11:33",
        &[
            "overlaps",
            "both cover Fri 17:00-18:00",
            "let one end where the other begins",
        ],
    );
}

#[test]
fn windows_that_overlap_around_the_end_of_the_week() {
    check(
        "[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        "[\"Sun 22:00-09:00\", \"Mon 08:00-18:00\"]",
        "11:29",
        &["both cover Mon 08:00-09:00"],
    );
}

#[test]
fn a_window_that_cannot_be_read() {
    check(
        "\"Sat 09:00-13:00\"",
        "\"Saturday 9-13\"",
        "11:33",
        &["write \"Sat 09:00-13:00\""],
    );
}

#[test]
fn hours_that_are_neither_a_word_nor_a_list() {
    check(
        "\"always\"",
        "\"allways\"",
        "16:9",
        &["write \"always\", \"never\" or a list"],
    );
    for (wrong, told) in [
        ("8am-6pm", "such as \"Mon-Fri 08:00-18:00\""),
        (
            "Mon-Fri 8am-6pm",
            "write \"Mon-Fri 08:00-18:00\", in a list",
        ),
        ("Weekdays 9-5", "write \"Mon-Fri 09:00-17:00\", in a list"),
        ("24/7", "write \"always\""),
        ("siempre", "write \"always\""),
        ("Off", "write \"never\""),
    ] {
        check("\"always\"", &format!("{wrong:?}"), "16:9", &[told]);
    }
    check(
        "\"always\"",
        "24",
        "16:9",
        &["this is an integer; write hours ="],
    );
    check(
        "\"always\"",
        "[]",
        "16:9",
        &["the list of hours is empty; write hours = \"never\""],
    );
    check(
        "[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        "\"Mon-Fri 8:00-18:00\"",
        "11:9",
        &["a window stands in a list; write hours = [\"Mon-Fri 08:00-18:00\"]"],
    );
    check(
        "\"Sat 09:00-13:00\"",
        "7",
        "11:33",
        &["this is an integer; write it as text"],
    );
}

#[test]
fn more_windows_than_a_week_has_hours() {
    let windows = format!(
        "[{}\"Sun 00:00-00:01\"]",
        "\"Mon 00:00-00:01\", ".repeat(168)
    );
    check(
        "[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        &windows,
        "11:9",
        &["the list has 169 windows", "write longer ones"],
    );
}

#[test]
fn nobody_always_available() {
    check(
        "\"always\"",
        "[\"Mon-Sun 00:00-24:00\"]",
        "16:9",
        &[
            "Backup is last and so the backup",
            "write hours = \"always\"",
        ],
    );
    check("\"always\"", "\"never\"", "16:9", &["not always available"]);
}
