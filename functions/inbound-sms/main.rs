//! A text to a line (`POST /twilio/sms`), as a Lambda function. The texts and calls that the fallback kept
//! come to it as well, from their queue.

use std::process::ExitCode;

use relay::app::{inbound_sms, kept};
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    aws::start(Needs::default(), async |relay| {
        aws::inbound::run(relay, inbound_sms::handle, kept::take).await
    })
}
