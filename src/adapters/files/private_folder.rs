//! A data folder that only its owner can read.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Leaves a file that holds what people wrote to its owner alone. One of somebody else stays as it
/// is: whether it can be used shows when it is opened.
pub(crate) fn leave_to_owner(file: &Path) -> std::io::Result<()> {
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt;
    match std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Makes the data folder if there is none, for its owner alone: it holds what people wrote.
pub fn create_data(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Puts a file in the place of another, for its owner alone: whoever reads it meanwhile has the one or the other.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        create_data(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    written.inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

/// Opens a file for its owner alone, for reading from its beginning and writing at its end.
pub(crate) fn open_to_append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Appends to a file of this length what `append` writes, or nothing: of a part, which a full disk
/// takes, nothing stays. What went wrong with the write is what matters then.
pub(crate) fn append_whole(
    file: &File,
    length: u64,
    append: impl FnOnce(&File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    append(file).inspect_err(|_| {
        let _ = file.set_len(length);
    })
}
