//! What a function of Rust costs that does nothing: the yardstick of `make bench-start`. With the
//! argument `randomness` it prints instead how many nanoseconds the process's first random bytes
//! took, from the provider that the functions' TLS uses.

use std::time::Instant;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("randomness") {
        let provider = rustls::crypto::ring::default_provider();
        let began = Instant::now();
        provider
            .secure_random
            .fill(&mut [0; 32])
            .map_err(|_| "no randomness")?;
        println!("{}", began.elapsed().as_nanos());
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let echo = service_fn(async |event: LambdaEvent<Value>| Ok::<_, Error>(event.payload));
    runtime.block_on(lambda_runtime::run(echo))
}
