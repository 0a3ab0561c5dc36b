//! Plain files behind the ports: the audit and the texts that the fallback kept.

#[cfg(feature = "machine")]
pub mod audit;
pub mod audit_fallback;
#[cfg(feature = "machine")]
pub mod data_folder;
#[cfg(feature = "machine")]
pub mod kept_texts;
#[cfg(feature = "machine")]
pub mod private_folder;
#[cfg(feature = "machine")]
pub mod verdicts;
