//! Status callbacks.

use relay::twilio::message_status::status_named;
use relay::twilio::webhook::status;

use super::{Target, bytes, webhook};

pub const TARGET: Target = Target {
    name: "status",
    seeds,
    words: &[
        "AccountSid={AC}",
        "&MessageSid={SM}",
        "&SmsSid={SM}",
        "&MessageStatus=",
        "&SmsStatus=",
        "&ErrorCode=30003",
        "delivered",
        "undelivered",
        "failed",
        "sent",
        "partially_delivered",
        "4294967296",
        "\n",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "/twilio/status/in-1/1\napplication/x-www-form-urlencoded\n\nAccountSid={AC}\
         &MessageSid={SM}&MessageStatus=undelivered&ErrorCode=30003&To=%2B16195550110",
        "/twilio/status/in-1/1?a\n\n\nAccountSid={AC}&SmsSid={SM}&SmsStatus=delivered\
         &RawDlrDoneDate=2611221430&ErrorCode=0",
        "/twilio/status/x/0\n\n\nAccountSid={AC}&MessageSid={SM}&MessageStatus=on_its_way",
    ])
}

fn check(input: &[u8]) {
    let Some(form) = webhook::verified(input) else {
        return;
    };
    let told = ["MessageStatus", "SmsStatus"]
        .into_iter()
        .find_map(|name| form.filled(name))
        .map(str::to_owned);
    let code = form.get("ErrorCode").map(str::to_owned);
    let report = match status(form) {
        Ok(report) => report.into_inner(),
        Err(refusal) => return assert_eq!(refusal.counts_as(), "incomplete"),
    };
    let told = told.expect("a report has a status");
    assert_eq!(report.status, status_named(&told));
    assert_ne!(report.failure.code, Some(0));
    if let Some(read) = report.failure.code {
        assert_eq!(code.and_then(|code| code.parse().ok()), Some(read));
    }
}
