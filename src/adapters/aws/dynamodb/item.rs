//! Keys and items: what stands where in the table, and how it is read back.

use std::borrow::Cow;
use std::collections::HashMap;

use anyhow::{Context, anyhow, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::ports::store::{Listing, SignatureDigest};
use crate::domain::conversation::{Conversation, PersonState};
use crate::domain::delivery::Delivery;
use crate::domain::duty::Overrides;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::notice::{Notice, RecipientStatus};
use crate::domain::pace;
use crate::domain::phone::PhoneNumber;

pub type Item = HashMap<String, AttributeValue>;

pub const PK: &str = "pk";
pub const SK: &str = "sk";
pub const JSON: &str = "json";
/// The longest JSON that is kept as text. Of the 1,024 bytes of a unit, the other attributes take the rest.
const LONGEST_TEXT: usize = 800;
/// DynamoDB takes no item of more than 400 KB. Somebody has to hear of one long before.
const LARGE: usize = 100 * 1024;
/// The most that is read of a compressed value: no JSON of ours is compressed to a tenth.
const LARGEST: usize = 10 * 400 * 1024;
/// As zlib does it by default.
const LEVEL: u8 = 6;
pub const VERSION: &str = "version";
pub const SAVED_BY: &str = "saved_by";
pub const EXPIRES: &str = "expires";
pub const DUE_SHARD: &str = "due_shard";
pub const DUE_AT: &str = "due_at";
pub const OWNER: &str = "delivery";
pub const DAY: &str = "day";
pub const STANDING: &str = "standing";
pub const OF_LINE: &str = "of_line";

/// The register of lines is one partition: it has as many items as there are lines.
pub const REGISTER: &str = "lines";

/// How many partitions of the index due deliveries are spread over, if nothing else is said: a single one
/// would be its bottleneck. A power of two, as every number of shards is.
pub const SHARDS: u8 = 8;

/// The most that there may ever be.
pub const MOST_SHARDS: u8 = 64;

/// The partition of the index for what gave up; that is few, however much is due.
pub const DEAD: &str = "dead";

/// The partition of the index for notices with pages to be fanned out; that is few.
pub const NOTICES: &str = "notices";

/// How long inbounds, deliveries and notices are kept.
const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

/// How long a conversation is kept in which nobody waits: a customer may be named by their last digits
/// for as long.
const CONVERSATION_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(180 * 24);

/// What the sort keys of a line's opt-outs begin with.
pub const OPT_OUT: &str = "opt_out#";

/// What those of its blocked customers begin with.
pub const BLOCKED: &str = "blocked#";

const OVERRIDE: &str = "@";
pub const TOPIC: &str = "topic@";
const DELIVERY: &str = "delivery#";
const NOTICE: &str = "notice#";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    sk: String,
}

impl Key {
    pub fn line(number: &PhoneNumber) -> Self {
        Self::of_line(number, "line")
    }

    pub fn overrides(line: &PhoneNumber) -> Self {
        Self::of_line(line, "overrides")
    }

    pub fn conversation(line: &PhoneNumber, customer: &PhoneNumber) -> Self {
        let partition = format!("conversation#{}#{}", line.expose(), customer.expose());
        Self::new(partition, "conversation")
    }

    /// A conversation's place in a person's list. The order of the keys is that of the ranks.
    pub fn listing(line: &PhoneNumber, listing: &Listing) -> Self {
        let waits = u8::from(listing.rank.waits);
        let at = listing.rank.at.as_millisecond();
        let customer = listing.customer.expose();
        Self::new(
            list(line, &listing.person),
            &format!("{waits}#{at:015}#{customer}"),
        )
    }

    pub fn person_state(line: &PhoneNumber, person: &PhoneNumber) -> Self {
        Self::of_line(line, &format!("person#{}", person.expose()))
    }

    pub fn verdicts() -> Self {
        Self::new("doctor".to_owned(), "verdicts")
    }

    pub fn reconciled(line: &PhoneNumber) -> Self {
        Self::of_line(line, "reconciled")
    }

    pub fn opt_out(line: &PhoneNumber, number: &PhoneNumber) -> Self {
        Self::of_line(line, &format!("{OPT_OUT}{}", number.expose()))
    }

    pub fn blocked(line: &PhoneNumber, customer: &PhoneNumber) -> Self {
        Self::of_line(line, &format!("{BLOCKED}{}", customer.expose()))
    }

    pub fn opted_out_people(line: &PhoneNumber) -> Self {
        Self::of_line(line, "opted_out_people")
    }

    /// All that is on record of a number and the line's topics.
    pub fn subscriptions(line: &PhoneNumber, number: &PhoneNumber) -> Self {
        Self::of_line(line, &format!("subscriptions#{}", number.expose()))
    }

    /// One of those who get a topic's notices.
    pub fn subscriber(line: &PhoneNumber, name: &str, number: &PhoneNumber) -> Self {
        Self::new(topic(line, name), number.expose())
    }

    pub fn pace(key: &pace::Key) -> Self {
        Self::new(format!("pace#{}", key.expose()), "pace")
    }

    pub fn signature(digest: &SignatureDigest) -> Self {
        Self::new(format!("signature#{digest}"), "signature")
    }

    pub fn registered(line: &PhoneNumber) -> Self {
        Self::new(REGISTER.to_owned(), line.expose())
    }

    pub fn inbound(sid: &MessageSid) -> Self {
        Self::new(format!("inbound#{sid}"), "inbound")
    }

    pub fn sent(sid: &MessageSid) -> Self {
        Self::new(format!("sent#{sid}"), "sent")
    }

    pub fn delivery(id: &DeliveryId) -> Self {
        Self::new(format!("{DELIVERY}{id}"), "delivery")
    }

    pub fn notice(id: NoticeId) -> Self {
        Self::new(format!("{NOTICE}{id}"), "notice")
    }

    pub fn of_line(line: &PhoneNumber, sk: &str) -> Self {
        Self::new(format!("line#{}", line.expose()), sk)
    }

    pub fn new(pk: String, sk: &str) -> Self {
        Self {
            pk,
            sk: sk.to_owned(),
        }
    }

    pub fn item(&self) -> Item {
        self.with([])
    }

    /// The item with these attributes.
    pub fn with<const N: usize>(&self, attributes: [(&str, AttributeValue); N]) -> Item {
        let key = [(PK, string(&self.pk)), (SK, string(&self.sk))];
        let all = key.into_iter().chain(attributes);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub fn find<'i>(&self, items: &'i [Item]) -> Option<&'i Item> {
        items.iter().find(|item| self.is_of(item))
    }

    pub fn is_of(&self, item: &Item) -> bool {
        text(item, PK) == Some(&self.pk) && text(item, SK) == Some(&self.sk)
    }
}

pub fn string(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn text<'i>(item: &'i Item, attribute: &str) -> Option<&'i str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

pub fn of_inbound(record: &InboundRecord) -> anyhow::Result<Item> {
    let key = Key::inbound(&record.sms.sid);
    Ok(key.with([(JSON, packed(record)?), (EXPIRES, expiry(record.received)?)]))
}

/// One that waits does not expire: nobody who waits is forgotten, and no block.
pub fn of_conversation(
    line: &PhoneNumber,
    conversation: &Conversation,
    saved_by: &str,
) -> anyhow::Result<Item> {
    let key = Key::conversation(line, &conversation.customer);
    let item = versioned(key, conversation, conversation.version, saved_by)?;
    if conversation.blocked.is_some() {
        return Ok(item);
    }
    expiring_with(item, conversation)
}

pub fn of_listing(
    line: &PhoneNumber,
    listing: &Listing,
    conversation: &Conversation,
) -> anyhow::Result<Item> {
    expiring_with(Key::listing(line, listing).item(), conversation)
}

fn expiring_with(mut item: Item, conversation: &Conversation) -> anyhow::Result<Item> {
    if conversation.waits.is_none() {
        let expires = conversation.active.checked_add(CONVERSATION_KEPT)?;
        item.insert(EXPIRES.to_owned(), number(expires.as_second()));
    }
    Ok(item)
}

/// The partition of the conversations that a person takes part in.
pub fn list(line: &PhoneNumber, person: &PhoneNumber) -> String {
    format!("conversations#{}#{}", line.expose(), person.expose())
}

/// The partition of the customers whose numbers end in the same digits.
pub fn alike(line: &PhoneNumber, digits: &str) -> String {
    format!("alike#{}#{digits}", line.expose())
}

pub fn of_alike(line: &PhoneNumber, digits: &str, customer: &PhoneNumber) -> Item {
    Key::new(alike(line, digits), customer.expose()).item()
}

/// Stands where a line of that number would stand.
pub fn of_reply_number(number: &PhoneNumber, line: &PhoneNumber) -> Item {
    Key::line(number).with([(OF_LINE, string(line.expose()))])
}

/// The line that a number is a reply number of, if it is one.
pub fn to_line_of_reply_number(item: &Item) -> anyhow::Result<Option<PhoneNumber>> {
    let line = text(item, OF_LINE).map(PhoneNumber::parse);
    line.transpose()
        .context("the entry of a reply number cannot be read")
}

/// The customer whose number the sort key ends with.
pub fn to_customer(item: &Item) -> anyhow::Result<PhoneNumber> {
    let sk = text(item, SK).unwrap_or_default();
    let number = sk.rsplit('#').next().unwrap_or_default();
    PhoneNumber::parse(number).context("an entry of a list of customers cannot be read")
}

pub fn of_person_state(
    line: &PhoneNumber,
    person: &PhoneNumber,
    state: &PersonState,
    saved_by: &str,
) -> anyhow::Result<Item> {
    versioned(
        Key::person_state(line, person),
        state,
        state.version,
        saved_by,
    )
}

pub fn versioned(
    key: Key,
    value: &impl Serialize,
    version: u64,
    saved_by: &str,
) -> anyhow::Result<Item> {
    Ok(key.with([
        (JSON, packed(value)?),
        (VERSION, number(version)),
        (SAVED_BY, string(saved_by)),
    ]))
}

pub fn of_sent(sid: &MessageSid, delivery: &DeliveryId, now: Timestamp) -> anyhow::Result<Item> {
    Ok(Key::sent(sid).with([(OWNER, string(delivery.as_str())), (EXPIRES, expiry(now)?)]))
}

pub fn to_owner(item: &Item) -> anyhow::Result<DeliveryId> {
    let owner = text(item, OWNER).context("a sent message without a delivery")?;
    Ok(DeliveryId::parse(owner)?)
}

/// Only a delivery that is due or a dead letter carries the index's attributes, so the index holds
/// those alone. A dead letter does not expire; once it is replayed, the time begins anew.
pub fn of_delivery(delivery: &Delivery, shards: u8, saved_by: &str) -> anyhow::Result<Item> {
    let mut item = versioned(
        Key::delivery(&delivery.id),
        delivery,
        delivery.version,
        saved_by,
    )?;
    let indexed = match delivery.gave_up {
        Some(gave_up) => Some((DEAD.to_owned(), gave_up)),
        None => {
            item.insert(EXPIRES.to_owned(), expiry(delivery.began())?);
            delivery.due().map(|due| (shard(&delivery.id, shards), due))
        }
    };
    if let Some((shard, at)) = indexed {
        put_in_index(&mut item, &shard, at);
    }
    Ok(item)
}

pub fn put_in_index(item: &mut Item, shard: &str, at: Timestamp) {
    item.insert(DUE_SHARD.to_owned(), string(shard));
    item.insert(DUE_AT.to_owned(), number(at.as_millisecond()));
}

pub fn of_notice(notice: &Notice, saved_by: &str) -> anyhow::Result<Item> {
    let mut item = versioned(Key::notice(notice.id), notice, notice.version, saved_by)?;
    item.insert(EXPIRES.to_owned(), expiry(notice.expires)?);
    if let Some(due) = notice.due() {
        put_in_index(&mut item, NOTICES, due);
    }
    Ok(item)
}

/// The entry of a notice among those about its subject, if it has one.
pub fn of_subject(notice: &Notice) -> anyhow::Result<Option<Item>> {
    let Some(about) = &notice.subject else {
        return Ok(None);
    };
    let partition = subject(&notice.from, &notice.topic, about);
    let key = Key::new(partition, &notice.id.to_string());
    Ok(Some(key.with([(EXPIRES, expiry(notice.expires)?)])))
}

/// The partition of the notices about a subject.
pub fn subject(line: &PhoneNumber, topic: &str, subject: &str) -> String {
    format!("subject#{}#{topic}#{subject}", line.expose())
}

/// How the recipient of a notice's delivery stands; `None` for other deliveries.
pub fn of_recipient(delivery: &Delivery) -> anyhow::Result<Option<Item>> {
    let Some(notice) = delivery.purpose.notice() else {
        return Ok(None);
    };
    // Always the same: with another number of shards it would be counted twice.
    let partition = recipients(notice, &shard(&delivery.id, SHARDS));
    let key = Key::new(partition, delivery.id.as_str());
    Ok(Some(key.with([
        (STANDING, string(&RecipientStatus::of(delivery).name())),
        (EXPIRES, expiry(delivery.began())?),
    ])))
}

/// One of the partitions of a notice's recipients: a single one would be the fan-out's bottleneck.
pub fn recipients(notice: NoticeId, shard: &str) -> String {
    format!("recipients#{notice}#{shard}")
}

/// The notice that an entry of the index is of.
pub fn to_notice_id(item: &Item) -> anyhow::Result<NoticeId> {
    text(item, PK)
        .and_then(|pk| NoticeId::parse(pk.strip_prefix(NOTICE)?).ok())
        .context("an entry of the index of due notices cannot be read")
}

pub fn with_json(key: Key, value: &impl Serialize) -> anyhow::Result<Item> {
    Ok(key.with([(JSON, packed(value)?)]))
}

/// JSON, as text as long as the item costs one unit to write. A larger one is compressed, to half of it
/// or less: `relay explain` shows what is in it.
fn packed<T: Serialize>(value: &T) -> anyhow::Result<AttributeValue> {
    let json = serde_json::to_string(value)?;
    if json.len() <= LONGEST_TEXT {
        return Ok(AttributeValue::S(json));
    }
    let packed = compress_to_vec(json.as_bytes(), LEVEL);
    if LARGE < packed.len() {
        let (kind, bytes) = (std::any::type_name::<T>(), packed.len());
        tracing::warn!(count = "large_item", kind, bytes, "an item is very large");
    }
    Ok(AttributeValue::B(packed.into()))
}

pub fn json(value: &impl Serialize) -> anyhow::Result<AttributeValue> {
    Ok(AttributeValue::S(serde_json::to_string(value)?))
}

pub fn expiry(from: Timestamp) -> anyhow::Result<AttributeValue> {
    Ok(number(from.checked_add(KEPT)?.as_second()))
}

/// Any even spread will do.
fn shard(id: &DeliveryId, shards: u8) -> String {
    let sum = id
        .as_str()
        .bytes()
        .fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    (sum % shards).to_string()
}

/// The shards in which something may be due: each of those that are written to, and an eighth of the others,
/// each eighth in turn. Those hold what was written while there were more shards, if there ever were.
pub fn shards_to_read(shards: u8, now: Timestamp) -> impl Iterator<Item = u8> {
    let turn = now.as_second().div_euclid(60).rem_euclid(8);
    let others = (shards..MOST_SHARDS).filter(move |shard| i64::from(*shard) % 8 == turn);
    (0..shards).chain(others)
}

pub fn from_json<T: DeserializeOwned>(item: &Item) -> anyhow::Result<T> {
    let json = match item.get(JSON) {
        Some(AttributeValue::S(json)) => Cow::Borrowed(json.as_bytes()),
        Some(AttributeValue::B(packed)) => decompress_to_vec_with_limit(packed.as_ref(), LARGEST)
            .map(Cow::Owned)
            .map_err(|_| anyhow!("an item whose {JSON:?} is not compressed JSON"))?,
        _ => bail!("an item without {JSON:?}"),
    };
    // The message of a JSON error may quote the value.
    serde_json::from_slice(&json).map_err(|error| {
        anyhow!(
            "the {} item is not what this version writes (its JSON, column {})",
            text(item, SK).unwrap_or_default(),
            error.column()
        )
    })
}

/// The partition of those who get a topic's notices.
pub fn topic(line: &PhoneNumber, name: &str) -> String {
    format!("topic#{}#{name}", line.expose())
}

/// The attribute of the subscriptions item that holds the one of this topic.
pub fn topic_attribute(name: &str) -> String {
    format!("{TOPIC}{name}")
}

/// The attribute of the overrides item that holds this person's.
pub fn override_attribute(person: &str) -> String {
    format!("{OVERRIDE}{person}")
}

pub fn to_overrides(item: Option<&Item>) -> anyhow::Result<Overrides> {
    let overrides = after_prefix(item, OVERRIDE).map(|(person, json)| {
        let read = serde_json::from_str(json);
        let read =
            read.with_context(|| format!("the stored override of {person:?} cannot be read"))?;
        Ok((person.to_owned(), read))
    });
    overrides.collect::<anyhow::Result<_>>().map(Overrides)
}

/// The JSON of an item's attributes whose names begin with `prefix`, with the rest of the names.
pub fn after_prefix<'i>(
    item: Option<&'i Item>,
    prefix: &'static str,
) -> impl Iterator<Item = (&'i str, &'i str)> {
    let attributes = item.into_iter().flatten();
    attributes.filter_map(move |(name, value)| {
        Some((name.strip_prefix(prefix)?, value.as_s().ok()?.as_str()))
    })
}

/// What the index says of a delivery: when it is due, and which one it is.
pub fn to_due(item: &Item) -> anyhow::Result<(i64, DeliveryId)> {
    let unreadable = || "an entry of the index of due deliveries cannot be read";
    let at = item
        .get(DUE_AT)
        .and_then(|value| value.as_n().ok()?.parse().ok())
        .with_context(unreadable)?;
    let id = text(item, PK)
        .and_then(|pk| DeliveryId::parse(pk.strip_prefix(DELIVERY)?).ok())
        .with_context(unreadable)?;
    Ok((at, id))
}

#[cfg(test)]
mod tests {
    use sha2::Digest;

    use super::*;
    use crate::domain::delivery::{Event, step};
    use crate::domain::line::Line;

    #[test]
    fn deliveries_spread_evenly_over_all_shards() {
        for shards in [SHARDS, 16, 32, MOST_SHARDS] {
            let mut counts = std::collections::HashMap::new();
            for n in 0..8000_u32 {
                let sid = crate::domain::ids::hex(&sha2::Sha256::digest(n.to_be_bytes())[..16]);
                let id = DeliveryId::parse(&format!("in-SM{sid}")).unwrap();
                *counts.entry(shard(&id, shards)).or_insert(0) += 1;
            }
            assert_eq!(counts.len(), usize::from(shards));
            let even = 8000 / i32::from(shards);
            let (least, most) = (counts.values().min(), counts.values().max());
            assert!(least > Some(&(even * 6 / 10)), "{shards}: {least:?}");
            assert!(most < Some(&(even * 14 / 10)), "{shards}: {most:?}");
        }
    }

    /// Whatever the number of shards was when they were written.
    #[test]
    fn every_shard_that_ever_was_is_read_each_minute_or_within_eight() {
        for now in [SHARDS, 16, MOST_SHARDS] {
            let read =
                |minute: i64| shards_to_read(now, Timestamp::from_second(60 * minute).unwrap());
            for minute in 0..8 {
                let read: Vec<u8> = read(minute).collect();
                assert!(read.iter().take(now.into()).copied().eq(0..now));
                assert!(read.len() <= usize::from(now) + 7, "{read:?}");
            }
            let within_eight: std::collections::BTreeSet<u8> = (0..8).flat_map(read).collect();
            assert!(within_eight.into_iter().eq(0..MOST_SHARDS));
        }
    }

    #[test]
    fn a_text_that_reached_nobody_does_not_expire_until_it_is_replayed() {
        let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let json = serde_json::json!({
            "id": "in-1", "version": 1, "line": "qdn", "from": "+16195550100",
            "public_url": "https://relay.example.com", "message_sid": null,
            "to": {"person": "Sergio", "number": "+16195550110"}, "remaining": [],
            "body": "hi", "media": [], "parts": [], "attempts": [],
            "state": {"gave_up": {"because": "late"}}, "created": at(0), "deadline": at(1),
            "gave_up": at(1),
        });
        let dead: Delivery = serde_json::from_value(json).unwrap();
        let item = of_delivery(&dead, SHARDS, "test").unwrap();
        assert_eq!(text(&item, DUE_SHARD), Some(DEAD));
        assert_eq!(item.get(EXPIRES), None);

        let replay = Event::Replayed {
            cascade: vec![dead.to.clone()],
            public_url: dead.public_url.clone(),
        };
        let (alive, _) = step(dead, replay, at(60), 0.0);
        let item = of_delivery(&alive, SHARDS, "test").unwrap();
        assert_eq!(item.get(EXPIRES), Some(&number(90 * 86_400)));
    }

    #[test]
    fn a_long_value_is_kept_in_half_the_room() {
        let key = || Key::conversation(&number_of(100), &number_of(107));
        for (length, is_text) in [(700, true), (1600, false), (100_000, false)] {
            let words = "Is the boat ready? Call 0107. ".repeat(length / 30);
            let item = with_json(key(), &words).unwrap();
            assert_eq!(item[JSON].is_s(), is_text, "{length}");
            assert_eq!(from_json::<String>(&item).unwrap(), words);
            if let AttributeValue::B(packed) = &item[JSON] {
                assert!(packed.as_ref().len() < length / 2, "{length}");
            }
        }
        let broken = key().with([(JSON, AttributeValue::B(b"{}".to_vec().into()))]);
        let error = from_json::<String>(&broken).unwrap_err().to_string();
        assert!(error.contains("not compressed JSON"), "{error}");
    }

    fn number_of(line: u16) -> PhoneNumber {
        PhoneNumber::parse(&format!("+16195550{line}")).unwrap()
    }

    #[test]
    fn a_large_item_is_counted_long_before_dynamodb_refuses_it_and_its_content_is_not_logged() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(file.reopen().unwrap())
            .finish();
        let digits = |count: u64| (0..count).map(|n| n * n).collect::<Vec<_>>();
        tracing::subscriber::with_default(subscriber, || {
            packed(&digits(10_000)).unwrap();
            packed(&digits(40_000)).unwrap();
        });
        let log = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(log.matches(r#""count":"large_item""#).count(), 1, "{log}");
        assert!(!log.contains("81,100"), "{log}");
    }

    #[test]
    fn an_item_that_cannot_be_read_is_reported_without_its_content() {
        let number = PhoneNumber::parse("+16195550100").unwrap();
        let mut item = Key::line(&number).item();
        item.insert(JSON.to_owned(), string(r#"{"name": 858555}"#));
        let error = format!("{:#}", from_json::<Line>(&item).unwrap_err());
        assert!(error.contains("line item"), "{error}");
        assert!(!error.contains("858555"), "{error}");
    }
}
