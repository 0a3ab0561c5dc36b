//! Twilio's news of a message (`POST /twilio/status/…`), as a Lambda function.

use std::process::ExitCode;

use relay::app::delivery_status;
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    let needs = Needs {
        bulk_queue: true,
        ..Needs::default()
    };
    aws::start(needs, async |relay| {
        aws::http::run(relay, delivery_status::handle).await
    })
}
