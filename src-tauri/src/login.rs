//! What to run when the user logs in.

use std::ffi::OsString;
use std::path::PathBuf;

use tamis_control::LoginCommand;

use crate::arguments::HIDDEN;

/// This very program, hidden; none where the system does not say which file it runs.
pub(crate) fn command() -> Option<LoginCommand> {
    let program = std::env::current_exe().ok()?;
    let program = lasting(program, std::env::var_os("APPDIR"), std::env::var_os("APPIMAGE"));
    Some(LoginCommand { program, arguments: vec![HIDDEN.into()] })
}

/// A program inside a mounted AppImage is gone after logout; the image is what stays. `APPIMAGE` alone does not say that
/// we run from one: a program started from another AppImage inherits it.
fn lasting(program: PathBuf, mounted: Option<OsString>, image: Option<OsString>) -> PathBuf {
    match (mounted, image) {
        (Some(mounted), Some(image)) if !mounted.is_empty() && program.starts_with(&mounted) => image.into(),
        _ => program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(program: &str, mounted: Option<&str>, image: Option<&str>) -> PathBuf {
        lasting(program.into(), mounted.map(Into::into), image.map(Into::into))
    }

    #[test]
    fn an_appimage_is_started_by_its_file_and_not_by_its_mount() {
        let image = Some("/home/u/Tamis.AppImage");
        assert_eq!(
            chosen("/tmp/.mount_T/usr/bin/tamis-desktop", Some("/tmp/.mount_T"), image),
            PathBuf::from("/home/u/Tamis.AppImage")
        );
        assert_eq!(
            chosen("/usr/bin/tamis-desktop", Some("/tmp/.mount_Other"), image),
            PathBuf::from("/usr/bin/tamis-desktop")
        );
        assert_eq!(chosen("/usr/bin/tamis-desktop", None, None), PathBuf::from("/usr/bin/tamis-desktop"));
    }
}
