use base64::Engine as _;
use relay::app::ports::store::TokenDigest;
use relay::domain::call::{self, Outcome, Stage};
use relay::domain::ids::CallSid;
use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::{Act, CallView, Handled, Kind, NewCall, TakesCalls, WITHHELD, demo_account};

use super::{Phone, World, number, seconds};

/// A customer's call, as the customer has it.
pub struct Call<'a> {
    world: &'a World,
    pub sid: String,
}

impl World {
    /// Somebody who withholds their number calls the line.
    pub async fn is_called_by_withheld(&self) -> Call<'_> {
        self.is_called_by(WITHHELD, NewCall::default()).await
    }

    /// What the relay keeps of the call that a text asked for, if it is one.
    pub async fn call_of(&self, text: &MessageSid) -> Option<call::Call> {
        let sid = CallSid::of_text(text).expect("the SID of a text");
        let kept = self.relay().store.call(&sid).await;
        kept.expect("the store is read")
    }

    pub async fn is_called_by(&self, from: &str, new: NewCall) -> Call<'_> {
        let sid = self.sandbox.call(from, &self.line.number, new);
        let sid = sid.expect("the number is the sandbox's");
        self.settle().await;
        Call { world: self, sid }
    }
}

impl World {
    /// Asks Twilio for one of its auth tokens, as the account itself.
    pub async fn ask_twilio(&self, path: &str, token: &str) -> String {
        let account = demo_account();
        let login = format!("{}:{}", account.account_sid, account.auth_token.expose());
        let login = base64::engine::general_purpose::STANDARD.encode(login);
        let request = http::Request::post(format!("https://accounts.twilio.com{path}"))
            .header("authorization", format!("Basic {login}"))
            .body(bytes::Bytes::new())
            .expect("a request");
        let Handled::Answered(answer) = self.sandbox.handle(request) else {
            panic!("Twilio does not answer");
        };
        let answer: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
        answer[token].as_str().expect("a token").to_owned()
    }
}

impl<'a> Phone<'a> {
    /// Calls the line. Whoever is first rings then.
    pub async fn calls(&self) -> Call<'a> {
        self.calls_as(NewCall::default()).await
    }

    /// Calls one of the line's numbers.
    pub async fn calls_number(&self, to: &str, new: NewCall) -> Call<'a> {
        let (world, from) = (self.world, self.sender.expose());
        let sid = { &world.sandbox }.call(from, &number(to), new);
        let sid = sid.expect("the number is the sandbox's");
        world.settle().await;
        Call { world, sid }
    }

    /// Calls the line, and no request of it is brought yet.
    pub fn calls_unheard(&self) -> Call<'a> {
        let (world, from) = (self.world, self.sender.expose());
        let sid = { &world.sandbox }.call(from, &world.line.number, NewCall::default());
        let sid = sid.expect("the number is the sandbox's");
        Call { world, sid }
    }

    pub async fn calls_as(&self, new: NewCall) -> Call<'a> {
        self.world.is_called_by(self.sender.expose(), new).await
    }

    pub fn takes_calls(&self, how: TakesCalls) {
        let phone = number(self.sender.expose());
        self.world.sandbox.takes_calls(&phone, how);
    }

    /// Picks up and waits until it is said who calls.
    pub async fn answers(&self) {
        self.does(Act::Answer).await;
        self.world.advance(seconds(4)).await;
    }

    /// Picks up and presses 1.
    pub async fn takes_the_call(&self) {
        self.answers().await;
        self.presses("1").await;
    }

    pub async fn presses(&self, keys: &str) {
        self.does(Act::Press(keys.to_owned())).await;
    }

    /// Picks up; nothing is asked.
    pub async fn picks_up(&self) {
        self.does(Act::Answer).await;
    }

    pub async fn declines(&self) {
        self.does(Act::Decline).await;
    }

    pub async fn hangs_up(&self) {
        self.does(Act::HangUp).await;
    }

    async fn does(&self, act: Act) {
        let phone = number(self.sender.expose());
        let done = self.world.sandbox.callee_acts(&phone, &act);
        done.expect("a call is there");
        self.world.settle().await;
    }

    /// Whether a call rings here that nobody answered.
    pub fn rings(&self) -> bool {
        self.legs()
            .iter()
            .any(|leg| leg.ended.is_none() && leg.answered.is_none())
    }

    /// How often this phone was called.
    pub fn was_rung(&self) -> usize {
        self.legs().len()
    }

    pub fn is_connected(&self) -> bool {
        self.legs().iter().any(|leg| leg.connected)
    }

    /// What is said to whoever picks up, of the last call.
    pub fn is_told(&self) -> String {
        let leg = self.legs().pop().expect("a call rang here");
        spoken(&leg).join(" ")
    }

    fn legs(&self) -> Vec<CallView> {
        // A call that the account makes is a phone's itself.
        let calls = self.world.sandbox.calls().into_iter();
        let legs = calls.flat_map(|mut call| {
            let legs = std::mem::take(&mut call.legs);
            std::iter::once(call).chain(legs)
        });
        legs.filter(|leg| leg.to == self.sender.expose()).collect()
    }
}

impl Call<'_> {
    /// Hangs up, and no request of it is brought yet.
    pub fn hangs_up_unheard(&self) {
        let done = self.world.sandbox.caller_acts(&self.sid, &Act::HangUp);
        done.expect("the call goes on");
    }

    pub async fn hangs_up(&self) {
        self.does(Act::HangUp).await;
    }

    pub async fn says(&self, for_seconds: f64) {
        self.does(Act::Say(for_seconds)).await;
    }

    pub async fn presses(&self, keys: &str) {
        self.does(Act::Press(keys.to_owned())).await;
    }

    async fn does(&self, act: Act) {
        let done = self.world.sandbox.caller_acts(&self.sid, &act);
        done.expect("the call goes on");
        self.world.settle().await;
    }

    /// Until the caller hears the tone and may speak, or the call is over. Fails after two minutes.
    pub async fn until_the_tone(&self) {
        for _ in 0..240 {
            let now = self.view().now;
            if now == "is recorded" || !self.goes_on() {
                return;
            }
            self.world.advance(seconds(1) / 2).await;
        }
        panic!("there is no tone: {:?}", self.view());
    }

    /// The caller speaks for so long after the tone and hangs up, and everything that follows happens.
    pub async fn leaves_a_message(&self, for_seconds: u64) {
        self.until_the_tone().await;
        self.says(for_seconds as f64).await;
        self.world.advance(seconds(for_seconds)).await;
        if self.goes_on() && self.view().now == "is recorded" {
            self.hangs_up().await;
        }
        self.world.advance(seconds(40)).await;
    }

    pub fn view(&self) -> CallView {
        let view = self.world.sandbox.call_view(&self.sid);
        view.expect("the sandbox has the call")
    }

    pub fn goes_on(&self) -> bool {
        self.view().status.is_live()
    }

    pub fn is_connected(&self) -> bool {
        self.view().connected
    }

    /// Whether the caller pays from now on.
    pub fn was_answered(&self) -> bool {
        self.view().answered.is_some()
    }

    /// What the caller was told by voice.
    pub fn heard(&self) -> String {
        spoken(&self.view()).join(" ")
    }

    pub fn sid(&self) -> CallSid {
        CallSid::parse(&self.sid).expect("the SID of a call")
    }

    /// The name of what people were told of it.
    pub fn told(&self) -> MessageSid {
        MessageSid::of_call(&self.sid())
    }

    /// What the relay keeps of it.
    pub async fn kept(&self) -> call::Call {
        let kept = self.world.relay().store.call(&self.sid()).await;
        kept.expect("the store is read").expect("the call is known")
    }

    pub async fn outcome(&self) -> Outcome {
        match self.kept().await.stage {
            Stage::Over { outcome } => outcome,
            stage => panic!("the call is not over: {stage:?}"),
        }
    }

    /// The names of who was rung, in this order.
    pub async fn rang(&self) -> Vec<String> {
        let legs = self.kept().await.legs.into_iter();
        legs.map(|leg| leg.person).collect()
    }

    /// How many bytes of the message are kept.
    pub async fn kept_message(&self) -> Option<usize> {
        let token = TokenDigest::of_call(&self.kept().await)?;
        let now = relay::clock::Clock::now(&*self.world.clock);
        let kept = self.world.relay().store.voicemail(&token, now).await;
        Some(kept.expect("the store is read")?.sound.len())
    }
}

fn spoken(view: &CallView) -> Vec<&str> {
    let heard = view.heard.iter();
    let said = heard.filter(|heard| heard.kind == Kind::Says);
    said.map(|heard| heard.text.as_str()).collect()
}
