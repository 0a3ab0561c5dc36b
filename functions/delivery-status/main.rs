//! Twilio's news of a message (`POST /twilio/status/…`), as a Lambda function.

use std::process::ExitCode;

use relay::aws::{self, Needs};
use relay::functions::delivery_status;

fn main() -> ExitCode {
    let needs = Needs {
        bulk_queue: true,
        ..Needs::default()
    };
    aws::start(needs, async |relay| {
        aws::http::run(relay, delivery_status::handle).await
    })
}
