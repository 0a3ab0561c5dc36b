//! Notices: accepted at once, fanned out page by page on the queue of texts to many, called back,
//! and replaced by later ones.

mod accept;
mod end;
mod estimate;
mod fan_out;
mod line;
mod rejected;
mod supersede;
mod sweep;

pub use accept::{Answer, accept};
pub use end::{cancel, standing};
pub use estimate::{Estimate, Skipping};
pub use fan_out::{PAGE, turn_page};
pub use line::line_called;
pub use rejected::{NoticeRejected, key_reused};
pub use sweep::sweep;
