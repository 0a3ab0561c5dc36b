//! What every store holds to about the signatures of requests over HTTP.

use futures::future::join_all;
use relay::app::ports::store::SignatureDigest;
use relay::app::ports::store::Store;

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, memory, now, sqlite};

contract! { dynamodb, sqlite, memory:
    a_signature_is_claimed_once,
    of_ten_who_show_the_same_signature_one_is_let_in,
    a_signature_whose_time_is_over_is_forgotten,
}

fn signature(n: u8) -> SignatureDigest {
    SignatureDigest::of(&[n; 32])
}

async fn a_signature_is_claimed_once(store: &impl Store) {
    let claim = async |n, second| {
        let signature = signature(n);
        let claimed = store.claim_signature(&signature, after(300), after(second));
        claimed.await.unwrap()
    };
    assert!(claim(1, 0).await);
    assert!(!claim(1, 1).await);
    assert!(claim(2, 1).await, "another one");
    assert!(!claim(1, 299).await);
}

async fn of_ten_who_show_the_same_signature_one_is_let_in(store: &impl Store) {
    let signature = signature(3);
    let claims = (0..10).map(|_| store.claim_signature(&signature, after(300), now()));
    let claims = join_all(claims).await.into_iter().map(Result::unwrap);
    assert_eq!(claims.filter(|claimed| *claimed).count(), 1);
}

async fn a_signature_whose_time_is_over_is_forgotten(store: &impl Store) {
    let signature = signature(4);
    let claim = async |until, second| {
        let claimed = store.claim_signature(&signature, after(until), after(second));
        claimed.await.unwrap()
    };
    assert!(claim(300, 0).await);
    assert!(claim(700, 400).await);
    assert!(!claim(700, 401).await);
}
