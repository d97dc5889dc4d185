//! The contract of `Storage`, on a real directory.

use super::*;

fn write(storage: &DiskStorage, name: &str, content: &[u8]) -> Result<()> {
    let mut file = storage.create(name)?;
    file.write(content)?;
    file.sync()
}

fn kind<T>(result: Result<T>) -> io::ErrorKind {
    match result {
        Err(Error::Io { source, .. }) => source.kind(),
        Err(other) => panic!("not an i/o error: {other}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn both_accesses_see_the_same_bytes() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = DiskStorage::create(directory.path().join("db")).expect("creates");
    let content: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
    write(&storage, "big", &content).expect("writes");
    write(&storage, "empty", b"").expect("writes");
    storage.sync_directory().expect("syncs");
    for access in [Access::Map, Access::Read] {
        let storage = DiskStorage::open(storage.path(), access).expect("opens");
        let bytes = storage.open("big").expect("opens").expect("exists");
        assert_eq!(&bytes[..], &content[..]);
        assert_eq!(bytes.as_ptr() as usize % crate::limits::ALIGNMENT, 0);
        assert_eq!(storage.open("empty").expect("opens").expect("exists").len(), 0);
        assert!(storage.open("missing").expect("opens").is_none());
        assert_eq!(storage.length("big").expect("inspects"), Some(200_000));
        assert_eq!(storage.length("missing").expect("inspects"), None);
        let mut names = storage.list().expect("lists");
        names.sort();
        assert_eq!(names, ["big", "empty"]);
    }
}

#[test]
fn names_are_never_reused() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    write(&storage, "a", b"1").expect("writes");
    write(&storage, "b", b"2").expect("writes");
    assert_eq!(kind(storage.create("a")), io::ErrorKind::AlreadyExists);
    assert_eq!(kind(storage.publish("a", "b")), io::ErrorKind::AlreadyExists);
    assert_eq!(&storage.open("b").expect("opens").expect("exists")[..], b"2");
    storage.publish("a", "c").expect("publishes");
    assert_eq!(&storage.open("c").expect("opens").expect("exists")[..], b"1");
    assert_eq!(kind(storage.publish("a", "d")), io::ErrorKind::NotFound);
}

#[test]
fn a_removed_file_stays_readable_where_it_is_mapped() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    write(&storage, "a", b"content").expect("writes");
    let bytes = storage.open("a").expect("opens").expect("exists");
    if storage.remove("a").is_ok() {
        assert!(storage.open("a").expect("opens").is_none());
    }
    assert_eq!(&bytes[..], b"content");
    storage.remove("never there").expect("no error");
}

#[test]
fn there_is_one_writer() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    let held = storage.lock().expect("locks");
    let other = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    assert!(matches!(other.lock(), Err(Error::Locked { .. })));
    drop(held);
    other.lock().expect("free again");
}

#[test]
fn a_directory_that_is_none_is_not_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    write(&storage, "file", b"x").expect("writes");
    for name in ["missing", "file"] {
        let opened = DiskStorage::open(directory.path().join(name), Access::Map);
        assert!(matches!(opened, Err(Error::NotFound { .. })), "{name}");
    }
}

#[test]
fn where_something_else_stands_no_directory_is_created() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, b"x").expect("writes");
    assert_eq!(kind(DiskStorage::create(&file)), io::ErrorKind::AlreadyExists);
    #[cfg(unix)]
    {
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).expect("links");
        assert_eq!(kind(DiskStorage::create(&link)), io::ErrorKind::AlreadyExists);
    }
}

#[test]
fn a_folder_under_a_files_name_is_an_error() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("segment-00000001")).expect("creates");
    let storage = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    assert_eq!(kind(storage.open("segment-00000001")), io::ErrorKind::InvalidInput);
}

#[cfg(unix)]
#[test]
fn files_are_read_only_from_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let storage = DiskStorage::open(directory.path(), Access::Map).expect("opens");
    write(&storage, "a", b"1").expect("writes");
    let mode = fs::metadata(directory.path().join("a")).expect("inspects").permissions().mode();
    assert_eq!(mode & 0o222, 0);
}

#[cfg(unix)]
#[test]
fn refusals_to_modify_are_named_read_only() {
    use rustix::io::Errno;
    let place = Path::new("/somewhere");
    for errno in [Errno::ROFS, Errno::ACCESS, Errno::PERM] {
        let error = modify_error("create", place, place, errno.into());
        assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    }
    assert_eq!(
        kind::<()>(Err(modify_error("create", place, place, Errno::NOSPC.into()))),
        io::ErrorKind::StorageFull
    );
}

const READ_ONLY: &str = "MEDVEC_TEST_READ_ONLY_DIRECTORY";

/// The super-user may write everywhere; then the test runs itself again as nobody.
#[cfg(unix)]
#[test]
fn a_read_only_directory_opens_and_refuses_writers() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    if let Some(directory) = std::env::var_os(READ_ONLY) {
        return check_read_only(Path::new(&directory));
    }
    let place = tempfile::tempdir().expect("a directory");
    let chmod = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changes the mode");
    };
    chmod(place.path(), 0o755);
    let storage = DiskStorage::create(place.path().join("db")).expect("creates");
    write(&storage, "a", b"1").expect("writes");
    drop(storage.lock().expect("creates the lock file"));
    chmod(&storage.path().join("LOCK"), 0o666);
    chmod(storage.path(), 0o555);
    let probe = storage.path().join("probe");
    if File::create(&probe).is_ok() {
        fs::remove_file(&probe).expect("removes");
        let copy = place.path().join("test");
        fs::copy(std::env::current_exe().expect("a program"), &copy).expect("copies");
        let status = std::process::Command::new(copy)
            .args([
                "--exact",
                "storage::disk::tests::a_read_only_directory_opens_and_refuses_writers",
            ])
            .env(READ_ONLY, storage.path())
            .current_dir(place.path())
            .uid(65534)
            .status()
            .expect("starts");
        assert!(status.success());
    } else {
        check_read_only(storage.path());
    }
    chmod(storage.path(), 0o755);
}

#[cfg(unix)]
fn check_read_only(directory: &Path) {
    let storage = DiskStorage::create(directory).expect("exists already");
    assert_eq!(&storage.open("a").expect("opens").expect("exists")[..], b"1");
    storage.list().expect("lists");
    assert!(matches!(storage.lock().err(), Some(Error::ReadOnly { .. })));
    assert!(matches!(storage.create("b").err(), Some(Error::ReadOnly { .. })));
    assert!(matches!(storage.publish("a", "b").err(), Some(Error::ReadOnly { .. })));
    assert!(matches!(storage.remove("a").err(), Some(Error::ReadOnly { .. })));
    let below = DiskStorage::create(directory.join("below"));
    assert!(matches!(below.err(), Some(Error::ReadOnly { .. })));
}

#[test]
fn transient_errors_are_retried_a_bounded_number_of_times() {
    let mut calls = 0;
    let fails = |calls: &mut u32, until: u32| {
        *calls += 1;
        if *calls < until { Err(io::ErrorKind::ResourceBusy.into()) } else { Ok(*calls) }
    };
    assert_eq!(retry(|_| true, || fails(&mut calls, 4)).expect("in the end"), 4);
    calls = 0;
    assert!(retry(|_| true, || fails(&mut calls, 1000)).is_err());
    assert_eq!(calls, ATTEMPTS_MAX);
    calls = 0;
    assert!(retry(|_| false, || fails(&mut calls, 2)).is_err());
    assert_eq!(calls, 1);
}
