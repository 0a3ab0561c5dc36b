//! The file `relay.toml`, as a command reads it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::domain::line::Line;
use crate::domain::line::config::{self, ConfigErrors, MOST_BYTES};
use crate::domain::line::voice::Greeting;
use crate::twilio::signature::sha256_hex;

/// The most of a greeting: as it goes through Lambda, and nobody listens to more.
const MOST_SOUND: u64 = 1024 * 1024;

/// Where a relay has its lines from.
#[derive(clap::Args)]
pub struct TheFile {
    /// The lines and the people behind them
    #[arg(
        long,
        value_name = "FILE",
        env = "RELAY_CONFIG",
        default_value = "relay.toml"
    )]
    pub config: PathBuf,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum NoConfig {
    #[error(
        "there is no {0}; copy relay.example.toml there and put in your numbers, or name another file with --config"
    )]
    Missing(String),
    #[error("{0} cannot be read: {1}; check its owner and mode with `ls -l {0}`")]
    Unreadable(String, io::Error),
    #[error(
        "{0} is larger than 1 MiB; a configuration is never that large, so is it another file?"
    )]
    TooLarge(String),
    #[error(transparent)]
    Mistakes(#[from] ConfigErrors),
}

/// Reads the lines of a file.
pub fn read(path: &Path) -> Result<Vec<Line>, NoConfig> {
    read_file(path).map(|file| file.lines)
}

/// Reads all that a file says.
pub fn read_file(path: &Path) -> Result<config::File, NoConfig> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(NoConfig::Missing(name)),
        Err(error) => Err(NoConfig::Unreadable(name, error)),
        Ok(length) if length as u64 > MOST_BYTES => Err(NoConfig::TooLarge(name)),
        Ok(_) => {
            let mut file = config::parse_file(&bytes, &name)?;
            let wrong = read_sounds(&mut file, path);
            if wrong.is_empty() {
                return Ok(file);
            }
            Err(config::wrong_greetings(&bytes, &name, wrong).into())
        }
    }
}

/// The lines of `relay.toml` in this folder, or those of the example, which `relay dev` has without one;
/// none where the file has a mistake. For what is only a help.
pub fn lines_here() -> Vec<Line> {
    let file = Path::new("relay.toml");
    if file.exists() {
        read(file).unwrap_or_default()
    } else {
        config::example(4000)
    }
}

/// The people of these lines by their numbers.
pub fn names_here() -> BTreeMap<String, String> {
    let people = lines_here().into_iter().flat_map(|line| line.people);
    people
        .map(|person| (person.number.expose().to_owned(), person.name))
        .collect()
}

/// Reads the sound files that the lines name. Gives those lines whose file cannot be played, and why.
fn read_sounds(file: &mut config::File, path: &Path) -> Vec<(usize, String)> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut wrong = Vec::new();
    for (n, line) in file.lines.iter_mut().enumerate() {
        let greeting = line
            .voice
            .as_mut()
            .and_then(|v| v.voicemail.greeting.as_mut());
        if let Some(Greeting::File { name, hash }) = greeting {
            match sound(&folder.join(&*name)) {
                Err(message) => wrong.push((n, message)),
                Ok(bytes) => {
                    let sha256 = sha256_hex(&bytes);
                    *hash = Some(sha256.clone());
                    file.sounds.push(config::Sound {
                        hash: sha256,
                        bytes,
                    });
                }
            }
        }
    }
    wrong
}

fn sound(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_SOUND + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!(
            "there is no file {name}; put the MP3 file beside the configuration, or write what callers hear: \
             greeting = \"…\""
        )),
        Err(error) => Err(format!(
            "{name} cannot be read: {error}; check its owner and mode"
        )),
        Ok(length) if length as u64 > MOST_SOUND => Err(format!(
            "{name} is larger than 1 MiB, which is more than four minutes; make it shorter"
        )),
        Ok(_) if is_mp3(&bytes) => Ok(bytes),
        Ok(_) => Err(format!(
            "{name} is no MP3 file; `ffmpeg -i {name} greeting.mp3` makes one of most sound files"
        )),
    }
}

/// Whether it begins with an ID3 tag or with the sync word of an MPEG audio frame of layer III.
///
/// Source: ISO 11172-3, 2.4.1.3.
fn is_mp3(bytes: &[u8]) -> bool {
    let is_frame = |head: &[u8]| head[0] == 0xff && head[1] & 0xe6 == 0xe2;
    bytes.starts_with(b"ID3") || bytes.get(..2).is_some_and(is_frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config::EXAMPLE;

    fn config_with_greeting(folder: &Path) -> Result<config::File, NoConfig> {
        let path = folder.join("relay.toml");
        let greeting =
            "\n[line.voice]\n[line.voice.voicemail]\ngreeting = { file = \"hello.mp3\" }\n";
        let text = EXAMPLE.replacen("\n[line.voice]\n", greeting, 1);
        std::fs::write(&path, text).unwrap();
        read_file(&path)
    }

    #[test]
    fn a_greeting_is_read_beside_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let sound = [&[0xff, 0xfb, 0x90, 0x00][..], &[0; 100]].concat();
        std::fs::write(folder.path().join("hello.mp3"), &sound).unwrap();
        let file = config_with_greeting(folder.path()).unwrap();
        assert_eq!(file.sounds.len(), 1);
        assert_eq!(file.sounds[0].bytes, sound);
        let voicemail = &file.lines[0].voice.as_ref().unwrap().voicemail;
        let hash = Some(sha256_hex(&sound));
        let name = "hello.mp3".to_owned();
        assert_eq!(voicemail.greeting, Some(Greeting::File { name, hash }));
    }

    #[test]
    fn a_greeting_that_cannot_be_played_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = || {
            config_with_greeting(folder.path())
                .err()
                .unwrap()
                .to_string()
        };
        let missing = refused();
        assert!(missing.contains("put the MP3 file beside"), "{missing}");
        // Its line and its key are there.
        let text = std::fs::read_to_string(folder.path().join("relay.toml")).unwrap();
        let line = text
            .lines()
            .position(|l| l.starts_with("greeting"))
            .unwrap()
            + 1;
        assert!(
            missing.contains(&format!("relay.toml:{line}:12: ")),
            "{missing}"
        );
        assert!(missing.contains("| greeting = { file"), "{missing}");
        let put = |bytes: &[u8]| std::fs::write(folder.path().join("hello.mp3"), bytes).unwrap();
        for bytes in [&b"RIFF0000WAVE"[..], b"", &[0xff], &[0xff, 0xf1, 0x50]] {
            put(bytes);
            assert!(refused().contains("is no MP3 file"), "{}", refused());
        }
        put(&[&b"ID3"[..], &vec![0; MOST_SOUND as usize]].concat());
        assert!(refused().contains("larger than 1 MiB"), "{}", refused());
    }
}
