//! A call to a line (`POST /twilio/voice`), everything that Twilio tells and asks about it, and its message for
//! whoever has the link, as a Lambda function.

use std::process::ExitCode;

use relay::app::inbound_voice;
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    let needs = Needs {
        twilio: true,
        ..Needs::default()
    };
    aws::start(needs, async |relay| {
        aws::http::run(relay, inbound_voice::handle).await
    })
}
