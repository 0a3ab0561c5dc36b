//! Looks at everything around a line that can keep its texts and calls from arriving: reads it, judges it, and
//! says what it means for a customer and how to put it right.
//!
//! ```text
//! read (facts) ─▶ judge (findings) ─▶ plan ─▶ write ─▶ read again
//! ```
//!
//! What is judged is pure: a finding follows from facts alone.

pub mod catalogue;
pub mod facts;
pub mod fix;
pub mod hook;
mod judge;
pub mod last;
pub mod probe;
pub mod report;
pub mod stack;
mod verdict;
pub mod watch;

pub use judge::judge;
