//! Answers from the phones of the line's people, as deployed.

use relay::sandbox::Text;

use super::world::{BACKUP, CUSTOMER, SERGIO, World};

const OTHER: &str = "+18585550108";

#[tokio::test(flavor = "multi_thread")]
async fn answers_reach_the_customers_whom_they_are_meant_for() {
    let world = World::deployed().await;
    world.customer_texts(Text::new("Is the boat ready?"));
    world.receives(SERGIO, 1).await;
    world.texts(SERGIO, Text::new("Yes, at five"));
    assert_eq!(world.receives(CUSTOMER, 1).await, ["Yes, at five"]);

    world.texts(OTHER, Text::new("Do you have diesel?"));
    let shown = world.receives(SERGIO, 2).await;
    assert!(shown[1].starts_with("+18585550108"), "{shown:?}");
    world.texts(SERGIO, Text::new("Two cans"));
    let asked = world.receives(SERGIO, 3).await;
    let question = "Who is \"Two cans\" for? 1 = 0108 \"Do you have diesel?\" 2 = 0107";
    assert!(asked[2].starts_with(question), "{asked:?}");
    world.texts(SERGIO, Text::new("diesel"));
    assert_eq!(world.receives(OTHER, 1).await, ["Two cans"]);

    world.texts(SERGIO, Text::new("pass 0108"));
    let passed = world.receives(BACKUP, 1).await;
    let told = "Sergio passes +18585550108 to you.\nThey: Do you have diesel?\nSergio: Two cans";
    assert_eq!(passed, [told]);
    assert_eq!(world.received(CUSTOMER).len(), 1);

    let rules = ["answer", "asked", "choice", "passed"];
    for rule in rules {
        let decision = world.recorded(|record| record["rule"] == rule).await;
        assert!(decision["outcome"].is_string(), "{decision}");
    }
    let audit = world.aws.audit(world.stack.output("AuditLogGroup")).await;
    let audit = serde_json::to_string(&audit).unwrap();
    for never in ["diesel", "cans", CUSTOMER, OTHER, SERGIO] {
        assert!(!audit.contains(never), "{never} is in the audit");
    }
}
