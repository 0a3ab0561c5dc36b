//! Every `relay` command line in the documents and in `--help` is one that the program takes.

use std::path::{Path, PathBuf};

use super::command;

/// The command lines of a text: those in code blocks of Markdown, or all if it has none.
fn command_lines(text: &str, has_blocks: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut is_block, mut is_code, mut continued) = (false, !has_blocks, String::new());
    for line in text.lines() {
        let line = line.trim();
        if has_blocks && line.starts_with("```") {
            is_block = !is_block;
            is_code = is_block && matches!(line, "```sh" | "```");
            continue;
        }
        if !is_code {
            continue;
        }
        continued += line.strip_suffix('\\').unwrap_or(line);
        if line.ends_with('\\') {
            continued.push(' ');
            continue;
        }
        lines.extend(commands_in(&std::mem::take(&mut continued)));
    }
    lines
}

/// What a line has the program do: alone, behind `&&`, `;` or `sudo`, and before a pipe.
fn commands_in(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quote, mut before) = (None, ' ');
    for c in line.chars() {
        let last = parts.last_mut().expect("there is always one");
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '#') if before == ' ' => break,
            (None, '|' | ';' | '&' | '<' | '>' | '(' | ')') => {
                parts.push(String::new());
                before = c;
                continue;
            }
            _ => {}
        }
        last.push(c);
        before = c;
    }
    let is_ours = |part: &String| {
        let word = part.split_whitespace().next().unwrap_or_default();
        matches!(word, "relay" | "target/debug/relay")
    };
    parts
        .iter()
        .map(|part| part.trim().to_owned())
        .filter(is_ours)
        .collect()
}

fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == c => quote = None,
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Why the program would not take this command line.
fn refused(line: &str) -> Option<String> {
    // A shell would put a value there.
    let line = line.replace("$RELAY_URL", "https://relay.example.com");
    let mut words = words(&line);
    words[0] = "relay".to_owned();
    let taken = command().try_get_matches_from(words);
    let error = taken.err().filter(|error| {
        use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
        !matches!(error.kind(), DisplayHelp | DisplayVersion)
    })?;
    Some(format!("{line}\n{error}"))
}

fn documents() -> Vec<PathBuf> {
    fn add(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![
        root.join("README.md"),
        root.join("CONTRIBUTING.md"),
        root.join("SECURITY.md"),
    ];
    add(&root.join("docs"), &mut found);
    add(&root.join("infra"), &mut found);
    found
}

#[test]
fn the_documents_have_commands_that_the_program_takes() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for line in command_lines(&text, true) {
            count += 1;
            wrong.extend(refused(&line).map(|why| format!("{}: {why}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "only {count} were found");
}

#[test]
fn the_help_has_examples_that_the_program_takes() {
    fn add(command: &mut clap::Command, found: &mut Vec<String>) {
        let help = command.render_long_help().to_string();
        let examples = help.split("Example").nth(1).unwrap_or_default();
        found.extend(command_lines(examples, false));
        for below in command.get_subcommands_mut() {
            add(below, found);
        }
    }
    let mut found = Vec::new();
    add(&mut command().term_width(500), &mut found);
    let wrong: Vec<_> = found.iter().filter_map(|line| refused(line)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found.len() > 90, "only {} were found", found.len());
}

#[test]
fn lines_are_read_as_a_shell_reads_them() {
    let text = "intro relay nonsense\n```sh\nexport A=1; relay text --from 1 'a # b'   # who?\nrelay x \\\n  --y \"c d\" | sh\n```\n";
    let lines = command_lines(text, true);
    assert_eq!(
        lines,
        ["relay text --from 1 'a # b'", "relay x  --y \"c d\""]
    );
    assert_eq!(words(&lines[1]), ["relay", "x", "--y", "c d"]);
    assert!(refused("relay text --frm 1 x").is_some());
}
