//! The templates, and how they are filled.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, escape_formatter};
use serde::Serialize;

use crate::printable::printable_lines;

/// Name and source of each. Names end in `.html`: by that what is put in is escaped.
const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("templates/base.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("now.html", include_str!("templates/now.html")),
    ("phones.html", include_str!("templates/phones.html")),
    (
        "conversations.html",
        include_str!("templates/conversations.html"),
    ),
    (
        "conversation.html",
        include_str!("templates/conversation.html"),
    ),
    ("dead.html", include_str!("templates/dead.html")),
    (
        "dead_letter.html",
        include_str!("templates/dead_letter.html"),
    ),
    ("duty.html", include_str!("templates/duty.html")),
    (
        "duty_person.html",
        include_str!("templates/duty_person.html"),
    ),
    ("health.html", include_str!("templates/health.html")),
    (
        "subscribers.html",
        include_str!("templates/subscribers.html"),
    ),
    ("optouts.html", include_str!("templates/optouts.html")),
    ("optout.html", include_str!("templates/optout.html")),
    ("notices.html", include_str!("templates/notices.html")),
    ("notice.html", include_str!("templates/notice.html")),
    ("story.html", include_str!("templates/story.html")),
    ("stream.html", include_str!("templates/stream.html")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    // What people wrote may steer a browser's show as it may a terminal's.
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(printable_lines(text)))
        }
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("time", time);
    for (name, source) in TEMPLATES {
        environment
            .add_template(name, source)
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    environment
}

/// An instant as `<time>`.
fn time(moment: Value) -> Result<Value, minijinja::Error> {
    let part = |name| {
        let part = moment.get_attr(name)?;
        // They are made here, from clocks and zones.
        Ok::<_, minijinja::Error>(part.to_string().replace(['<', '>', '"', '&'], ""))
    };
    let (iso, full, says) = (part("iso")?, part("full")?, part("says")?);
    let html = format!("<time datetime=\"{iso}\" title=\"{full}\">{says}</time>");
    Ok(Value::from_safe_string(html))
}

pub fn render(name: &str, shows: impl Serialize) -> anyhow::Result<String> {
    let template = ENVIRONMENT.get_template(name)?;
    Ok(template.render(Value::from(Serde(shows)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one_and_puts_nothing_where_escaping_does_not_help() {
        LazyLock::force(&ENVIRONMENT);
        for (name, source) in TEMPLATES {
            assert!(name.ends_with(".html"), "{name} is not escaped");
            let inside = source.split("<script").skip(1);
            for inside in inside.filter_map(|rest| rest.split("</script").next()) {
                let of_tag = inside.split('>').next().unwrap_or_default();
                assert!(
                    !inside[of_tag.len()..].contains("{{"),
                    "{name}: in <script>"
                );
            }
            assert!(!source.contains("={{"), "{name}: an unquoted attribute");
            assert!(
                !source.contains(" style="),
                "{name}: CSP refuses style attributes"
            );
            assert!(
                !source.contains(" onclick="),
                "{name}: CSP refuses inline handlers"
            );
        }
    }

    #[test]
    fn what_people_wrote_is_escaped_and_printable() {
        let mut environment = environment();
        environment
            .add_template("t.html", "<p title=\"{{ a }}\">{{ a }}</p>")
            .unwrap();
        let hostile = "</p><script>\"'\u{202e}\0";
        let shown = environment
            .get_template("t.html")
            .unwrap()
            .render(minijinja::context! { a => hostile })
            .unwrap();
        assert!(!shown.contains("<script"), "{shown}");
        assert!(!shown.contains(['\u{202e}', '\0']), "{shown}");
        assert_eq!(shown.matches('"').count(), 2, "{shown}");
    }
}
