use super::*;

#[test]
fn two_adds_at_once_both_land() {
    let desk = Desk::new();
    let mut expected = Vec::new();
    for round in 0..20 {
        let keys = [0, 1, 2].map(|n| format!("ROUND_{round}_{n}"));
        std::thread::scope(|scope| {
            for key in &keys {
                scope.spawn(|| desk.add(&[key], "value\n").done());
            }
        });
        expected.extend(keys);
    }
    let listed = desk.on_file(&["list", "--json"]).json();
    let listed = listed.as_array().unwrap().iter();
    let mut listed: Vec<_> = listed
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

/// Within one process, where it goes much faster.
#[test]
fn many_edits_at_once_all_land() {
    use relay::credentials::repos_env::{BadEnvFile, EnvFile};
    use relay::domain::credentials::Secret;

    let desk = Desk::new();
    let file = EnvFile::at(desk.file());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let file = &file;
            scope.spawn(move || {
                for n in 0..25 {
                    file.edit("2026-11-23T08:00:00Z".parse().unwrap(), |document| {
                        document.set(&format!("K{writer}_{n}"), &Secret::new("x"))?;
                        Ok::<_, BadEnvFile>(())
                    })
                    .unwrap();
                    // A reader never finds half a file.
                    file.read().unwrap();
                }
            });
        }
    });
    assert_eq!(file.read().unwrap().entries().len(), 100);
}
