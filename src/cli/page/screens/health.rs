//! What keeps texts from arriving, as the doctor found it last, and looking again.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::Uri;
use serde::Serialize;

use super::acts;
use crate::app::doctor::report::{Finding, Fix, Verdict};
use crate::cli::doctor::{Report, look};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Moment, see_other};
use crate::domain::time_zone::TimeZone;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/health", get(health))
        .route("/health/run", post(run))
        .layer(Extension(Last::default()))
}

/// What the doctor found when it was last asked here.
#[derive(Clone, Default)]
struct Last(Arc<Mutex<Option<Arc<Report>>>>);

impl Last {
    fn get(&self) -> Option<Arc<Report>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn put(&self, report: Report) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(report));
    }
}

#[derive(Serialize)]
struct Shown {
    report: Option<Looked>,
}

#[derive(Serialize)]
struct Looked {
    at: Moment,
    took: String,
    requests: usize,
    is_well: bool,
    /// All but what is right, the worst first.
    findings: Vec<Found>,
    right: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    id: &'static str,
    verdict: &'static str,
    tone: &'static str,
    line: Option<String>,
    says: String,
    consequence: Option<String>,
    todo: Option<String>,
}

impl Found {
    fn of(finding: &Finding) -> Self {
        let todo = match &finding.fix {
            Fix::None => None,
            Fix::Doctor { .. } => Some(format!("relay doctor --fix={}", finding.check.id)),
            Fix::Command { command } => Some(command.clone()),
            Fix::OnlyYou { what } => Some(what.clone()),
        };
        Self {
            id: finding.check.id,
            verdict: finding.verdict.name(),
            tone: match finding.verdict {
                Verdict::Broken => "bad",
                Verdict::Risk | Verdict::Unknown => "warn",
                Verdict::Note => "",
                Verdict::Right => "good",
            },
            line: finding.line.clone(),
            says: finding.says.clone(),
            consequence: finding.consequence.clone(),
            todo,
        }
    }
}

async fn health(
    State(page): State<Page>,
    Extension(last): Extension<Last>,
    session: Session,
    uri: Uri,
) -> Answer {
    let now = page.now();
    let zone = page.store().lines().await;
    let zone = zone.ok().and_then(|mut lines| Some(lines.pop()?.time_zone));
    let zone = zone.unwrap_or_else(TimeZone::default);
    let shows = anyhow::Ok(Shown {
        report: last.get().map(|report| {
            let (right, findings): (Vec<_>, Vec<_>) = report
                .findings
                .iter()
                .partition(|f| f.verdict == Verdict::Right);
            Looked {
                at: Moment::new(report.at, &zone, now),
                took: format!("{:.1} s", report.took.as_secs_f64()),
                requests: report.requests,
                is_well: report.is_well(false),
                findings: findings.into_iter().map(Found::of).collect(),
                right: right.into_iter().map(Found::of).collect(),
            }
        }),
    });
    page.view(&session, &uri, ("health.html", "Health"), shows)
}

/// Looks again, which changes nothing at Twilio.
async fn run(
    State(page): State<Page>,
    Extension(last): Extension<Last>,
    session: Session,
) -> Answer {
    let lines = page.store().lines().await?;
    let credentials = page.relay.credentials.current().await?;
    let twilio_url = page.relay.twilio.base();
    last.put(look(lines, page.store(), credentials, twilio_url, &page.data).await?);
    acts::put_on_record(&page, &session, "all lines", "had the doctor look").await?;
    Ok(see_other("/health"))
}
