use std::sync::Arc;

use ::http::{Request, Response};
use async_trait::async_trait;
use bytes::Bytes;

use super::{Handled, Sandbox};
use crate::twilio::api::{ANSWER_TIMEOUT, NoAnswer, Transport};

/// Connects the relay's client to a sandbox in the same process. Nothing waits: an answer that
/// would come too late does not come.
pub struct InProcess(pub Arc<Sandbox>);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        match self.0.handle(request) {
            Handled::Late(after, _) if after >= ANSWER_TIMEOUT => {
                Err(NoAnswer::Unknown("the sandbox answers too late".into()))
            }
            Handled::Answered(answer) | Handled::Late(_, answer) => Ok(answer),
            Handled::Dropped => Err(NoAnswer::Unknown(
                "the sandbox closed the connection".into(),
            )),
        }
    }
}
