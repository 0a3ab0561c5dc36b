//! `/v1`: notices and invitations over HTTP, for programs that sign their requests.

use anyhow::Context;
use bytes::Bytes;
use http::{Method, Request, Response};

use super::invoked::{perform, show, unknown};
use super::problem::{ApiError, Document};
use super::responses::{ApiResponse, INVITATIONS, NOTICES};
use crate::app::notices::NoticeRejected;
use crate::app::outbound_notifier::auth::{Denied, Unverified, Verified};
use crate::app::relay::Relay;
use crate::domain::credentials::Action;
use crate::domain::delivery::source::Source;
use crate::domain::ids::NoticeId;
use crate::domain::invitation;
use crate::domain::request::{self, Because, MOST_BYTES, Refused};

/// What is asked for; a body says more.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Notify,
    Invite,
    /// The id of a notice or an invitation.
    Show(String),
    /// The id of a notice.
    Cancel(String),
}

/// Answers a request to `/v1`.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    match answer(relay, request).await {
        Ok(done) => done.response(),
        Err(error) => {
            log(&error);
            Document::from(error).response()
        }
    }
}

async fn answer(relay: &Relay, request: Request<Bytes>) -> Result<ApiResponse, ApiError> {
    let route = route(request.method(), request.uri().path())?;
    if request.body().len() > MOST_BYTES {
        let detail = "the body is larger than 64 KiB; send less at once";
        let refused = Refused::new(Because::TooLarge, detail);
        return Err(NoticeRejected::from(refused).into());
    }
    let asked = verified(relay, request, route.action()).await?;
    let request = route.request(&asked.body).map_err(NoticeRejected::from)?;
    let caller = asked.caller;
    let source = Source::Http { caller };
    if let request::Request::Show(id) = &request
        && asked.sees_everything
    {
        return Ok(show(relay, id, |_| true).await?);
    }
    Ok(perform(relay, request, source).await?)
}

/// Whose request it is, if it is somebody's who may do that.
async fn verified(
    relay: &Relay,
    request: Request<Bytes>,
    action: Action,
) -> Result<Verified, Denied> {
    let unverified = Unverified::read(request)?;
    let source = &*relay.credentials;
    let credentials = source.current().await.context("no callers are known")?;
    let now = relay.now();
    let signed = unverified.verify_by(source, &credentials, now).await?;
    signed.admit(action, &*relay.store, now).await
}

impl Route {
    fn action(&self) -> Action {
        match self {
            Route::Notify | Route::Cancel(_) => Action::Notices,
            Route::Invite => Action::Invitations,
            Route::Show(_) => Action::Read,
        }
    }

    fn request(self, body: &[u8]) -> Result<request::Request, Refused> {
        Ok(match self {
            Route::Notify => request::Request::Notice(request::notice(body)?),
            Route::Invite => request::Request::Invitation(request::invitation(body)?),
            Route::Show(id) => request::Request::Show(id),
            Route::Cancel(id) => request::Request::Cancel(id),
        })
    }
}

fn route(method: &Method, path: &str) -> Result<Route, ApiError> {
    let (folder, id) = match path.rsplit_once('/') {
        Some((folder @ (NOTICES | INVITATIONS), id)) if !id.is_empty() => (folder, Some(id)),
        _ => (path, None),
    };
    let of_notice = |id| known(NoticeId::parse(id).ok());
    match (folder, id, method.as_str()) {
        (NOTICES, None, "POST") => Ok(Route::Notify),
        (INVITATIONS, None, "POST") => Ok(Route::Invite),
        (NOTICES | INVITATIONS, None, _) => Err(ApiError::OtherMethod("POST")),
        (NOTICES, Some(id), "GET") => of_notice(id).map(Route::Show),
        (NOTICES, Some(id), "DELETE") => of_notice(id).map(Route::Cancel),
        (NOTICES, Some(_), _) => Err(ApiError::OtherMethod("GET, DELETE")),
        (INVITATIONS, Some(id), "GET") => known(invitation::parse_id(id)).map(Route::Show),
        (INVITATIONS, Some(_), _) => Err(ApiError::OtherMethod("GET")),
        _ => Err(ApiError::NoSuchPath),
    }
}

fn known<T: ToString>(id: Option<T>) -> Result<String, ApiError> {
    let id = id.ok_or_else(|| NoticeRejected::from(unknown()))?;
    Ok(id.to_string())
}

fn log(error: &ApiError) {
    match error {
        ApiError::NoSuchPath | ApiError::OtherMethod(_) => {}
        ApiError::Denied(Denied::Failed(error))
        | ApiError::Rejected(NoticeRejected::Failed(error)) => {
            let error = format!("{error:#}");
            tracing::error!(
                count = "request_failed",
                error,
                "a request could not be answered"
            );
        }
        ApiError::Denied(denied) => {
            tracing::warn!(count = denied.counts_as(), "a request is denied: {denied}");
        }
        ApiError::Rejected(NoticeRejected::Refused(refused)) => {
            tracing::info!(because = ?refused.because, "a request is refused: {refused}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::PhoneNumber;

    #[test]
    fn each_path_takes_its_methods_and_says_so() {
        let line = PhoneNumber::parse("+16195550100").unwrap();
        let notice = format!("{NOTICES}/{}", NoticeId::of(&line, "key"));
        let invitation = format!("{INVITATIONS}/{}", invitation::id(&line, "key"));
        for (path, takes) in [
            (NOTICES, "POST"),
            (INVITATIONS, "POST"),
            (&notice, "GET, DELETE"),
            (&invitation, "GET"),
        ] {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
                let found = route(&method.parse().unwrap(), path);
                match found {
                    Ok(_) => assert!(takes.contains(method), "{method} {path}"),
                    Err(ApiError::OtherMethod(allowed)) => {
                        assert!(
                            allowed == takes && !takes.contains(method),
                            "{method} {path}"
                        );
                    }
                    Err(_) => panic!("{method} {path}"),
                }
            }
        }
    }

    #[test]
    fn what_is_no_path_and_what_is_no_id_are_not_found() {
        for path in [
            "/",
            "/v1",
            "/v1/notices/",
            "/v1/notices/a/b",
            "/v1/noticesx",
            "/V1/notices",
        ] {
            let found = route(&Method::GET, path).err().unwrap();
            assert!(matches!(found, ApiError::NoSuchPath), "{path}");
        }
        for path in ["/v1/notices/x", "/v1/notices/iv-0", "/v1/invitations/no-0"] {
            let found = route(&Method::GET, path).err().unwrap();
            assert!(
                matches!(found, ApiError::Rejected(NoticeRejected::Refused(_))),
                "{path}"
            );
        }
    }
}
