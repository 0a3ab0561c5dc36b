//! The gate for what the relay is built from: one cryptographic stack, licences that ask for
//! nothing, and no source but the package registry.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const OURS: &str = env!("CARGO_PKG_NAME");

/// What must not come in, and why. A new version of a dependency brings such things silently.
const BANNED: &[(&str, &str)] = &[
    (
        "aws-lc-rs",
        "the cryptography is ring's; two stacks start slower and weigh twice",
    ),
    (
        "aws-lc-sys",
        "the cryptography is ring's; two stacks start slower and weigh twice",
    ),
    (
        "openssl-sys",
        "TLS is rustls, which needs nothing of the system",
    ),
    (
        "native-tls",
        "TLS is rustls, which needs nothing of the system",
    ),
    ("chrono", "time is jiff's"),
    ("chrono-tz", "time is jiff's"),
];

/// What everything must share: exactly one version of each, and this one.
const ONE_STACK: &[(&str, &str)] = &[
    ("ring", "0.17"),
    ("rustls", "0.23"),
    ("hyper", "1."),
    ("h2", "0.4"),
    ("http", "1."),
    ("reqwest", "0.13"),
    ("tokio", "1."),
];

/// Only others may depend on it.
const NOT_OURS: &[(&str, &str)] = &[("time", "time is jiff's")];

/// Licences that ask for no more than to be named.
const PERMISSIVE: &[&str] = &[
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn the_dependencies_are_those_that_were_chosen() {
    let complaints = complaints(&tree());
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn a_second_stack_a_banned_crate_and_a_foreign_source_are_noticed() {
    let chosen = tree();
    let noticed = |change: &dyn Fn(&mut Package)| {
        let mut tree = chosen.clone();
        let mut package = tree["jiff"][0].clone();
        change(&mut package);
        tree.entry(package.name.clone()).or_default().push(package);
        complaints(&tree).join("\n")
    };
    for (name, version) in [
        ("aws-lc-rs", "1.0.0"),
        ("rustls", "0.21.12"),
        ("http", "0.2.12"),
    ] {
        let with_it = noticed(&|p| (p.name, p.version) = (name.to_owned(), version.to_owned()));
        assert!(with_it.contains(name), "{name}: {with_it}");
    }
    let forked = noticed(&|p| p.source = "(https://example.com/jiff#0123)".to_owned());
    assert!(forked.contains("example.com"), "{forked}");
    assert!(noticed(&|p| p.licence = "GPL-3.0-only".to_owned()).contains("GPL"));
    assert!(noticed(&|p| p.licence.clear()).contains("no licence"));

    let mut without_ring = chosen.clone();
    without_ring.remove("ring");
    assert!(complaints(&without_ring).join("\n").contains("ring"));

    let mut two_clocks = chosen.clone();
    let ours = &mut two_clocks.get_mut(OURS).unwrap()[0];
    ours.dependencies.insert("time".to_owned());
    assert!(complaints(&two_clocks).join("\n").contains("time"));
}

/// The packages that a binary on Lambda's processors is built from, by name.
type Tree = BTreeMap<String, Vec<Package>>;

#[derive(Clone)]
struct Package {
    name: String,
    version: String,
    licence: String,
    /// A path or an address; empty for the package registry.
    source: String,
    /// By name.
    dependencies: BTreeSet<String>,
}

fn complaints(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, why) in BANNED.iter().filter(|(name, _)| tree.contains_key(*name)) {
        let users: Vec<_> = (tree.values().flatten())
            .filter(|package| package.dependencies.contains(*name))
            .map(|package| package.name.as_str())
            .collect();
        complaints.push(format!("{name} came in by {}: {why}", users.join(", ")));
    }
    for (name, wanted) in ONE_STACK {
        let versions = tree.get(*name).into_iter().flatten();
        let versions: Vec<_> = versions.map(|package| package.version.as_str()).collect();
        if !matches!(versions[..], [only] if only.starts_with(wanted)) {
            complaints.push(format!(
                "{name} should be {wanted} and nothing else: {versions:?}"
            ));
        }
    }
    for package in tree.values().flatten() {
        let label = format!("{} {}", package.name, package.version);
        if package.name == OURS {
            let wrong = NOT_OURS
                .iter()
                .filter(|(n, _)| package.dependencies.contains(*n));
            complaints.extend(wrong.map(|(n, why)| format!("{label} depends on {n}: {why}")));
        } else if !package.source.is_empty() {
            complaints.push(format!(
                "{label} is not from the registry: {}",
                package.source
            ));
        }
        if package.licence.is_empty() {
            complaints.push(format!("{label} names no licence"));
        } else if !is_permissive(&package.licence) {
            complaints.push(format!("{label} has the licence {}", package.licence));
        }
    }
    complaints
}

fn is_permissive(licence: &str) -> bool {
    // Lax, because older packages write MIT/Apache-2.0.
    spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|required| {
            let id = required.license.id();
            id.is_some_and(|id| PERMISSIVE.contains(&id.name))
        })
    })
}

fn tree() -> Tree {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--locked",
            "--edges=no-dev",
            "--prefix=depth",
            "--format=|{p}|{l}",
        ])
        .args([
            "--target=x86_64-unknown-linux-gnu",
            "--target=aarch64-unknown-linux-gnu",
        ])
        .output()
        .expect("cargo is there: it runs this test");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {complaint}");
    read(&String::from_utf8(output.stdout).unwrap())
}

/// Reads lines such as `2|quote v1.0.47|MIT OR Apache-2.0 (*)`, where the star says that the same
/// package stood there before, with what it depends on.
fn read(lines: &str) -> Tree {
    let mut tree = Tree::new();
    let mut path: Vec<(String, String)> = Vec::new();
    for line in lines.lines().filter(|line| line.contains('|')) {
        let mut columns = line.split('|');
        let (depth, id, licence) = (columns.next(), columns.next(), columns.next());
        let depth: usize = depth.unwrap().parse().unwrap();
        let mut words = id.unwrap().splitn(3, ' ');
        let name = words.next().unwrap().to_owned();
        let version = words.next().unwrap().trim_start_matches('v').to_owned();
        let source = words.next().unwrap_or_default().replace("(proc-macro)", "");
        path.truncate(depth);
        if let Some((name_above, version_above)) = path.last() {
            let above = tree.get_mut(name_above).unwrap().iter_mut();
            let mut above = above.filter(|package| package.version == *version_above);
            above.next().unwrap().dependencies.insert(name.clone());
        }
        let versions = tree.entry(name.clone()).or_default();
        if !versions.iter().any(|known| known.version == version) {
            versions.push(Package {
                name: name.clone(),
                version: version.clone(),
                licence: licence.unwrap().trim_end_matches(" (*)").to_owned(),
                source: source.trim().to_owned(),
                dependencies: BTreeSet::new(),
            });
        }
        path.push((name, version));
    }
    tree
}
