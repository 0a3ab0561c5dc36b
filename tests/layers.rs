//! Which way imports go. `ARCHITECTURE.md` says what each layer is for; this test holds the code to
//! it: no import runs upward, and no two modules beside each other import one another, however far
//! round.
//!
//! The source is read as text: every `use` and every path that begins with `crate::`, `self::` or
//! `super::`. Tests inside the source may import what they like, as nothing is built on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the top. A layer imports only what stands on a line below its own.
const LAYERS: [&[&str]; 7] = [
    &["cli"],
    &["hosts"],
    &["adapters", "credentials", "sandbox"],
    &["app"],
    &["twilio"],
    &["domain"],
    &["aws_error", "clock", "printable"],
];

/// The same inside `domain`.
const DOMAIN: [&[&str]; 15] = [
    &["forgetting", "invitation", "retention"],
    &["request"],
    &["inbound_record", "loop_guard", "notice", "reconciliation"],
    &["conversation"],
    &["call", "command", "delivery"],
    &["routing"],
    &["subscriber"],
    &["duty"],
    &["line"],
    &["automatic_text", "template"],
    &["sms"],
    &["inbound"],
    &["credentials", "ids", "opt_out", "pace", "when"],
    &["names", "phone", "provider", "time_zone"],
    &["characters", "language", "text_form"],
];

/// What the domain may not know: I/O, the clock, AWS, HTTP, async.
const NOT_IN_THE_DOMAIN: [&str; 14] = [
    "async fn",
    ".await;",
    ".await?",
    "async_trait",
    "axum",
    "aws_",
    "http::Re",
    "lambda_",
    "reqwest",
    "std::fs",
    "std::net",
    "SystemTime",
    "Timestamp::now",
    "tokio",
];

type Module = Vec<String>;

/// A module's own code, without comments, strings and tests.
struct Source {
    module: Module,
    file: String,
    code: String,
}

/// The import of one module by another, and the path as it stands there.
struct Import<'a> {
    by: &'a Source,
    of: Module,
    path: String,
}

#[test]
fn no_import_runs_upward_and_none_in_a_circle() {
    let sources = sources();
    assert!(
        sources.len() > 300,
        "only {} files were read",
        sources.len()
    );
    let mistakes = mistakes(&sources);
    assert!(mistakes.is_empty(), "\n{}", mistakes.join("\n"));
}

#[test]
fn the_domain_knows_neither_io_nor_clock_nor_provider() {
    let mut mistakes = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.module.first().is_some_and(|m| m == "domain"))
    {
        for word in NOT_IN_THE_DOMAIN {
            if source.code.contains(word) {
                mistakes.push(format!("{} has {word:?}", source.file));
            }
        }
    }
    assert!(mistakes.is_empty(), "\n{}", mistakes.join("\n"));
}

#[test]
fn no_module_is_mounted_by_a_path_attribute() {
    for folder in ["src", "functions", "tests"] {
        for (file, text) in files(folder) {
            assert!(
                !text
                    .lines()
                    .any(|line| line.trim_start().starts_with("#[path")),
                "{file}"
            );
        }
    }
}

#[test]
fn an_upward_import_and_a_circle_are_found() {
    let source = |path: &str, code: &str| Source {
        module: path.split("::").map(str::to_owned).collect(),
        file: format!("{path}.rs"),
        code: code_of(code),
    };
    let found = |sources: &[Source]| mistakes(sources).join("\n");
    let domain = source("domain::line", "use crate::app::relay::Relay;");
    let app = source("app::relay", "use crate::domain::line::Line;");
    assert!(found(&[domain, app]).contains("domain::line imports app::relay"));

    let duty = source(
        "domain::duty",
        "fn f() { crate::domain::routing::decide() }",
    );
    let routing = source("domain::routing", "");
    assert!(found(&[duty, routing]).contains("domain::duty imports domain::routing"));

    let one = source("app::one", "use super::two::{self, Two};");
    let two = source("app::two", "use crate::app::three::*;");
    let three = source("app::three", "use crate::{app::one::One, domain::line};");
    let below = source(
        "domain::line",
        "// use crate::app::one;\n#[cfg(test)]\nmod tests { use crate::cli; }",
    );
    assert!(found(&[one, two, three, below]).contains("app: one, three, two import each other"));
}

fn mistakes(sources: &[Source]) -> Vec<String> {
    let known: BTreeSet<&[String]> = sources
        .iter()
        .flat_map(|source| (1..=source.module.len()).map(|length| &source.module[..length]))
        .collect();
    let imports: Vec<Import> = sources
        .iter()
        .flat_map(|source| imports(source, &known))
        .collect();
    let mut mistakes: Vec<String> = imports.iter().filter_map(upward).collect();
    mistakes.extend(circles(&imports));
    mistakes.sort();
    mistakes.dedup();
    mistakes
}

fn upward(import: &Import) -> Option<String> {
    let (by, of) = (&import.by.module, &import.of);
    let is_upward = match (by.first()?, of.first()?) {
        (by, of) if by != of => rank(&LAYERS, of)? <= rank(&LAYERS, by)?,
        (layer, _) if layer == "domain" => match (by.get(1)?, of.get(1)?) {
            (by, of) if by != of => rank(&DOMAIN, of)? <= rank(&DOMAIN, by)?,
            _ => false,
        },
        _ => false,
    };
    let says = || {
        format!(
            "{} imports {} ({}): that runs upward",
            by.join("::"),
            of.join("::"),
            import.path
        )
    };
    is_upward.then(says)
}

fn rank(layers: &[&[&str]], name: &str) -> Option<usize> {
    let rank = layers.iter().position(|layer| layer.contains(&name));
    assert!(
        rank.is_some(),
        "{name} has no place among the layers; give it one in tests/layers.rs"
    );
    rank
}

/// Modules beside each other that import one another, each counted with all that it holds.
fn circles(imports: &[Import]) -> Vec<String> {
    let mut beside: BTreeMap<&[String], BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for import in imports {
        let (by, of) = (&import.by.module, &import.of);
        let shared = by.iter().zip(of).take_while(|(by, of)| by == of).count();
        if let (Some(from), Some(to)) = (by.get(shared), of.get(shared)) {
            let inside = beside.entry(&by[..shared]).or_default();
            inside.entry(from).or_default().insert(to);
        }
    }
    let mut found = Vec::new();
    for (parent, edges) in &beside {
        let reached = |from: &str| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(module) = next.pop() {
                for to in edges.get(module).into_iter().flatten() {
                    if reached.insert(*to) {
                        next.push(to);
                    }
                }
            }
            reached
        };
        for module in edges.keys() {
            let mut circle: Vec<&str> = reached(module)
                .into_iter()
                .filter(|other| reached(other).contains(module))
                .collect();
            circle.sort_unstable();
            if !circle.is_empty() {
                found.push(format!(
                    "{}: {} import each other",
                    parent.join("::"),
                    circle.join(", ")
                ));
            }
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let modules = files("src").into_iter().filter_map(|(file, text)| {
        let path = file.strip_prefix("src/")?.strip_suffix(".rs")?;
        let mut module: Module = path.split('/').map(str::to_owned).collect();
        let last = module.last()?.clone();
        match last.as_str() {
            "mod" | "lib" => drop(module.pop()),
            "main" | "tests" | "properties" => return None,
            name if name.ends_with("_tests") => return None,
            _ => {}
        }
        Some(Source {
            module,
            code: code_of(&text),
            file,
        })
    });
    modules.collect()
}

/// Every Rust file below a folder of the project, by its path from the root.
fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// Leaves out comments, strings, characters, and modules that only tests have.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let skip = match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['r', '"', ..] => raw_string(rest, 0),
            ['r', '#', ..] => match rest[1..].iter().position(|c| *c != '#') {
                Some(hashes) if rest[1 + hashes] == '"' => raw_string(rest, hashes),
                _ => 0,
            },
            ['"', ..] => string(rest),
            ['\'', '\\', ..] => 2 + rest[3..].iter().position(|c| *c == '\'').unwrap_or(0) + 2,
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if skip == 0 {
            code.push(rest[0]);
        } else {
            code.push(' ');
        }
        at += skip.max(1);
    }
    without_tests(&code)
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(rest: &[char], hashes: usize) -> usize {
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let begins = 2 + hashes;
    let length = rest[begins..]
        .windows(end.len())
        .position(|window| window == end);
    begins + length.unwrap_or(0) + end.len()
}

fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    let begins = |rest: &str| {
        ["#[cfg(test)]", "#[cfg(all(test"]
            .iter()
            .filter_map(|test| rest.find(test))
            .min()
    };
    while let Some(at) = begins(rest) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[rest.find("]").map_or(rest.len(), |end| end + 1)..];
        let (mut depth, mut end) = (0_usize, rest.len());
        for (at, c) in rest.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ';' if depth == 0 => {}
                _ => continue,
            }
            if depth == 0 {
                end = at + 1;
                break;
            }
        }
        rest = &rest[end..];
    }
    kept + rest
}

/// What a module imports from other modules of the library.
fn imports<'a>(by: &'a Source, known: &BTreeSet<&[String]>) -> Vec<Import<'a>> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in by.code.match_indices(root) {
            if by.code[..at].chars().next_back().is_some_and(is_word) {
                continue;
            }
            for path in paths(&by.code[at..]) {
                let Some(of) = resolve(&by.module, &path, known) else {
                    continue;
                };
                if of != by.module {
                    found.push(Import {
                        by,
                        of,
                        path: path.join("::"),
                    });
                }
            }
        }
    }
    found
}

/// The paths that begin here, of which there are several if it branches in braces.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut stack: Vec<Vec<String>> = vec![Vec::new()];
    let (mut path, mut word, mut all) = (Vec::new(), String::new(), Vec::new());
    let mut depth = 0_usize;
    for c in code.chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            ':' => {
                if !word.is_empty() {
                    path.push(std::mem::take(&mut word));
                }
            }
            '{' if code_continues(&path, &word) => {
                stack.push(path.clone());
                depth += 1;
            }
            ',' | '}' if depth > 0 => {
                path.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                if stack.last() != Some(&path) {
                    all.push(path.clone());
                }
                if c == '}' {
                    stack.pop();
                    depth -= 1;
                    if depth == 0 {
                        return all;
                    }
                }
                path = stack.last().cloned().unwrap_or_default();
            }
            c if c.is_whitespace() && depth > 0 => {}
            _ if depth > 0 => {}
            _ => break,
        }
    }
    path.extend((!word.is_empty()).then_some(word));
    vec![path]
}

/// Whether a brace here opens the branches of a path: it stands right behind its `::`.
fn code_continues(path: &[String], word: &str) -> bool {
    word.is_empty() && !path.is_empty()
}

/// The module that a path leads to, as far as it leads through modules.
fn resolve(by: &Module, path: &[String], known: &BTreeSet<&[String]>) -> Option<Module> {
    let mut module = match path.first()?.as_str() {
        "crate" => Module::new(),
        "self" => by.clone(),
        _ => by.clone(),
    };
    let mut rest = path;
    while let Some((first, others)) = rest.split_first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => drop(module.pop()),
            name => {
                module.push(name.to_owned());
                if !known.contains(module.as_slice()) {
                    module.pop();
                    break;
                }
            }
        }
        rest = others;
    }
    (!module.is_empty()).then_some(module)
}
