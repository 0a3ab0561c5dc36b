//! What `relay explain` tells of a call.

use super::*;

fn told(world: &World) -> String {
    let zone = &world.line.time_zone;
    let story = story(&world.call, zone).into_iter();
    let lines = story.map(|(at, says)| format!("{} {says}", zone.at(at).strftime("%H:%M:%S")));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_call_is_told_from_beginning_to_end() {
    let mut world = World::new();
    world.takes(17, picked_up(1));
    world.takes(26, pressed(1, ""));
    world.takes(27, dialed(1, LegStatus::Completed, Some(false), Some(9)));
    world.takes(47, not_answered(2));
    world.takes(48, Event::Ended { seconds: Some(0) });
    assert_eq!(
        told(&world),
        "10:00:00 call from +1•••42 (attested A); no conversation; on duty: Sergio (within Mon-Fri \
         08:00-18:00), María (always on duty), Backup (the backup is always available)\n\
         10:00:00 rang Sergio for up to 20 s\n\
         10:00:17 Sergio's phone was picked up\n\
         10:00:26 Sergio's phone pressed nothing that connects: a mailbox, a pocket, or somebody who passed \
         it on; no answer\n\
         10:00:27 Sergio's phone hung up\n\
         10:00:27 rang María for up to 20 s\n\
         10:00:47 María did not answer\n\
         10:00:47 the voicemail began\n\
         10:00:48 the caller was gone, 48 s after they called"
    );
}

#[test]
fn it_says_why_somebody_was_not_rung_and_what_became_of_the_message() {
    let mut line = line();
    line.people[1].calls = crate::domain::line::TakesCalls::Never;
    let mut world = World::with(line, Known::default(), new(Caller::Withheld));
    world.takes(20, not_answered(1));
    world.takes(40, not_answered(2));
    world.takes(70, Event::Recorded { hung_up: true });
    world.takes(71, recorded(23));
    world.takes(72, Event::Kept);
    world.takes(73, deleted());
    let told = told(&world);
    for said in [
        "10:00:00 call from a withheld number",
        "María is not rung: they take no calls at this hour",
        "10:01:11 23 s are recorded",
        "10:01:11 outcome: voicemail of 23 s",
        "10:01:12 the relay keeps the recording",
        "10:01:13 the recording was deleted at Twilio",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
}

#[test]
fn no_number_stands_in_it() {
    let mut world = World::new();
    world.takes(5, pressed(1, "1"));
    world.takes(400, hung_up(1, LegStatus::Completed, Some(true), Some(245)));
    let told = told(&world);
    assert!(
        told.ends_with("10:06:40 outcome: spoke with Sergio for 245 s"),
        "{told}"
    );
    assert!(!told.contains("619555"), "{told}");
    let blocked = Known {
        blocked: Some("blocked by Sergio".to_owned()),
        ..Known::default()
    };
    let refused = World::with(line(), blocked, from(CALLER));
    let told = self::told(&refused);
    assert!(
        told.ends_with("outcome: refused, the caller is blocked"),
        "{told}"
    );
}
