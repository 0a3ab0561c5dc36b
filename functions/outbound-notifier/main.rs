//! Notices and invitations that other systems ask for (`/v1/…`, the event bus, SNS, by its name), as a
//! Lambda function.

use std::process::ExitCode;

use relay::aws::{self, Needs};
use relay::functions::outbound_notifier::{http, invoked, queued};

fn main() -> ExitCode {
    let needs = Needs {
        bulk_queue: true,
        ..Needs::default()
    };
    aws::start(needs, async |relay| {
        aws::notifier::run(relay, http::handle, queued, invoked).await
    })
}
