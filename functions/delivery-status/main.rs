//! Twilio's news of a message (`POST /twilio/status/…`), as a Lambda function.

use std::process::ExitCode;

use relay::aws::{self, Twilio};
use relay::functions::delivery_status;

fn main() -> ExitCode {
    aws::start(Twilio::NotCalled, async |relay| {
        aws::http::run(relay, delivery_status::handle).await
    })
}
