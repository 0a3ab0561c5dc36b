//! The style sheet and the script, under names that say what is in them, so that browsers keep them.

use std::sync::LazyLock;

use crate::twilio::signature::sha256_hex;

const CSS: &str = concat!(include_str!("page.css"), include_str!("screens.css"));
const JS: &str = concat!(include_str!("page.js"), include_str!("regions.js"));

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

/// What stands under a path, and its kind.
pub(super) fn find(path: &str) -> Option<(&'static str, &'static str)> {
    match path {
        path if path == css() => Some(("text/css; charset=utf-8", CSS)),
        path if path == js() => Some(("text/javascript; charset=utf-8", JS)),
        _ => None,
    }
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
