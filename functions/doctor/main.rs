//! What is set up at Twilio, as a Lambda function that a schedule invokes where that is turned on.

use std::process::ExitCode;

use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    let needs = Needs {
        twilio: true,
        ..Needs::default()
    };
    aws::start(needs, aws::doctor::run)
}
