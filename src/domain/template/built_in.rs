use serde_json::{Map, Value, json};

use super::Template;
use crate::domain::language::{Language, Phrase};

/// A template that is there without any configuration. What goes to many names the line first: it may be
/// the first text that somebody has from the number.
struct BuiltIn {
    name: &'static str,
    text: Phrase,
    sample: fn() -> Value,
}

const BUILT_IN: [BuiltIn; 5] = [
    BuiltIn {
        name: "event_published",
        text: Phrase::new(
            "{{ line }}: {{ name }}, {{ starts | when }}{% if place %}, {{ place }}{% endif %}.\
             {% if url %} {{ url }}{% endif %}",
            "{{ line }}: {{ name }}, {{ starts | when }}{% if place %}, {{ place }}{% endif %}.\
             {% if url %} {{ url }}{% endif %}",
        ),
        sample: event,
    },
    BuiltIn {
        name: "event_changed",
        text: Phrase::new(
            "{{ line }}: Changed: {{ name }} is now {{ starts | when }}\
             {% if place %}, {{ place }}{% endif %}.{% if url %} {{ url }}{% endif %}",
            "{{ line }}: Cambio: {{ name }} ahora es {{ starts | when }}\
             {% if place %}, {{ place }}{% endif %}.{% if url %} {{ url }}{% endif %}",
        ),
        sample: event,
    },
    BuiltIn {
        name: "event_cancelled",
        text: Phrase::new(
            "{{ line }}: Cancelled: {{ name }}, {{ starts | when }}.{% if url %} {{ url }}{% endif %}",
            "{{ line }}: Cancelado: {{ name }}, {{ starts | when }}.{% if url %} {{ url }}{% endif %}",
        ),
        sample: event,
    },
    BuiltIn {
        name: "crew_assigned",
        text: Phrase::new(
            "{{ name }}, you are on the crew of {{ event }}\
             {% if starts %}, {{ starts | when }}{% endif %}: {{ link }}",
            "{{ name }}, te toca en el equipo de {{ event }}\
             {% if starts %}, {{ starts | when }}{% endif %}: {{ link }}",
        ),
        sample: || {
            json!({
                "name": "Sam",
                "event": "Zurek",
                "starts": "2026-04-29T18:00:00-07:00",
                "link": "https://crew.example.com/i/7Jx2",
            })
        },
    },
    BuiltIn {
        name: "maintenance_scheduled",
        text: Phrase::new(
            "{{ line }}: Maintenance: {{ what }}, {{ starts | when(ends) }}.\
             {% if url %} {{ url }}{% endif %}",
            "{{ line }}: Mantenimiento: {{ what }}, {{ starts | when(ends) }}.\
             {% if url %} {{ url }}{% endif %}",
        ),
        sample: || {
            json!({
                "line": "qdn",
                "what": "the booking page",
                "starts": "2026-05-02T22:00:00-07:00",
                "ends": "2026-05-03T02:00:00-07:00",
                "url": "https://status.example.com",
            })
        },
    },
];

fn event() -> Value {
    json!({
        "line": "qdn",
        "id": "zurek-2026-04-29",
        "name": "Zurek",
        "starts": "2026-04-29T18:00:00-07:00",
        "place": "Mission Bay",
        "url": "https://events.example.com/z",
    })
}

/// The template of this name that is there without any configuration.
pub fn built_in(name: &str, language: Language) -> Option<Template> {
    let found = BUILT_IN.iter().find(|template| template.name == name)?;
    Some(Template {
        text: found.text.of(language).to_owned(),
        sample: match (found.sample)() {
            Value::Object(sample) => sample,
            _ => Map::new(),
        },
    })
}

/// What they are called.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|template| template.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_zone::{Clock, TimeZone};

    #[test]
    fn each_fits_one_segment_with_its_sample() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        for language in Language::ALL {
            let clock = Clock::new(&zone, "US").speaking(language);
            for name in built_in_names() {
                let checked = built_in(name, language).unwrap().check(clock).unwrap();
                assert_eq!(checked.segments.count, 1, "{name}: {}", checked.text);
                assert_eq!(checked.warning(), None, "{name}");
            }
        }
    }

    #[test]
    fn they_read_as_people_write() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        let now = "2026-04-01T12:00:00Z".parse().unwrap();
        for (name, words) in [
            (
                "event_published",
                "qdn: Zurek, Wed Apr 29, 6:00 PM, Mission Bay. https://events.example.com/z",
            ),
            (
                "event_changed",
                "qdn: Changed: Zurek is now Wed Apr 29, 6:00 PM, Mission Bay. https://events.example.com/z",
            ),
            (
                "event_cancelled",
                "qdn: Cancelled: Zurek, Wed Apr 29, 6:00 PM. https://events.example.com/z",
            ),
            (
                "crew_assigned",
                "Sam, you are on the crew of Zurek, Wed Apr 29, 6:00 PM: https://crew.example.com/i/7Jx2",
            ),
            (
                "maintenance_scheduled",
                "qdn: Maintenance: the booking page, Sat May 2, 10:00 PM to Sun May 3, 2:00 AM. https://status.example.com",
            ),
        ] {
            let template = built_in(name, Language::English).unwrap();
            let text = template.render(&template.sample, Clock::new(&zone, "US"), now);
            assert_eq!(text.as_deref(), Ok(words));
        }
    }

    #[test]
    fn they_read_so_in_spanish() {
        let zone = TimeZone::named("America/Mexico_City").unwrap();
        let clock = Clock::new(&zone, "MX").speaking(Language::Spanish);
        let now = "2026-04-01T12:00:00Z".parse().unwrap();
        for (name, words) in [
            (
                "event_changed",
                "qdn: Cambio: Zurek ahora es mié 29 abr, 19:00, Mission Bay. https://events.example.com/z",
            ),
            (
                "event_cancelled",
                "qdn: Cancelado: Zurek, mié 29 abr, 19:00. https://events.example.com/z",
            ),
            (
                "crew_assigned",
                "Sam, te toca en el equipo de Zurek, mié 29 abr, 19:00: https://crew.example.com/i/7Jx2",
            ),
            (
                "maintenance_scheduled",
                "qdn: Mantenimiento: the booking page, sab 2 may, 23:00 a dom 3 may, 03:00. https://status.example.com",
            ),
        ] {
            let template = built_in(name, Language::Spanish).unwrap();
            let text = template.render(&template.sample, clock, now);
            assert_eq!(text.as_deref(), Ok(words));
        }
    }

    #[test]
    fn what_is_optional_may_be_absent() {
        let zone = TimeZone::default();
        let now = "2026-04-01T12:00:00Z".parse().unwrap();
        for (name, data, words) in [
            (
                "event_published",
                json!({"line": "qdn", "name": "Zurek", "starts": "2026-04-29"}),
                "qdn: Zurek, Wed Apr 29.",
            ),
            (
                "crew_assigned",
                json!({"name": "Sam", "event": "Zurek", "link": "https://c.example.com"}),
                "Sam, you are on the crew of Zurek: https://c.example.com",
            ),
            (
                "maintenance_scheduled",
                json!({"line": "qdn", "what": "the page", "starts": "2026-04-29", "ends": null}),
                "qdn: Maintenance: the page, Wed Apr 29.",
            ),
            (
                "maintenance_scheduled",
                json!({"line": "qdn", "what": "the page", "starts": "2026-04-29"}),
                "qdn: Maintenance: the page, Wed Apr 29.",
            ),
        ] {
            let data = data.as_object().unwrap();
            let text = built_in(name, Language::English).unwrap().render(
                data,
                Clock::new(&zone, "US"),
                now,
            );
            assert_eq!(text.as_deref(), Ok(words));
        }
    }
}
