//! The style sheet and the script, under names that say what is in them, so that browsers keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::view::{Answer, Problem};
use crate::twilio::signature::sha256_hex;

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

static CSS_PATH: LazyLock<String> = LazyLock::new(|| path(CSS, "css"));
static JS_PATH: LazyLock<String> = LazyLock::new(|| path(JS, "js"));

fn path(content: &str, end: &str) -> String {
    format!("/static/{}.{end}", &sha256_hex(content.as_bytes())[..16])
}

pub fn css() -> &'static str {
    &CSS_PATH
}

pub fn js() -> &'static str {
    &JS_PATH
}

pub(super) async fn serve(Path(file): Path<String>) -> Answer {
    let asked = format!("/static/{file}");
    let (kind, content) = match asked.as_str() {
        path if path == css() => ("text/css; charset=utf-8", CSS),
        path if path == js() => ("text/javascript; charset=utf-8", JS),
        _ => return Err(Problem::not_found("There is no such file.")),
    };
    let head = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((head, content).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_stay_small_and_the_script_makes_no_html() {
        assert!(CSS.len() <= 10 * 1024, "page.css has {} bytes", CSS.len());
        assert!(JS.len() <= 12 * 1024, "page.js has {} bytes", JS.len());
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "eval(",
            "document.write",
        ] {
            assert!(!JS.contains(word), "page.js has {word}");
        }
    }
}
