//! Where the tests find the programs that they run the relay against.

use std::path::PathBuf;

/// A Python that has the packages of `tests/support/tools/requirements.txt`. Its folder also has the
/// commands that these bring, such as `cfn-lint`.
pub fn python() -> PathBuf {
    find("RELAY_TEST_PYTHON", ".tools/python/bin/python")
}

/// A file of the packages of `tests/support/tools/package.json`.
pub fn node_module(path: &str) -> PathBuf {
    let file = node_modules().join(path);
    assert!(file.exists(), "{} is missing; {HOW}", file.display());
    file
}

pub fn node_modules() -> PathBuf {
    find("RELAY_TEST_NODE_MODULES", ".tools/node/node_modules")
}

const HOW: &str = "`make test` installs it (or `tests/support/tools/install` alone)";

/// A test that lacks its tool fails; were it skipped, nobody would notice.
fn find(variable: &str, default: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(default),
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "{} is missing; {HOW}, or {variable} says where it is",
        path.display()
    );
    path
}
