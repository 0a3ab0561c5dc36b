//! Yesterday's texts against Twilio's list, as a Lambda function that a schedule invokes.

use std::process::ExitCode;

use relay::aws::{self, Twilio};
use relay::functions::reconciliation;

fn main() -> ExitCode {
    aws::start(Twilio::Called, async |relay| {
        aws::schedule::run(relay, reconciliation::run).await
    })
}
