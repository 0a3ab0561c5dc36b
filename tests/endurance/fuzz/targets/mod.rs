//! What is fed with inputs that nobody thought of: everything that reads what strangers, Twilio or
//! people write. Each target knows some inputs to begin with, the words of its language, and what
//! must hold of any input at all. libFuzzer drives them (`make fuzz`), and so do the tests.

pub mod config;
pub mod env_file;
pub mod form;
pub mod inbound;
pub mod request;
pub mod signature;
pub mod status;
pub mod twiml;
pub mod voice;
mod webhook;

pub struct Target {
    pub name: &'static str,
    pub seeds: fn() -> Vec<Vec<u8>>,
    pub words: &'static [&'static str],
    /// Panics at an input of which something does not hold.
    pub check: fn(&[u8]),
}

pub const ALL: [Target; 9] = [
    config::TARGET,
    env_file::TARGET,
    form::TARGET,
    inbound::TARGET,
    request::TARGET,
    signature::TARGET,
    status::TARGET,
    twiml::TARGET,
    voice::TARGET,
];

fn bytes<const N: usize>(texts: [&str; N]) -> Vec<Vec<u8>> {
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}
