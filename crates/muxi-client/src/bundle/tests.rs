use super::*;
use flate2::{Compression, GzBuilder, write::GzEncoder};
use std::{fs, io::Write};
use tar::{EntryType, Header};
use tempfile::TempDir;

const CONFIG: &str = "schema: 1.0.0\nid: demo-app\ndescription: A demo\n";

/// A tar archive of `(name, content)`; a name that ends with a slash is a folder.
fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, content) in entries {
        add(
            &mut tar,
            name.as_bytes(),
            if name.ends_with('/') { EntryType::Directory } else { EntryType::Regular },
            content,
        );
    }
    tar.extend([0; 1024]);
    tar
}

/// Adds an entry as it is: the `tar` crate's own builder refuses the names that are tested here.
fn add(tar: &mut Vec<u8>, name: &[u8], kind: EntryType, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    if kind == EntryType::GNUSparse {
        header.as_gnu_mut().unwrap().set_real_size(0);
    }
    header.set_cksum();
    tar.extend_from_slice(header.as_bytes());
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bundle(entries: &[(&str, &str)]) -> Result<Bundle, BundleError> {
    let entries: Vec<_> = entries.iter().map(|(name, content)| (*name, content.as_bytes())).collect();
    Bundle::from_bytes(gzip(&tar_of(&entries)))
}

fn with_config(config: &str) -> Result<Bundle, BundleError> {
    bundle(&[("app/formation.afs", config)])
}

fn refusal(result: Result<Bundle, BundleError>) -> String {
    result.expect_err("must be refused").to_string()
}

/// A folder with files of that content.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn bytes(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = Vec::new();
    bundle.source.open().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, bundle.source.size());
    bytes
}

/// The entries of a bundle: name, mode, and what else must not depend on the machine.
fn entries(bundle: &Bundle) -> Vec<(String, u32)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bundle.source.open().unwrap()));
    let entry = |entry: io::Result<tar::Entry<'_, _>>| {
        let entry: tar::Entry<'_, flate2::read::GzDecoder<Box<dyn Read + Send>>> = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0, 0, 0));
        assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
        (String::from_utf8(entry.path_bytes().into_owned()).unwrap(), header.mode().unwrap())
    };
    archive.entries().unwrap().map(entry).collect()
}

fn names(bundle: &Bundle) -> Vec<String> {
    entries(bundle).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn takes_what_the_server_takes() {
    for archive in [
        vec![("app/formation.afs", CONFIG)],
        vec![("app/", ""), ("app/formation.yaml", CONFIG), ("app/agents/", ""), ("app/agents/a.afs", "")],
        vec![("./formation.yml", CONFIG), ("./agents/a.afs", ""), ("agents/b.afs", "")],
        vec![("./app/x", ""), ("app/y", ""), ("./formation.afs", CONFIG)],
        vec![("app/", ""), ("./app/formation.afs", CONFIG)],
    ] {
        let bundle = bundle(&archive).unwrap();
        assert_eq!((bundle.id.as_str(), bundle.version.as_str()), ("demo-app", "1.0.0"), "{archive:?}");
    }
}

#[test]
fn takes_the_configuration_that_the_server_takes() {
    let named = |id: &str| CONFIG.replace("demo-app", id);
    let (yml, yaml, afs) = (named("from-yml"), named("from-yaml"), named("from-afs"));
    let both = bundle(&[("a/formation.yml", &yml), ("a/formation.yaml", &yaml)]).unwrap();
    assert_eq!(both.id, "from-yaml");
    let all = bundle(&[("a/formation.yaml", &yaml), ("a/formation.yml", &yml), ("a/formation.afs", &afs)]).unwrap();
    assert_eq!(all.id, "from-afs");
}

#[test]
fn scalars_keep_their_text() {
    let version = |line: &str| with_config(&format!("{CONFIG}{line}\n")).unwrap().version;
    assert_eq!(version("version: 1.10"), "1.10");
    assert_eq!(version("version: '2.0.0-beta'"), "2.0.0-beta");
    assert_eq!(version("version: 3"), "3");
    assert_eq!(version("version:"), "1.0.0");
    assert_eq!(version("version: ''"), "1.0.0");
    assert_eq!(version("---\nid: ignored"), "1.0.0");
    assert_eq!(with_config("id: 123\ndescription: x").unwrap().id, "123");
}

#[test]
fn refuses_what_is_no_gzip() {
    let refused = |bytes: &[u8]| refusal(Bundle::from_bytes(bytes));
    assert!(refused(b"").contains("empty"));
    assert!(refused(b"PK\x03\x04....").contains("a zip archive"));
    assert!(refused(b"id: demo\n").contains("text"));
    assert!(refused(b"\x28\xb5\x2f\xfd").contains("zstd"));
    assert!(refused(&tar_of(&[("app/formation.afs", CONFIG.as_bytes())])).contains("an uncompressed tar archive"));
}

#[test]
fn refuses_what_is_no_tar() {
    let refused = |bytes: &[u8]| Bundle::from_bytes(gzip(bytes)).unwrap_err();
    assert!(matches!(refused(b""), BundleError::Empty));
    assert!(matches!(refused(&[0; 1024]), BundleError::Empty));
    assert!(matches!(refused(b"hello"), BundleError::NotTar));
    assert!(matches!(refused(&[b'x'; 2048]), BundleError::NotTar));
}

#[test]
fn refuses_damage() {
    let noise: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let tar = tar_of(&[("app/formation.afs", CONFIG.as_bytes()), ("app/noise", &noise)]);
    let whole = gzip(&tar);
    assert!(Bundle::from_bytes(whole.as_slice()).is_ok());
    for length in [2, 9, 10, 11, 100, whole.len() / 2, whole.len() - 9, whole.len() - 8, whole.len() - 1] {
        let error = Bundle::from_bytes(&whole[..length]).unwrap_err();
        assert!(matches!(error, BundleError::Truncated), "{length}: {error}");
    }
    let mut flipped = whole.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    assert!(matches!(Bundle::from_bytes(flipped), Err(BundleError::Damaged { .. })));
    // Whole gzip data around half an archive.
    assert!(matches!(Bundle::from_bytes(gzip(&tar[..100_000])), Err(BundleError::Damaged { .. })));
    let mut wrong_sum = tar;
    wrong_sum[1024] ^= 1;
    assert!(matches!(Bundle::from_bytes(gzip(&wrong_sum)), Err(BundleError::Damaged { .. })));
}

#[test]
fn takes_gzip_data_in_several_members() {
    let tar = tar_of(&[("app/formation.afs", CONFIG.as_bytes())]);
    let members = [gzip(&tar[..700]), gzip(&tar[700..])].concat();
    assert!(Bundle::from_bytes(members).is_ok());
}

#[test]
fn refuses_wrong_layouts() {
    let refused = |archive: &[(&str, &str)]| refusal(bundle(archive));
    assert!(refused(&[("formation.afs", CONFIG), ("agents/a.afs", "")]).contains("`formation.afs` is at the top"));
    assert!(refused(&[("./", ""), ("./formation.afs", CONFIG)]).contains("entry `./`"));
    assert!(refused(&[("./formation.afs", CONFIG), ("./", "")]).contains("entry `./`"));
    assert!(refused(&[("app/formation.afs", CONFIG), ("other/x", "")]).contains("after `app/` there is `other/x`"));
    assert!(refused(&[("app/formation.afs", CONFIG), ("README", "")]).contains("`README` is at the top"));
    for path in ["../formation.afs", "app/../../x", "/app/formation.afs", "app/.."] {
        assert!(refused(&[("app/formation.afs", CONFIG), (path, "")]).contains("unsafe path"), "{path}");
        assert!(refused(&[(path, CONFIG)]).contains("unsafe path"), "{path}");
    }
    assert!(refused(&[("app/readme", "")]).contains("directly in `app/`"));
    let nested = refused(&[("outer/", ""), ("outer/app/formation.yaml", CONFIG)]);
    assert!(nested.contains("`outer/`") && nested.contains("but `outer/app/formation.yaml`"), "{nested}");
}

#[test]
fn refuses_a_global_header_first() {
    let record = b"52 comment=0123456789abcdef0123456789abcdef01234567\n";
    let mut tar = Vec::new();
    add(&mut tar, b"pax_global_header", EntryType::XGlobalHeader, record);
    add(&mut tar, b"app/formation.afs", EntryType::Regular, CONFIG.as_bytes());
    assert!(refusal(Bundle::from_bytes(gzip(&tar))).contains("git archive"));

    let mut tar = Vec::new();
    add(&mut tar, b"app/formation.afs", EntryType::Regular, CONFIG.as_bytes());
    add(&mut tar, b"pax_global_header", EntryType::XGlobalHeader, record);
    assert!(Bundle::from_bytes(gzip(&tar)).is_ok());
}

#[test]
fn links_are_no_files() {
    let mut tar = Vec::new();
    add(&mut tar, b"app/formation.afs", EntryType::Symlink, b"");
    assert!(matches!(Bundle::from_bytes(gzip(&tar)), Err(BundleError::NoConfig { .. })));
    add(&mut tar, b"app/formation.yaml", EntryType::Regular, CONFIG.as_bytes());
    assert!(Bundle::from_bytes(gzip(&tar)).is_ok());
}

#[test]
fn refuses_sparse_files() {
    let mut tar = tar_of(&[("app/formation.afs", CONFIG.as_bytes())]);
    tar.truncate(1024);
    add(&mut tar, b"app/weights", EntryType::GNUSparse, b"");
    assert!(refusal(Bundle::from_bytes(gzip(&tar))).contains("`app/weights` is stored as a sparse file"));
}

#[test]
fn refuses_names_that_are_not_utf8() {
    let mut tar = tar_of(&[("app/formation.afs", CONFIG.as_bytes())]);
    tar.truncate(1024);
    add(&mut tar, b"app/caf\xe9.md", EntryType::Regular, b"");
    assert_eq!(refusal(Bundle::from_bytes(gzip(&tar))), "the name `app/caf\u{fffd}.md` is not valid UTF-8: rename it");
}

#[test]
fn takes_long_names() {
    let long = format!("app/{}formation.md", "long/".repeat(60));
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    for set in [Header::set_mtime, Header::set_uid, Header::set_gid] {
        set(&mut header, 0);
    }
    header.set_mode(0o644);
    header.set_size(CONFIG.len() as u64);
    tar.append_data(&mut header, &long, CONFIG.as_bytes()).unwrap();
    tar.append_pax_extensions([("path", "app/formation.afs".as_bytes())]).unwrap();
    header.set_path("elsewhere").unwrap();
    header.set_cksum();
    tar.append(&header, CONFIG.as_bytes()).unwrap();
    let bundle = Bundle::from_bytes(gzip(&tar.into_inner().unwrap())).unwrap();
    assert_eq!(names(&bundle), [long.as_str(), "app/formation.afs"]);
}

#[test]
fn refuses_wrong_configurations() {
    let refused = |config: &str| refusal(with_config(config));
    assert!(refused("").contains("no `id`"));
    assert!(refused("description: x").contains("no `id`"));
    assert!(refused("id: ~\ndescription: x").contains("no `id`"));
    assert!(refused("id: demo-app").contains("no `description`"));
    assert!(refused("id: demo-app\ndescription: ''").contains("no `description`"));
    assert!(refused("id: [demo-app]\ndescription: x").contains("`formation.afs` cannot be read"));
    assert!(refused("- id: demo-app").contains("cannot be read"));
    assert!(refused("id: 'demo").contains("cannot be read"));
    assert!(refused(&"#".repeat(error::CONFIG_LIMIT as usize + 1)).contains("is it a formation's configuration?"));
    let not_text = Bundle::from_bytes(gzip(&tar_of(&[("app/formation.afs", b"id: \xff")])));
    assert!(refusal(not_text).contains("not valid UTF-8"));
}

#[test]
fn checks_the_id() {
    let id = |id: &str| with_config(&format!("id: '{id}'\ndescription: x"));
    for good in ["abc", "a-1", "0-0", &"a".repeat(50)] {
        assert_eq!(id(good).unwrap().id, good);
    }
    for bad in ["ab", "Demo", "de mo", "demo_app", "-demo", "demo-", "démo", "a.b", &"a".repeat(51)] {
        assert!(matches!(id(bad), Err(BundleError::InvalidId { .. })), "{bad}");
    }
    for reserved in ["health", "ping", "rpc", "server", "admin", "metrics", "api"] {
        assert!(refusal(id(reserved)).contains("reserved"), "{reserved}");
    }
}

#[test]
fn secrets_must_be_there() {
    let config =
        format!("{CONFIG}# ${{{{ secrets.OLD }}}}\nkey: ${{{{ secrets.KEY }}}}\nagain: ${{{{ secrets.KEY }}}}\n");
    let refused = |more: &[(&str, &str)]| refusal(bundle(&[&[("app/formation.afs", config.as_str())], more].concat()));
    let none = refused(&[]);
    assert!(none.contains("secrets (OLD, KEY)") && none.contains("`secrets.enc`"), "{none}");
    assert!(refused(&[("app/secrets.enc", "x")]).contains("`.key`"));
    assert!(refused(&[("app/secrets.enc", "x"), ("app/sub/.key", "x")]).contains("`.key`"));
    bundle(&[("app/.key", "x"), ("app/formation.afs", &config), ("app/secrets.enc", "x")]).unwrap();
    with_config(&format!("{CONFIG}key: ${{{{ secrets.KEY\n")).unwrap();
}

#[test]
fn packs_a_folder_the_same_way_each_time() {
    let files = [
        ("formation.afs", CONFIG),
        ("agents/b.afs", "b"),
        ("agents/a.afs", "a"),
        ("agents.md", "dot sorts before slash"),
        (".config/x", "hidden"),
        ("run.sh", "#!/bin/sh"),
        ("größe.md", "unicode"),
    ];
    let one = folder(&files);
    let mut reversed = files;
    reversed.reverse();
    let other = folder(&reversed);
    fs::create_dir(one.path().join("empty")).unwrap();
    fs::create_dir(other.path().join("empty")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(one.path().join("run.sh"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(other.path().join("run.sh"), fs::Permissions::from_mode(0o775)).unwrap();
        fs::set_permissions(other.path().join("agents.md"), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (one, other) = (Bundle::from_folder(one.path()).unwrap(), Bundle::from_path(other.path()).unwrap());
    assert_eq!(bytes(&one), bytes(&other));
    assert_eq!(bytes(&one)[3..10], [0, 0, 0, 0, 0, 0, 255], "gzip header without flags, time and system");
    let expected = [
        ("demo-app/", 0o755),
        ("demo-app/.config/", 0o755),
        ("demo-app/.config/x", 0o644),
        ("demo-app/agents.md", 0o644),
        ("demo-app/agents/", 0o755),
        ("demo-app/agents/a.afs", 0o644),
        ("demo-app/agents/b.afs", 0o644),
        ("demo-app/empty/", 0o755),
        ("demo-app/formation.afs", 0o644),
        ("demo-app/größe.md", 0o644),
        ("demo-app/run.sh", if cfg!(unix) { 0o755 } else { 0o644 }),
    ];
    assert_eq!(entries(&one), expected.map(|(name, mode)| (name.to_owned(), mode)));
    let again = Bundle::from_bytes(bytes(&one)).unwrap();
    assert_eq!((again.id, again.version), (one.id, one.version));
}

#[test]
fn honours_ignore_files() {
    let folder = folder(&[
        ("formation.afs", CONFIG),
        (".gitignore", ".key\nsecrets.enc\n*.db\n/data/\n"),
        (".muxiignore", "drafts/\n!keep.db\n!.env\n!.git\n"),
        (".key", "k"),
        ("secrets.enc", "s"),
        ("secrets", "plain"),
        ("secrets.env", "x"),
        ("memory.db", "x"),
        ("keep.db", "x"),
        ("data/x", "x"),
        ("drafts/x", "x"),
        ("docs/.gitignore", "*.txt"),
        ("docs/a.txt", "x"),
        ("docs/a.md", "x"),
        ("docs/data/x", "x"),
        (".env", "x"),
        (".env.local", "x"),
        (".git/config", "x"),
        ("node_modules/x", "x"),
        ("src/__pycache__/x.pyc", "x"),
    ]);
    let bundle = Bundle::from_folder(folder.path()).unwrap();
    let expected = [
        "",
        ".env",
        ".key",
        "docs/",
        "docs/a.md",
        "docs/data/",
        "docs/data/x",
        "formation.afs",
        "keep.db",
        "secrets.enc",
        "src/",
    ];
    assert_eq!(names(&bundle), expected.map(|name| format!("demo-app/{name}")));

    fs::write(folder.path().join(".muxiignore"), ".key\n").unwrap();
    fs::write(folder.path().join("formation.afs"), format!("{CONFIG}key: ${{{{ secrets.KEY }}}}\n")).unwrap();
    assert!(refusal(Bundle::from_folder(folder.path())).contains("no `.key`"));
}

#[test]
fn a_folder_is_the_same_inside_a_repository() {
    let outer =
        folder(&[(".gitignore", "*.md\n"), (".git/config", ""), ("app/formation.afs", CONFIG), ("app/a.md", "")]);
    let bundle = Bundle::from_folder(outer.path().join("app")).unwrap();
    assert_eq!(names(&bundle), ["demo-app/", "demo-app/a.md", "demo-app/formation.afs"]);
}

#[test]
fn refuses_a_folder_without_configuration() {
    let empty = folder(&[("app/formation.afs", CONFIG)]);
    let error = refusal(Bundle::from_folder(empty.path()));
    assert!(error.contains(&empty.path().display().to_string()), "{error}");
    assert!(error.contains("formation.afs, formation.yaml, formation.yml"), "{error}");
    let ignored = folder(&[("formation.afs", CONFIG), (".muxiignore", "formation.*")]);
    assert!(refusal(Bundle::from_folder(ignored.path())).contains("not ignored"));
    let wrong = folder(&[("formation.yaml", "id: x")]);
    assert!(refusal(Bundle::from_folder(wrong.path())).contains(&wrong.path().display().to_string()));
    assert!(refusal(Bundle::from_path(empty.path().join("none"))).contains("none"));
}

#[cfg(unix)]
#[test]
fn follows_no_links() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    let folder = folder(&[("formation.afs", CONFIG), ("real/x", "x")]);
    let at = |name: &str| folder.path().join(name);
    symlink("/etc/passwd", at("passwd")).unwrap();
    symlink(at("real"), at("linked")).unwrap();
    symlink("nowhere", at("broken")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    let linked = TempDir::new().unwrap();
    symlink(folder.path(), linked.path().join("to")).unwrap();
    let bundle = Bundle::from_folder(linked.path().join("to")).unwrap();
    assert_eq!(names(&bundle), ["demo-app/", "demo-app/formation.afs", "demo-app/real/", "demo-app/real/x"]);
}

#[cfg(target_os = "linux")]
#[test]
fn refuses_a_file_name_that_is_not_utf8() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let folder = folder(&[("formation.afs", CONFIG)]);
    fs::write(folder.path().join(OsStr::from_bytes(b"caf\xe9")), "").unwrap();
    let error = Bundle::from_folder(folder.path()).unwrap_err();
    assert!(matches!(error, BundleError::NameNotUtf8 { .. }), "{error}");
}

#[test]
fn packs_long_names() {
    let name = format!("{}/{}.md", "folder".repeat(30), "file".repeat(40));
    let folder = folder(&[("formation.afs", CONFIG), (&name, "x")]);
    let bundle = Bundle::from_folder(folder.path()).unwrap();
    assert!(names(&bundle).contains(&format!("demo-app/{name}")));
    assert_eq!(Bundle::from_bytes(bytes(&bundle)).unwrap().id, "demo-app");
}

#[test]
fn reads_files_and_readers() {
    let archive = gzip(&tar_of(&[("app/formation.afs", CONFIG.as_bytes())]));
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, &archive).unwrap();
    let bundle = Bundle::from_path(&file).unwrap();
    assert_eq!((bytes(&bundle), bytes(&bundle)), (archive.clone(), archive.clone()));
    fs::write(&file, b"changed").unwrap();
    assert!(bundle.source.open().err().unwrap().to_string().contains("changed"));

    let bundle = Bundle::from_reader(archive.as_slice()).unwrap();
    assert_eq!(bytes(&bundle), archive);
    assert_eq!(refusal(Bundle::from_reader(&archive[..40])), "the bundle is cut short: copy or pack it again");
}

#[test]
fn a_temporary_file_goes_with_its_bundle() {
    let folder = folder(&[("formation.afs", CONFIG)]);
    let (_, path) = folder::pack(folder.path(), &UNWATCHED).unwrap();
    let source = ArchiveFile::temporary(path).unwrap();
    let ArchivePath::Temporary(path) = &source.path else { panic!("not temporary") };
    let path = path.to_path_buf();
    assert!(path.exists());
    drop(source);
    assert!(!path.exists());
}

#[test]
fn memory_stays_flat() {
    const ALONE: &str = "MUXI_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let test = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["bundle::tests::memory_stays_flat", "--exact"])
            .env(ALONE, "1")
            .output()
            .unwrap();
        assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stdout));
        return;
    }
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let folder = folder(&[("formation.afs", CONFIG)]);
    fs::File::create(folder.path().join("weights.bin")).unwrap().set_len(64 << 20).unwrap();
    let stored = NamedTempFile::new().unwrap();
    let mut tar = tar::Builder::new(GzBuilder::new().write(stored.as_file(), Compression::none()));
    tar.sparse(false);
    tar.append_dir_all("app", folder.path()).unwrap();
    tar.into_inner().unwrap().finish().unwrap();

    let before = peak();
    Bundle::from_folder(folder.path()).unwrap();
    let bundle = Bundle::from_file(&stored).unwrap();
    assert!(bundle.source.size() > 64 << 20);
    Bundle::from_reader(fs::File::open(&stored).unwrap()).unwrap();
    let grown = peak() - before;
    assert!(grown < 20 << 10, "the peak has grown by {grown} kB");
}

/// A watch stops whatever is being made, wherever it is.
#[test]
fn what_is_made_can_be_ended_at_each_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("formation.afs"), "id: demo-1\ndescription: A demo\nversion: 1.0.0\n").unwrap();
    fs::write(folder.path().join("large"), vec![0; 1 << 20]).unwrap();
    let mut packed = Vec::new();
    Bundle::from_folder(folder.path()).unwrap().source.open().unwrap().read_to_end(&mut packed).unwrap();
    type Make<'a> = &'a dyn Fn(&Watch<'_>) -> Result<Bundle, BundleError>;
    let ways: [Make<'_>; 3] = [&|watch| watch.path(folder.path()), &|watch| watch.bytes(packed.clone()), &|watch| {
        watch.reader(packed.as_slice())
    }];
    for (way, make) in ways.iter().enumerate() {
        let asked = std::cell::Cell::new(0);
        let count = |most: usize| {
            asked.set(asked.get() + 1);
            if asked.get() > most { Err(io::Error::other("stopped")) } else { Ok(()) }
        };
        make(&Watch(&|| count(usize::MAX))).unwrap();
        let all = asked.take();
        assert!(all > 10, "{way}: asked {all} times");
        for most in 0..all {
            assert!(make(&Watch(&|| count(most))).is_err(), "{way}: {most} of {all}");
            assert_eq!(asked.take(), most + 1, "{way}: goes on after {most} of {all}");
        }
    }
}
