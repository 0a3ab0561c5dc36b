//! How much notices and invitations may cost on a day.

use relay::domain::notice::NoticeState;
use relay::domain::pace::{Budget, Spent};
use serde_json::json;

use super::*;
use crate::support::world::{IN_HOURS, LIMITED_CALLER, Said, example, minutes, seconds};

/// A line that may send a hundred segments a day, some of which are used, with so many subscribers.
async fn with_used(used: u32, subscribers: usize) -> World {
    let mut line = example();
    line.policy.most_segments_a_day = 100;
    line.policy.alert = Some(number("+16195550112"));
    line.notices.quiet_hours = None;
    let world = World::with(line, IN_HOURS).await;
    for n in 0..subscribers {
        joins(&world, n).await;
    }
    let line = &world.line;
    let now = world.relay().now();
    let budget = Budget::line(&line.number, 100, &line.time_zone, now);
    let spent = world.relay().store.spend(&budget, used).await.unwrap();
    assert_eq!(spent, Spent::Yes { used });
    world
}

fn of_one_segment(key: &str) -> Value {
    with(
        published(key),
        json!({"data": {"name": "Zurek", "starts": "2026-12-16", "place": "Mission Bay"}}),
    )
}

async fn said_to_limited(world: &World, path: &str, body: &Value) -> Said {
    let request = world.signed_by(LIMITED_CALLER, "POST", path, body.to_string());
    world.said_to(request).await
}

#[tokio::test]
async fn a_notice_goes_as_far_as_the_day_allows_and_on_the_next_day_to_the_others() {
    let world = with_used(75, 40).await;
    let request = with(
        of_one_segment("zurek-1"),
        json!({"expires": "2026-11-27T00:00:00Z"}),
    );
    let notice = accepted(&world, &request).await;
    world.advance(minutes(60)).await;
    (0..25).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    (25..40).for_each(|n| phone(&world, n).receives_nothing());
    world.owner().receives("80% of most_segments_a_day (100)");
    let (standing, counts) = standing(&world, notice.id).await;
    assert_eq!(standing.state, NoticeState::Sending);
    assert_eq!(
        standing.page_due,
        crate::support::world::instant("2026-11-24T00:00:00-08:00")
    );
    assert_eq!((counts.delivered, counts.total()), (25, 25));

    // Customers and people go on meanwhile.
    world.customer().texts("hello").await;
    world.sergio().receives("hello");
    world.sergio().texts("hello!").await;
    world.customer().receives("hello!");

    world.advance(minutes(14 * 60)).await;
    (25..40).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    (0..40).for_each(|n| phone(&world, n).receives_nothing());
    let (standing, counts) = super::standing(&world, notice.id).await;
    assert_eq!(standing.state, NoticeState::Sent);
    assert_eq!((counts.delivered, standing.spawned), (40, 40));
}

#[tokio::test]
async fn a_notice_that_is_over_before_the_next_day_expires() {
    let world = with_used(100, 2).await;
    let request = with(
        of_one_segment("zurek-1"),
        json!({"expires": "2026-11-24T06:00:00Z"}),
    );
    let notice = accepted(&world, &request).await;
    world.advance(minutes(16 * 60)).await;
    let (standing, counts) = standing(&world, notice.id).await;
    assert!(
        matches!(standing.state, NoticeState::Expired { .. }),
        "{:?}",
        standing.state
    );
    assert_eq!(counts.total(), 0);
}

#[tokio::test]
async fn who_is_skipped_is_counted_once_though_a_page_is_cut() {
    let world = with_used(90, 30).await;
    for n in [3, 20] {
        let change = relay::domain::opt_out::Change {
            number: subscriber(n),
            to: Some(relay::domain::opt_out::OptOut {
                since: world.relay().now(),
                by: relay::domain::opt_out::Cause::Word("STOP".to_owned()),
            }),
            of_person: false,
        };
        let store = &world.relay().store;
        store
            .change_opt_out(&world.line.number, &change)
            .await
            .unwrap();
    }
    let request = with(
        of_one_segment("zurek-1"),
        json!({"expires": "2026-11-27T00:00:00Z"}),
    );
    let notice = accepted(&world, &request).await;
    world.advance(minutes(20 * 60)).await;
    let got = (0..30).filter(|n| !phone(&world, *n).reads_all().is_empty());
    assert_eq!(got.count(), 28);
    let (standing, _) = standing(&world, notice.id).await;
    assert_eq!(standing.skipped.total(), 2);
}

fn invitation(key: &str) -> Value {
    json!({
        "name": "Ana", "number": "+16195550121", "event": "Zurek",
        "starts": "2027-04-29T18:00:00-07:00", "link": "https://crew.example.com/i/7Jx2",
        "idempotency_key": key,
    })
}

#[tokio::test]
async fn an_invitation_waits_for_the_next_day_or_is_reported_as_failed() {
    let world = with_used(100, 0).await;
    let invite = |key: &'static str, expires: &'static str| {
        let request = with(invitation(key), json!({"expires": expires}));
        let world = &world;
        async move {
            let said = world.ask("POST", "/v1/invitations", &request).await;
            assert_eq!(said.status, 202, "{said:?}");
            said.body["id"].as_str().unwrap().to_owned()
        }
    };
    invite("waits", "2026-11-26T00:00:00Z").await;
    invite("ends", "2026-11-24T01:00:00Z").await;
    world.advance(minutes(1)).await;
    world.phone("+16195550121").receives_nothing();
    let [failed] = &world.listeners.hear()[..] else {
        panic!("one that failed");
    };
    assert_eq!(failed.key, "ends");
    world.advance(minutes(14 * 60)).await;
    world.phone("+16195550121").receives("Zurek");
    world.phone("+16195550121").receives_nothing();
}

#[tokio::test]
async fn a_caller_has_no_more_sent_on_a_day_than_it_may_and_hears_until_when() {
    let world = with_subscribers(IN_HOURS, 6).await;
    let notice = |key: &str| of_one_segment(key);
    let first = said_to_limited(&world, "/v1/notices", &notice("one")).await;
    assert_eq!(first.status, 202, "{first:?}");
    for key in ["two", "two"] {
        let said = said_to_limited(
            &world,
            "/v1/notices",
            &with(notice(key), json!({"subject": "other"})),
        )
        .await;
        assert_eq!(said.status, 429);
        assert_eq!(said.body["type"], "/problems/used-up");
        let detail = said.body["detail"].as_str().unwrap();
        assert!(
            detail.contains("takes 6 segments, and the caller has used 6 of the 10"),
            "{detail}"
        );
        assert!(detail.contains("2026-11-24 00:00 PST"), "{detail}");
        let after: u64 = said.header("retry-after").unwrap().parse().unwrap();
        assert_eq!(after, 14 * 3600);
    }
    // The same key again is no new notice, and a caller without a limit has none.
    let again = said_to_limited(&world, "/v1/notices", &notice("one")).await;
    assert!(again.status < 300, "{again:?}");
    let other = with(notice("three"), json!({"subject": "other"}));
    assert_eq!(world.ask("POST", "/v1/notices", &other).await.status, 202);
    for n in 0..6 {
        let said = said_to_limited(&world, "/v1/invitations", &invitation(&n.to_string())).await;
        assert_eq!(said.status, if n < 4 { 202 } else { 429 }, "{said:?}");
    }
    world.advance(minutes(60)).await;
    (0..6).for_each(|n| drop(phone(&world, n).reads_all()));
    assert_eq!(world.phone("+16195550121").reads_all().len(), 4);
    world.advance(minutes(13 * 60) + seconds(1)).await;
    let said = said_to_limited(
        &world,
        "/v1/notices",
        &with(notice("four"), json!({"subject": "four"})),
    )
    .await;
    assert_eq!(said.status, 202, "{said:?}");
    world.advance(minutes(10 * 60)).await;
    (0..6).for_each(|n| drop(phone(&world, n).reads_all()));
}
