//! The worker that sends, as a Lambda function: woken by the queue, and by a schedule to sweep.

use std::process::ExitCode;

use relay::app::retry_worker;
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    let needs = Needs {
        twilio: true,
        bulk_queue: true,
        event_bus: true,
    };
    aws::start(needs, async |relay| {
        aws::batch::run(relay, retry_worker::work_on, retry_worker::sweep).await
    })
}
