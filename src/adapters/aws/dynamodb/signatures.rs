//! Signatures of requests that came over HTTP.

use anyhow::Context;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::Timestamp;

use super::item::{self, Key};
use super::table::Table;
use crate::app::ports::store::Result;
use crate::app::ports::store::SignatureDigest;
use crate::aws_error::plain;

/// DynamoDB deletes what has expired within days, not at once; until then it is as good as gone.
pub async fn claim(
    table: &Table,
    signature: &SignatureDigest,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let me = format!("{:016x}", getrandom::u64()?);
    let mut item = Key::signature(signature).item();
    item.insert(item::SAVED_BY.to_owned(), item::string(&me));
    // A whole second later: the instant may have a fraction.
    item.insert(
        item::EXPIRES.to_owned(),
        item::number(until.as_second() + 1),
    );
    let put = table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk) OR #expires <= :now")
        .expression_attribute_names("#expires", item::EXPIRES)
        .expression_attribute_values(":now", item::number(now.as_second()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let error = match put.send().await {
        Ok(_) => return Ok(true),
        Err(error) => error,
    };
    match error.as_service_error() {
        // If only the answer of the first try was lost, the client's second finds our own claim.
        Some(PutItemError::ConditionalCheckFailedException(check)) => {
            let by = check
                .item()
                .and_then(|item| item::text(item, item::SAVED_BY));
            Ok(by == Some(&me))
        }
        _ => Err(plain(error)).with_context(|| table.failed("write to")),
    }
}
