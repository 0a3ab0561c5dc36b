//! A data folder that only its owner can read.

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
