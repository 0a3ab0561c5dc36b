//! Whether the words of an invitation fit into one segment, and which of them do not.
//!
//! Half a link is worth nothing, and phones put the segments of a long text together only if all of
//! them arrive.

use crate::domain::sms::{Encoding, segments};

/// A value that does not fit, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The value's name; `None` if the template itself is too long.
    pub value: Option<String>,
    pub problem: String,
}

/// Which of `values`, as they were put into `text`, keeps it from fitting into one segment; `None` if
/// it fits.
pub fn unfitting(text: &str, values: &[(&str, &str)]) -> Option<Misfit> {
    let needed = segments(text);
    if needed.count == 1 {
        return None;
    }
    let room = needed.encoding.alone();
    let over = needed.units - room;
    if let Some(c) = needed.because {
        let holder = values.iter().find(|(_, value)| value.contains(c));
        let problem = format!(
            "has the character {c:?}, with which one segment holds {room} instead of {} characters; \
             leave it out, or make the text shorter by {over}",
            Encoding::Gsm7.alone(),
        );
        return Some(Misfit {
            value: holder.map(|(name, _)| (*name).to_owned()),
            problem,
        });
    }
    let length = |value: &str| segments(value).units;
    let longest = values.iter().max_by_key(|(_, value)| length(value));
    // One that is shorter than what is too much cannot help.
    let longest = longest.filter(|(_, value)| over < length(value));
    Some(Misfit {
        value: longest.map(|(name, _)| (*name).to_owned()),
        problem: format!(
            "makes the text longer than one segment ({} of {room} characters); shorten it by {over}",
            needed.units,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misfit(name: &str, link: &str) -> Option<Misfit> {
        let text = format!("{name}, you are invited: {link}");
        unfitting(&text, &[("name", name), ("link", link)])
    }

    #[test]
    fn what_fits_is_right() {
        assert_eq!(misfit("Ana", "https://qdn.example.com/i/abc"), None);
        let rest = ", you are invited: ".len();
        let link = "https://a.example.com/".to_owned() + &"x".repeat(160 - rest - 3 - 22);
        assert_eq!(misfit("Ana", &link), None);
        let misfit = misfit("Anna", &link).unwrap();
        assert_eq!(misfit.value.as_deref(), Some("link"));
        assert!(misfit.problem.contains("161 of 160"), "{}", misfit.problem);
        assert!(misfit.problem.ends_with("shorten it by 1"));
    }

    #[test]
    fn brackets_in_a_link_count_twice() {
        let link = format!("https://a.example.com/{}", "~".repeat(65));
        let misfit = misfit("Ana", &link).unwrap();
        assert_eq!(misfit.value.as_deref(), Some("link"));
    }

    #[test]
    fn the_value_with_the_expensive_character_is_named() {
        let link = "https://a.example.com/i/".to_owned() + &"x".repeat(30);
        let misfit = misfit("Юра", &link).unwrap();
        assert_eq!(misfit.value.as_deref(), Some("name"));
        assert!(misfit.problem.contains("'Ю'"), "{}", misfit.problem);
    }

    #[test]
    fn a_template_that_is_too_long_is_no_values_fault() {
        let text = "x".repeat(400);
        assert_eq!(unfitting(&text, &[("name", "xxx")]).unwrap().value, None);
    }
}
