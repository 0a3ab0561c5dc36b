//! `/v1`: notices and invitations over HTTP, for programs that sign their requests.

use anyhow::Context;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::invitations::{self, Invited, invite};
use super::problem::Document;
use super::responses;
use crate::app::notices::{Answer, Unaccepted, accept, cancel, standing};
use crate::app::outbound_notifier::auth::{Denied, Unverified, Verified};
use crate::app::relay::Relay;
use crate::domain::credentials::Action;
use crate::domain::delivery::source::Source;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::invitation;
use crate::domain::request::{self, Because, MOST_BYTES, Refused};

const NOTICES: &str = "/v1/notices";
const INVITATIONS: &str = "/v1/invitations";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Notify,
    ShowNotice(NoticeId),
    CancelNotice(NoticeId),
    Invite,
    ShowInvitation(DeliveryId),
}

/// What is done.
struct Done {
    status: StatusCode,
    body: Value,
    /// Where it can be asked for.
    location: Option<String>,
}

/// Why nothing is done.
enum Undone {
    NoSuchPath,
    OtherMethod(&'static str),
    Denied(Denied),
    Refused(Refused),
    Failed(anyhow::Error),
}

/// Answers a request to `/v1`.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    match answer(relay, request).await {
        Ok(done) => done.response(),
        Err(undone) => undone.response(),
    }
}

async fn answer(relay: &Relay, request: Request<Bytes>) -> Result<Done, Undone> {
    let route = route(request.method(), request.uri().path())?;
    if request.body().len() > MOST_BYTES {
        let detail = "the body is larger than 64 KiB; send less at once";
        return Err(Refused::new(Because::TooLarge, detail).into());
    }
    let asked = verified(relay, request, route.action()).await?;
    let source = Source::Http {
        caller: asked.caller().to_owned(),
    };
    match route {
        Route::Notify => {
            let notice = request::notice(asked.body())?;
            Ok(notified(&accept(relay, &notice, source).await?))
        }
        Route::Invite => {
            let invitation = request::invitation(asked.body())?;
            Ok(invited(&invite(relay, &invitation, source).await?))
        }
        Route::ShowNotice(id) => show(relay, id).await,
        Route::CancelNotice(id) => {
            cancel(relay, id).await?.ok_or_else(unknown)?;
            show(relay, id).await
        }
        Route::ShowInvitation(id) => {
            let standing = invitations::standing(relay, &id).await?;
            Ok(Done::shown(&standing.ok_or_else(unknown)?))
        }
    }
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

async fn show(relay: &Relay, id: NoticeId) -> Result<Done, Undone> {
    let (notice, counts) = standing(relay, id).await?.ok_or_else(unknown)?;
    Ok(Done {
        status: StatusCode::OK,
        body: responses::of_standing(&notice, counts),
        location: None,
    })
}

fn notified(answer: &Answer) -> Done {
    let id = match answer {
        Answer::Accepted(notice) | Answer::Already(notice) => Some(notice.id),
        Answer::DryRun(_) => None,
    };
    let location = id.map(|id| format!("{NOTICES}/{id}"));
    Done::accepted(responses::of_notice(answer), location)
}

fn invited(answer: &Invited) -> Done {
    let location = match answer {
        Invited::Accepted(delivery) => Some(format!("{INVITATIONS}/{}", delivery.id)),
        Invited::DryRun { .. } => None,
    };
    Done::accepted(responses::of_invitation(answer), location)
}

fn unknown() -> Refused {
    Refused::new(
        Because::Unknown,
        "there is no notice or invitation of this id",
    )
}

impl Route {
    fn action(&self) -> Action {
        match self {
            Route::Notify | Route::CancelNotice(_) => Action::Notices,
            Route::Invite => Action::Invitations,
            Route::ShowNotice(_) | Route::ShowInvitation(_) => Action::Read,
        }
    }
}

fn route(method: &Method, path: &str) -> Result<Route, Undone> {
    let of_one = |text: &str| NoticeId::parse(text).map_err(|_| Undone::from(unknown()));
    if path == NOTICES {
        return match *method {
            Method::POST => Ok(Route::Notify),
            _ => Err(Undone::OtherMethod("POST")),
        };
    }
    if path == INVITATIONS {
        return match *method {
            Method::POST => Ok(Route::Invite),
            _ => Err(Undone::OtherMethod("POST")),
        };
    }
    if let Some(id) = below(path, NOTICES) {
        return match *method {
            Method::GET => of_one(id).map(Route::ShowNotice),
            Method::DELETE => of_one(id).map(Route::CancelNotice),
            _ => Err(Undone::OtherMethod("GET, DELETE")),
        };
    }
    if let Some(id) = below(path, INVITATIONS) {
        return match *method {
            Method::GET => {
                let id = invitation::parse_id(id).ok_or_else(unknown)?;
                Ok(Route::ShowInvitation(id))
            }
            _ => Err(Undone::OtherMethod("GET")),
        };
    }
    Err(Undone::NoSuchPath)
}

fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let id = path.strip_prefix(folder)?.strip_prefix('/')?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

impl Done {
    /// With where it can be asked for; without, it was a dry run.
    fn accepted(body: Value, location: Option<String>) -> Self {
        let status = match location {
            Some(_) => StatusCode::ACCEPTED,
            None => StatusCode::OK,
        };
        Self {
            status,
            body,
            location,
        }
    }

    fn shown(standing: &impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            body: serde_json::to_value(standing).expect("answers are JSON"),
            location: None,
        }
    }

    fn response(self) -> Response<String> {
        let mut response = Response::new(self.body.to_string());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let location = self.location.and_then(|location| location.parse().ok());
        headers.extend(location.map(|location| (LOCATION, location)));
        response
    }
}

impl Undone {
    fn response(&self) -> Response<String> {
        match self {
            Undone::NoSuchPath => Document::no_such_path().response(),
            Undone::OtherMethod(methods) => {
                Document::other_method(methods).response_allowing(methods)
            }
            Undone::Denied(denied) => {
                match denied {
                    Denied::Failed(error) => failed(error),
                    denied => {
                        tracing::warn!(count = denied.counts_as(), "a request is denied: {denied}")
                    }
                }
                Document::from(denied).response()
            }
            Undone::Refused(refused) => {
                tracing::info!(because = ?refused.because, "a request is refused: {refused}");
                Document::from(refused.clone()).response()
            }
            Undone::Failed(error) => {
                failed(error);
                Document::failed().response()
            }
        }
    }
}

fn failed(error: &anyhow::Error) {
    tracing::error!(
        count = "request_failed",
        error = format!("{error:#}"),
        "a request could not be answered"
    );
}

impl From<Denied> for Undone {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Refused> for Undone {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<anyhow::Error> for Undone {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Unaccepted> for Undone {
    fn from(unaccepted: Unaccepted) -> Self {
        match unaccepted {
            Unaccepted::Refused(refused) => Self::Refused(refused),
            Unaccepted::Failed(error) => Self::Failed(error),
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
                    Err(Undone::OtherMethod(allowed)) => {
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
            assert!(matches!(found, Undone::NoSuchPath), "{path}");
        }
        for path in ["/v1/notices/x", "/v1/notices/iv-0", "/v1/invitations/no-0"] {
            let found = route(&Method::GET, path).err().unwrap();
            assert!(matches!(found, Undone::Refused(_)), "{path}");
        }
    }
}
