//! What is not as it should be with a secret file that was used.

use std::path::Path;

/// What there is to be said of the file, which is there.
pub(crate) fn warnings(path: &Path) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if unix::readable_by_everyone(path) {
        warnings.push("can be read by every user of this machine; take that away with `chmod o-r`");
    }
    if unix::is_sub_path(path) {
        warnings.push("is a `subPath` mount, which never gets a new value of its secret; mount the whole volume");
    }
    warnings
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Metadata};
    use std::os::unix::fs::MetadataExt;
    use std::path::{Component, Path};

    /// Whether every user may read it, other than on a mount of its own: that is there for this container alone, and
    /// Docker and Kubernetes make its files readable for all.
    pub(super) fn readable_by_everyone(path: &Path) -> bool {
        let open = |file: Metadata| file.mode() & 0o004 != 0;
        fs::metadata(path).is_ok_and(open) && !is_mounted(path) && !path.parent().is_some_and(is_mounted)
    }

    /// Whether a file system begins there.
    fn is_mounted(path: &Path) -> bool {
        let device = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.dev());
        let Ok(path) = fs::canonicalize(path) else { return false };
        path.parent().is_some_and(|parent| device(&path) != device(parent))
    }

    /// Whether Kubernetes mounts this one file of a volume.
    pub(super) fn is_sub_path(path: &Path) -> bool {
        // Only a file that is a mount of its own is worth the list of all mounts, which Linux alone has.
        is_mounted(path)
            && fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| {
                fs::canonicalize(path).is_ok_and(|path| mounts.lines().any(|mount| is_sub_path_mount(mount, &path)))
            })
    }

    /// Whether this line is the mount of `path`, and shows there a file out of a generation of a volume, such as
    /// `/..2026_01_31_12_00_00.123456789/key`. The fourth field is the place in the volume, the fifth is where it is
    /// mounted.
    pub(super) fn is_sub_path_mount(line: &str, path: &Path) -> bool {
        let mut fields = line.split(' ').skip(3);
        let (Some(root), Some(mounted)) = (fields.next(), fields.next()) else { return false };
        let of_generation = |part: Component<'_>| part.as_os_str().to_str().is_some_and(|name| name.starts_with("..2"));
        Path::new(mounted) == path && Path::new(root).components().any(of_generation)
    }
}

#[cfg(not(unix))]
mod unix {
    use std::path::Path;

    pub(super) fn readable_by_everyone(_: &Path) -> bool {
        false
    }

    pub(super) fn is_sub_path(_: &Path) -> bool {
        false
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn knows_a_file_out_of_a_volume() {
        let path = Path::new("/run/secrets/key");
        let of = |root: &str, mounted: &str| {
            unix::is_sub_path_mount(&format!("36 35 0:32 {root} {mounted} ro,relatime - tmpfs tmpfs rw"), path)
        };
        assert!(of("/..2026_01_31_12_00_00.123456789/key", "/run/secrets/key"));
        assert!(of("/pods/4f/volumes/kubernetes.io~configmap/c/..2026_01_31_12_00_00.1/key", "/run/secrets/key"));
        assert!(!of("/..2026_01_31_12_00_00.123456789/key", "/run/secrets/other"));
        assert!(!of("/home/me/key", "/run/secrets/key"));
        assert!(!of("/", "/run/secrets/key"));
        assert!(!unix::is_sub_path_mount("", path));
    }
}
