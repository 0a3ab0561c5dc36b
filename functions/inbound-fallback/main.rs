//! A text or call that the main path did not take (`POST /twilio/fallback`, `POST /twilio/voice/fallback`), as a
//! Lambda function.

use std::process::ExitCode;

use relay::app::inbound_fallback;
use relay::hosts::lambda as aws;

fn main() -> ExitCode {
    aws::start_fallback(async |context| aws::http::run(context, inbound_fallback::handle_any).await)
}
