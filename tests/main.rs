#[cfg(feature = "machine")]
mod sandbox;
