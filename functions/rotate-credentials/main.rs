//! The rotation of Twilio's credentials, as a Lambda function: Secrets Manager's four steps, and a
//! schedule that ends the old ones once nobody uses them.

use std::process::ExitCode;

use relay::aws;
use relay::functions::rotate_credentials;

fn main() -> ExitCode {
    aws::start_rotation(rotate_credentials::handle)
}
