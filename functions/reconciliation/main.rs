//! Yesterday's texts against Twilio's list, as a Lambda function that a schedule invokes.

use std::process::ExitCode;

use relay::app::reconciliation;
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    let needs = Needs {
        twilio: true,
        bulk_queue: true,
        ..Needs::default()
    };
    aws::start(needs, async |relay| {
        let (all, one) = (reconciliation::run, reconciliation::run_line);
        aws::schedule::run(relay, all, reconciliation::send_due, one).await
    })
}
