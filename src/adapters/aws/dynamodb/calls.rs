//! Calls, and what their callers said. A voicemail is longer than an item may be: it is kept in parts, each in
//! a partition of its own, since a partition takes a thousand units a second and a part costs 350.

use anyhow::Context;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::Timestamp;

use super::item::{self, EXPIRES, Item, Key};
use super::{DynamoStore, saved, unique};
use crate::app::ports::store::{
    Calls, ForCall, Result, Saved, TokenDigest, Voicemail, check_sound,
};
use crate::domain::call::{Call, LineCalls};
use crate::domain::ids::{CallSid, MessageSid};
use crate::domain::phone::PhoneNumber;
use crate::twilio::signature::sha256_hex;

#[async_trait]
impl Calls for DynamoStore {
    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall> {
        let told = MessageSid::of_call(sid);
        self.of_number(to, &told, from, Some(sid)).await
    }

    async fn call(&self, sid: &CallSid) -> Result<Option<Call>> {
        self.read_one(key(sid)).await
    }

    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved> {
        let Some(previous) = call.version.checked_sub(1) else {
            return Ok(Saved::Outdated);
        };
        let saved_by = unique()?;
        let item = of_call(call, &saved_by)?;
        let mut along = Vec::new();
        if let Some(live) = live {
            let Some(previous) = live.version.checked_sub(1) else {
                return Ok(Saved::Outdated);
            };
            let live = of_live(&call.line, live, &saved_by)?;
            along.push(self.table.put_version(live, previous));
        }
        if previous == 0 {
            along.push(self.table.put_any(of_listed(call)?));
        }
        if let Some(token) = TokenDigest::of_call(call) {
            along.push(self.table.put_any(of_token(&token, call)?));
        }
        if along.is_empty() {
            return self.replace(item, previous, &saved_by).await;
        }
        along.push(self.table.put_version(item, previous));
        Ok(saved(self.table.transact(along).await?.is_empty()))
    }

    async fn calls_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<CallSid>> {
        let query = self.table.query_index(DUE, instant);
        let due = self
            .table
            .find(query, limit, "query the index of due calls of");
        due.await?.iter().map(to_due).collect()
    }

    async fn calls_of(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Call>> {
        let query = self
            .table
            .query_where(&listed(line), "sk >= :sk", &time(since))
            .scan_index_forward(false);
        let found = self.table.find(query, limit, "query the calls of").await?;
        let keys: Vec<Key> = found
            .iter()
            .map(|item| Ok(key(&to_listed(item)?)))
            .collect::<Result<_>>()?;
        let items = match &keys[..] {
            [] => Vec::new(),
            keys => self.table.read(keys).await?,
        };
        // In the order of the list.
        let calls = keys.iter().filter_map(|key| key.find(&items));
        calls.map(item::from_json).collect()
    }

    /// The first part comes last, and names the others: what was kept in part is not found.
    async fn keep_voicemail(
        &self,
        token: &TokenDigest,
        sound: &[u8],
        until: Timestamp,
    ) -> Result<()> {
        check_sound(sound)?;
        for part in of_sound(token, sound, until).into_iter().rev() {
            self.table.put_item(part).await?;
        }
        Ok(())
    }

    async fn voicemail(&self, token: &TokenDigest, now: Timestamp) -> Result<Option<Voicemail>> {
        let items = self.table.read([&part(token, 0)]).await?;
        let Some(first) = items.first().map(First::of).transpose()? else {
            return Ok(None);
        };
        // DynamoDB deletes what has expired within days, not at once.
        if first.until <= now {
            return Ok(None);
        }
        let reading = (1..first.parts).map(async |n| {
            let items = self.table.read([&part(token, n)]).await?;
            let of_same = items.first().filter(|part| first.has(part));
            let sound = of_same.and_then(sound_of).map(<[u8]>::to_vec);
            sound.context("a part of a voicemail is missing: keep it once more")
        });
        let rest = try_join_all(reading).await?;
        let sound = [vec![first.sound.to_vec()], rest].concat().concat();
        let until = first.until;
        Ok(Some(Voicemail { sound, until }))
    }

    async fn voicemail_call(&self, token: &TokenDigest) -> Result<Option<CallSid>> {
        let items = self.table.read([&token_key(token)]).await?;
        items.first().map(to_call).transpose()
    }

    async fn remove_voicemail(&self, token: &TokenDigest) -> Result<()> {
        let items = self.table.read([&part(token, 0)]).await?;
        let first = items.first().map(First::of).transpose()?;
        let parts = first.map_or(1, |first| first.parts);
        let all = (0..parts).map(|n| part(token, n));
        for key in std::iter::once(token_key(token)).chain(all) {
            // One at a time: all of them are more than a transaction may hold.
            let delete = vec![self.table.delete(&key)];
            self.table.transact(delete).await?;
        }
        Ok(())
    }
}

/// The partition of the index for calls that somebody has to look at; that is few.
const DUE: &str = "calls";

const CALL: &str = "call#";

/// What leads from a token to its call.
const OF_CALL: &str = "call";

const SOUND: &str = "sound";
const PARTS: &str = "parts";
const DIGEST: &str = "digest";
const UNTIL: &str = "until";

/// The most of a sound in one item, which may have 400 KB.
const PART: usize = 350_000;

pub fn key(sid: &CallSid) -> Key {
    Key::new(format!("{CALL}{sid}"), "call")
}

pub fn live_key(line: &PhoneNumber) -> Key {
    Key::of_line(line, "calls")
}

/// The partition of a line's calls, in the order in which they came.
fn listed(line: &PhoneNumber) -> String {
    format!("calls#{}", line.expose())
}

fn time(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond())
}

fn token_key(token: &TokenDigest) -> Key {
    Key::new(format!("voicemail#{}", token.as_str()), "voicemail")
}

fn part(token: &TokenDigest, n: usize) -> Key {
    Key::new(format!("voicemail#{}#{n}", token.as_str()), SOUND)
}

fn of_call(call: &Call, saved_by: &str) -> Result<Item> {
    let mut item = item::versioned(key(&call.sid), call, call.version, saved_by)?;
    item.insert(EXPIRES.to_owned(), item::expiry(call.opened)?);
    if let Some(due) = call.due {
        item::put_in_index(&mut item, DUE, due);
    }
    Ok(item)
}

/// It goes once the last call that it tells of would.
fn of_live(line: &PhoneNumber, live: &LineCalls, saved_by: &str) -> Result<Item> {
    let mut item = item::versioned(live_key(line), live, live.version, saved_by)?;
    let until = live.live.iter().map(|call| call.until);
    let last = until.chain(live.recent.iter().map(|(came, _)| *came)).max();
    if let Some(last) = last {
        item.insert(EXPIRES.to_owned(), item::expiry(last)?);
    }
    Ok(item)
}

fn of_listed(call: &Call) -> Result<Item> {
    let key = Key::new(
        listed(&call.line),
        &format!("{}#{}", time(call.opened), call.sid),
    );
    Ok(key.with([(EXPIRES, item::expiry(call.opened)?)]))
}

fn to_listed(item: &Item) -> Result<CallSid> {
    item::text(item, item::SK)
        .and_then(|sk| CallSid::parse(sk.rsplit('#').next()?).ok())
        .context("an entry of a list of calls cannot be read")
}

fn to_due(item: &Item) -> Result<CallSid> {
    item::text(item, item::PK)
        .and_then(|pk| CallSid::parse(pk.strip_prefix(CALL)?).ok())
        .context("an entry of the index of due calls cannot be read")
}

fn of_token(token: &TokenDigest, call: &Call) -> Result<Item> {
    Ok(token_key(token).with([
        (OF_CALL, item::string(call.sid.as_str())),
        (EXPIRES, item::expiry(call.opened)?),
    ]))
}

fn to_call(item: &Item) -> Result<CallSid> {
    let sid = item::text(item, OF_CALL).context("a voicemail's token without a call")?;
    Ok(CallSid::parse(sid)?)
}

/// At least one part. By the digest of the whole, parts of another sound are known.
fn of_sound(token: &TokenDigest, sound: &[u8], until: Timestamp) -> Vec<Item> {
    let parts: Vec<&[u8]> = match sound {
        [] => vec![sound],
        sound => sound.chunks(PART).collect(),
    };
    let (count, digest) = (parts.len(), sha256_hex(sound));
    let numbered = parts.into_iter().enumerate();
    let items = numbered.map(|(n, bytes)| {
        part(token, n).with([
            (SOUND, AttributeValue::B(bytes.into())),
            (PARTS, item::number(count)),
            (DIGEST, item::string(&digest)),
            (UNTIL, item::number(until.as_millisecond())),
            // A whole second later: the instant may have a fraction.
            (EXPIRES, item::number(until.as_second() + 1)),
        ])
    });
    items.collect()
}

fn sound_of(item: &Item) -> Option<&[u8]> {
    Some(item.get(SOUND)?.as_b().ok()?.as_ref())
}

/// What the first part of a voicemail says of it.
struct First<'i> {
    sound: &'i [u8],
    parts: usize,
    digest: &'i str,
    until: Timestamp,
}

impl<'i> First<'i> {
    fn of(item: &'i Item) -> Result<Self> {
        let number = |name| item.get(name)?.as_n().ok()?.parse::<i64>().ok();
        let found = || {
            Some(Self {
                sound: sound_of(item)?,
                parts: number(PARTS)?.try_into().ok()?,
                digest: item::text(item, DIGEST)?,
                until: Timestamp::from_millisecond(number(UNTIL)?).ok()?,
            })
        };
        found().context("the first part of a voicemail cannot be read")
    }

    fn has(&self, part: &Item) -> bool {
        item::text(part, DIGEST) == Some(self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sound_is_kept_in_parts_that_are_known_as_its_own() {
        let (token, until) = (TokenDigest::of("token"), Timestamp::UNIX_EPOCH);
        for (bytes, parts) in [(0, 1), (PART, 1), (PART + 1, 2), (4 * 1024 * 1024, 12)] {
            let items = of_sound(&token, &vec![7; bytes], until);
            assert_eq!(items.len(), parts, "{bytes} bytes");
            let first = First::of(&items[0]).unwrap();
            assert_eq!(first.parts, parts);
            assert!(items.iter().all(|part| first.has(part)));
            let sound = items.iter().filter_map(sound_of);
            assert_eq!(sound.map(<[u8]>::len).sum::<usize>(), bytes);
            // Of another sound under the same token, which is being kept.
            let others = of_sound(&token, &vec![8; bytes + 1], until);
            assert!(!others.iter().any(|part| first.has(part)));
        }
    }

    #[test]
    fn what_a_line_remembers_of_callers_goes_once_the_last_call_would() {
        let line = PhoneNumber::parse("+16195550100").unwrap();
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let calls = LineCalls {
            version: 1,
            recent: vec![(day(1), None), (day(3), None)],
            ..LineCalls::default()
        };
        let item = of_live(&line, &calls, "test").unwrap();
        assert_eq!(item[EXPIRES], item::number(33 * 86_400));
        let item = of_live(&line, &LineCalls::default(), "test").unwrap();
        assert_eq!(item.get(EXPIRES), None);
    }
}
