//! A text to a line (`POST /twilio/sms`), as a Lambda function.

use std::process::ExitCode;

use relay::aws::{self, Twilio};
use relay::functions::inbound_sms;

fn main() -> ExitCode {
    aws::start(Twilio::NotCalled, async |relay| {
        aws::http::run(relay, inbound_sms::handle).await
    })
}
