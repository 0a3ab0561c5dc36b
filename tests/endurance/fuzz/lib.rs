//! What the fuzz targets share under libFuzzer.

pub mod targets;

use std::path::PathBuf;

pub use libfuzzer_sys;

use targets::Target;

/// Has libFuzzer drive a target: `cargo fuzz run --fuzz-dir tests/endurance/fuzz -s none NAME`.
#[macro_export]
macro_rules! fuzz {
    ($target:expr) => {
        $crate::libfuzzer_sys::fuzz_target!(
            init: $crate::write_seeds(&$target),
            |input: &[u8]| ($target.check)(input)
        );
    };
}

/// Writes the target's seeds into the folder of the environment variable `SEEDS`, and its words
/// into `SEEDS.dict`, before libFuzzer reads both.
pub fn write_seeds(target: &Target) {
    let Some(folder) = std::env::var_os("SEEDS").map(PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(&folder).expect("the folder of seeds can be made");
    for (number, seed) in (target.seeds)().into_iter().enumerate() {
        let file = folder.join(number.to_string());
        std::fs::write(file, seed).expect("a seed can be written");
    }
    let entry = |word: &&str| {
        let bytes = word.bytes().map(|byte| format!("\\x{byte:02x}"));
        format!("\"{}\"\n", bytes.collect::<String>())
    };
    let dictionary: String = target.words.iter().map(entry).collect();
    std::fs::write(folder.with_extension("dict"), dictionary).expect("the words can be written");
}
