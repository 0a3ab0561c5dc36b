//! A text that the main path did not take (`POST /twilio/fallback`), as a Lambda function.

use std::process::ExitCode;

use relay::aws;
use relay::functions::inbound_fallback;

fn main() -> ExitCode {
    aws::start_keeper(async |keeper| aws::http::run(keeper, inbound_fallback::handle).await)
}
