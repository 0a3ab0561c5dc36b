use super::Relay;
use super::advance::Advanced;
use crate::app::audit::records;
use crate::app::ports::audit::{HashKey, Record};
use crate::domain::delivery::{Attempt, Class, Delivery, Effect};
use crate::domain::opt_out::{Cause, Change, OptOut};

impl Relay {
    /// Puts on the list of opt-outs whom a step's attempts were refused for. Returns the records of
    /// that and of the step. A list that cannot be written is said in the log: the next attempt is
    /// refused as well, and puts it right.
    pub async fn record_step(&self, advanced: &Advanced, key: &HashKey) -> Vec<Record> {
        let Advanced {
            delivery,
            effects,
            spawned,
            at,
            ..
        } = advanced;
        let mut records = records::of_step(delivery, effects, spawned, *at, key);
        for (attempt, code) in refused(delivery, effects) {
            let change = Change {
                number: attempt.to.number.clone(),
                to: Some(OptOut {
                    since: *at,
                    by: Cause::Refusal(code),
                }),
                of_person: true,
            };
            let changed = self.store.change_opt_out(&delivery.from, &change).await;
            match changed {
                Ok(true) => {
                    records.push(records::opted_out_by_refusal(
                        delivery, attempt, &change, *at, key,
                    ));
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(delivery = %delivery.id, error = format!("{error:#}"), "an opt-out was not kept");
                }
            }
        }
        records
    }
}

/// The attempts of which a step reports that the recipient had opted out, with the code that said so.
fn refused<'a>(
    delivery: &'a Delivery,
    effects: &'a [Effect],
) -> impl Iterator<Item = (&'a Attempt, u32)> {
    let reported = effects.iter().filter_map(|effect| match effect {
        Effect::Report { attempt } => delivery.attempt(*attempt),
        _ => None,
    });
    let refused = reported.filter(|attempt| attempt.outcome.class() == Some(Class::Stop));
    refused.filter_map(|attempt| Some((attempt, attempt.outcome.code()?)))
}
