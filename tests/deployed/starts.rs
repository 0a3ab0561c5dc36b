//! What a function needs to start, and that the template gives it that.

use super::emulator::Emulator;
use super::lambda::{Lambda, configuration};
use super::world::{FUNCTIONS, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_lacks_one_of_its_variables_says_which() {
    let world = World::with_silent_queue().await;
    for (function, binary) in FUNCTIONS {
        let name = world.name_of(function);
        let (variables, timeout) = configuration(Emulator::shared(), &name);
        for (missing, _) in &variables {
            // These have a default: the real Twilio, the namespace of a relay that is alone, a Standard
            // API key as what is rotated, eight shards, as many calls to Twilio as there are texts, and
            // no queue of lines.
            let defaults = [
                "TWILIO_API_URL",
                "METRICS_NAMESPACE",
                "ROTATE",
                "KEY_TYPE",
                "INDEX_SHARDS",
                "TWILIO_CONCURRENCY",
                "RECONCILIATION_CONCURRENCY",
                "RECONCILIATION_QUEUE_URL",
            ];
            if defaults.contains(&missing.as_str()) {
                continue;
            }
            let others: Vec<_> = variables
                .iter()
                .filter(|(n, _)| n != missing)
                .cloned()
                .collect();
            let endpoint = &world.border(function).serving.url;
            let instance = Lambda::start(&name, binary, &others, timeout, endpoint).await;
            assert!(
                !instance.starts().await,
                "{function} starts without {missing}"
            );
            let log = instance.log().join("\n");
            assert!(
                log.contains(missing.as_str()),
                "{function} does not say {missing}: {log}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_starts_while_aws_is_out_of_order() {
    let world = World::with_silent_queue().await;
    for (function, binary) in FUNCTIONS {
        let name = world.name_of(function);
        let (variables, timeout) = configuration(Emulator::shared(), &name);
        // Nobody listens there.
        let instance =
            Lambda::start(&name, binary, &variables, timeout, "http://127.0.0.1:9").await;
        assert!(instance.starts().await, "{function}: {:#?}", instance.log());
    }
}
