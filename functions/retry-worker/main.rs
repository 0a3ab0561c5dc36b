//! The worker that sends, as a Lambda function: woken by the queue, and by a schedule to sweep.

use std::process::ExitCode;

use relay::aws::{self, Twilio};
use relay::functions::retry_worker;

fn main() -> ExitCode {
    aws::start(Twilio::Called, async |relay| {
        aws::batch::run(relay, retry_worker::work_on, retry_worker::sweep).await
    })
}
