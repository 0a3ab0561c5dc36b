use std::cmp::Reverse;

use async_trait::async_trait;
use jiff::Timestamp;
use relay::app::ports::store::{
    Calls, ForCall, Result, Saved, TokenDigest, Voicemail, check_sound,
};
use relay::domain::call::{Call, LineCalls};
use relay::domain::ids::{CallSid, MessageSid};
use relay::domain::phone::PhoneNumber;

use super::MemoryStore;

#[async_trait]
impl Calls for MemoryStore {
    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall> {
        let tables = self.tables();
        let inbound = tables.for_inbound(to, &MessageSid::of_call(sid), from);
        let line = inbound.line.as_ref().map_or(to, |line| &line.number);
        Ok(ForCall {
            call: tables.calls.get(sid).cloned(),
            live: tables.live_calls.get(line).cloned().unwrap_or_default(),
            inbound,
        })
    }

    async fn call(&self, sid: &CallSid) -> Result<Option<Call>> {
        Ok(self.tables().calls.get(sid).cloned())
    }

    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved> {
        let mut tables = self.tables();
        let stored = tables.calls.get(&call.sid).map_or(0, |call| call.version);
        let stored_live = tables.live_calls.get(&call.line);
        let stored_live = stored_live.map_or(0, |live| live.version);
        let is_next = live.is_none_or(|live| live.version == stored_live + 1);
        if call.version != stored + 1 || !is_next {
            return Ok(Saved::Outdated);
        }
        if let Some(token) = TokenDigest::of_call(call) {
            tables.voicemail_calls.insert(token, call.sid.clone());
        }
        if let Some(live) = live {
            tables.live_calls.insert(call.line.clone(), live.clone());
        }
        tables.calls.insert(call.sid.clone(), call.clone());
        Ok(Saved::Yes)
    }

    async fn calls_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<CallSid>> {
        let tables = self.tables();
        let due = tables.calls.values();
        let due = due.filter_map(|call| Some((call.due?, &call.sid)));
        let mut due: Vec<_> = due.filter(|(due, _)| *due < instant).collect();
        due.sort_unstable();
        let due = due.into_iter().take(limit);
        Ok(due.map(|(_, sid)| sid.clone()).collect())
    }

    async fn calls_of(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Call>> {
        let tables = self.tables();
        let calls = tables.calls.values();
        let mut calls: Vec<_> = calls
            .filter(|call| call.line == *line && call.opened >= since)
            .collect();
        calls.sort_unstable_by_key(|call| Reverse((call.opened, &call.sid)));
        Ok(calls.into_iter().take(limit).cloned().collect())
    }

    async fn keep_voicemail(
        &self,
        token: &TokenDigest,
        sound: &[u8],
        until: Timestamp,
    ) -> Result<()> {
        check_sound(sound)?;
        let sound = sound.to_vec();
        let voicemails = &mut self.tables().voicemails;
        voicemails.insert(token.clone(), Voicemail { sound, until });
        Ok(())
    }

    async fn voicemail(&self, token: &TokenDigest, now: Timestamp) -> Result<Option<Voicemail>> {
        let tables = self.tables();
        let kept = tables.voicemails.get(token);
        Ok(kept.filter(|kept| now < kept.until).cloned())
    }

    async fn voicemail_call(&self, token: &TokenDigest) -> Result<Option<CallSid>> {
        Ok(self.tables().voicemail_calls.get(token).cloned())
    }

    async fn remove_voicemail(&self, token: &TokenDigest) -> Result<()> {
        let mut tables = self.tables();
        tables.voicemails.remove(token);
        tables.voicemail_calls.remove(token);
        Ok(())
    }
}
