//! The rotation of Twilio's credentials, as a Lambda function: Secrets Manager's four steps, and a
//! schedule that ends the old ones once nobody uses them.

use std::process::ExitCode;

use relay::credentials::rotation::four_steps as rotate_credentials;
use relay::hosts::lambda as aws;

fn main() -> ExitCode {
    aws::start_rotation(rotate_credentials::handle)
}
