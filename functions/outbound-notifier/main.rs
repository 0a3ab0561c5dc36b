//! Notices and invitations of other systems, as a Lambda function: by HTTP, by its queue of events
//! and SNS messages, and invoked by its name.

use std::process::ExitCode;

use relay::app::outbound_notifier::{http, invoked, queued};
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;

fn main() -> ExitCode {
    let needs = Needs {
        bulk_queue: true,
        ..Needs::default()
    };
    aws::start(needs, async |relay| {
        aws::notifier::run(relay, http::handle, queued, invoked).await
    })
}
