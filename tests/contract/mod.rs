//! What the relay relies on from a store, a queue and an audit, whichever they are: one contract
//! each, held on AWS (as moto plays it), on one machine, and in the simulation's memory. One machine
//! has no queue, and what it has instead stands in `due`.

mod audit;
mod calls;
mod conversations;
mod due;
mod examples;
mod forgetting;
mod guards;
mod lines;
mod notices;
mod put_aside;
mod queue;
mod retention;
mod signatures;
mod store;
mod subscribers;

/// Makes a test of each case for each implementation: `on_aws::CASE`, `on_one_machine::CASE`,
/// `in_memory::CASE`. One machine has no queue of messages: `_`.
macro_rules! contract {
    ($aws:ident, $one_machine:ident, $memory:ident: $($case:ident),+ $(,)?) => {
        contract! { $aws, $one_machine: $($case),+ }
        contract! { in in_memory, $memory: $($case),+ }
    };
    ($aws:ident, _, $memory:ident: $($case:ident),+ $(,)?) => {
        #[cfg(feature = "aws")]
        contract! { in on_aws, $aws: $($case),+ }
        contract! { in in_memory, $memory: $($case),+ }
    };
    ($aws:ident, $one_machine:ident: $($case:ident),+ $(,)?) => {
        #[cfg(feature = "aws")]
        contract! { in on_aws, $aws: $($case),+ }
        contract! { in on_one_machine, $one_machine: $($case),+ }
    };
    (in $module:ident, $implementation:ident: $($case:ident),+) => {
        mod $module {
            $(#[tokio::test]
            async fn $case() {
                let held = super::$implementation().await;
                super::$case(&*held).await;
            })+
        }
    };
}
use contract;

/// An implementation together with what has to live as long as it: its folder, its server.
struct Held<T> {
    held: T,
    #[allow(dead_code, reason = "removes the folder when it goes")]
    folder: Option<tempfile::TempDir>,
}

impl<T> From<T> for Held<T> {
    fn from(held: T) -> Self {
        Self { held, folder: None }
    }
}

impl<T> std::ops::Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.held
    }
}
