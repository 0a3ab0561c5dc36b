//! What has to be true when a schedule is over, from the point of view of the phones.

use relay::domain::ids::DeliveryId;

use super::parts::Shown;
use super::state::{Once, State};
use super::texts::{CUSTOMERS, Meant, PEOPLE, Text, answer, sid};

/// What went wrong.
pub fn check(state: &State) -> Vec<String> {
    let over = state.over();
    let mut wrong = over.violations.clone();
    for ((delivery, _), shown) in &over.phones {
        if shown.len() > 1 {
            wrong.push(format!("doubled: {delivery}"));
        }
    }
    for number in 0..over.script().len() {
        if !over.texts[number].is_acknowledged {
            wrong.push(format!("refused: text {number} is not acknowledged"));
        }
        match over.script()[number] {
            Text::Asks(_) => wrong.extend(is_relayed(&over, number)),
            Text::Passes(..) => wrong.extend(is_passed(&over, number)),
            _ => wrong.extend(is_answered(&over, number)),
        }
    }
    wrong.extend(customers_read_answers_alone(&over));
    wrong
}

/// A customer's text is on one person's phone, once.
fn is_relayed(over: &State, number: usize) -> Option<String> {
    let id = DeliveryId::of_inbound(&sid(number));
    match caused_by(over, &id).count() {
        0 => Some(format!("lost: text {number}")),
        1 => None,
        count => Some(format!("doubled: text {number} came {count} times")),
    }
}

/// The next person got the customer once, or whoever wanted it knows that it was not done.
fn is_passed(over: &State, number: usize) -> Option<String> {
    let passed = caused_by(over, &DeliveryId::passed(&sid(number))).count();
    match (passed, is_told(over, number)) {
        (0, false) => Some(format!("lost: text {number} did nothing")),
        (0 | 1, _) => None,
        (count, _) => Some(format!("doubled: text {number} passed {count} times")),
    }
}

/// An answer reached nobody but whom it was for, and if not them, its writer knows.
fn is_answered(over: &State, number: usize) -> Option<String> {
    let meant = over.texts[number].written.as_ref()?.meant;
    let reached = |customer: usize| {
        let theirs = read_by(over, customer);
        theirs.filter(|shown| shown.body == answer(number)).count()
    };
    let counts = [reached(0), reached(1)];
    if counts.iter().any(|count| *count > 1) {
        return Some(format!("doubled: answer {number}"));
    }
    let chosen = chosen(over, number);
    let is_right = |customer: usize| match (chosen, meant) {
        (Some(chosen), _) => customer == chosen,
        (None, Meant::Only(only)) => customer == only,
        // Who has a receipt knows to whom it went.
        (None, Meant::OneOfBoth(one)) => customer == one || has_receipt(over, number),
        // When a webhook comes again, or a worker has died, the relay may take it for an answer to the only
        // customer whose text has come to the writer since, or is perhaps on its way to them.
        (None, Meant::Nobody) => over.once != Once::Pause,
        (None, Meant::NoAnswer | Meant::Choice(_)) => false,
    };
    let astray = (0..2).find(|customer| counts[*customer] > 0 && !is_right(*customer));
    if let Some(customer) = astray {
        return Some(format!(
            "misdelivered: answer {number}, {meant:?}, chosen {chosen:?}, to customer {customer}"
        ));
    }
    let did_something = match meant {
        Meant::Choice(customer) => read_by(over, customer).next().is_some(),
        _ => counts != [0, 0],
    };
    let is_silent = !did_something && !is_told(over, number);
    is_silent.then(|| format!("lost: text {number} of a person, {meant:?}"))
}

/// For whom the text is, as its writer said when they were asked.
fn chosen(over: &State, number: usize) -> Option<usize> {
    let asked = DeliveryId::question(&sid(number), "ask", 0);
    caused_by(over, &asked).next()?;
    over.texts
        .iter()
        .find_map(|text| match text.written.as_ref()?.meant {
            Meant::Choice(customer) => Some(customer),
            _ => None,
        })
}

fn has_receipt(over: &State, number: usize) -> bool {
    let id = DeliveryId::of_inbound(&sid(number));
    let answers = caused_by(over, &id);
    let mut answers = answers.filter(|shown| PEOPLE.contains(&shown.to.as_str()));
    answers.any(|shown| shown.body.starts_with("Sent to "))
}

/// Whether something came to the writer's phone because of the text.
fn is_told(over: &State, number: usize) -> bool {
    let writer = over.script()[number].sender();
    let sid = sid(number);
    let because = over.phones.iter();
    let because = because.filter(|((delivery, _), _)| delivery.as_str().ends_with(sid.as_str()));
    because
        .flat_map(|(_, shown)| shown)
        .any(|shown| shown.to == writer)
}

/// Customers read nothing that is no answer.
fn customers_read_answers_alone(over: &State) -> Vec<String> {
    let all = over.phones.values().flatten();
    let theirs = all.filter(|shown| CUSTOMERS.contains(&shown.to.as_str()));
    let is_answer = |shown: &&Shown| (0..4).any(|number| shown.body == answer(number));
    let others = theirs.filter(|shown| !is_answer(shown));
    others
        .map(|shown| format!("misdelivered: {:?} to a customer", shown.body))
        .collect()
}

fn read_by(over: &State, customer: usize) -> impl Iterator<Item = &Shown> {
    let all = over.phones.values().flatten();
    all.filter(move |shown| shown.to == CUSTOMERS[customer])
}

fn caused_by<'s>(over: &'s State, id: &'s DeliveryId) -> impl Iterator<Item = &'s Shown> {
    let theirs = over
        .phones
        .iter()
        .filter(move |((delivery, _), _)| delivery == id);
    theirs.flat_map(|(_, shown)| shown)
}
