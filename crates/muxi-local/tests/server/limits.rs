//! The limits of bundles and drafts.

use crate::{
    bundles::{deploy, send_bundle},
    client::{Headers, open, read_answer, send, sign, signed, start},
};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::{
    fs,
    io::{self, Read, Write},
};

/// A bundle with a file of that many MiB of zeros.
pub(crate) fn zeros(mebibytes: u64) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let mut header = tar::Header::new_gnu();
    header.set_size(mebibytes << 20);
    header.set_mode(0o644);
    tar.append_data(&mut header, "root/zeros", io::repeat(0).take(mebibytes << 20)).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// A bundle whose links would lead a later entry out of its folder.
fn with_links() -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let file = |tar: &mut tar::Builder<_>, name: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    };
    file(&mut tar, "root/formation.afs", "id: the-id\ndescription: A test\n");
    for (kind, name, target) in [
        (tar::EntryType::Symlink, "root/out", "/tmp"),
        (tar::EntryType::Symlink, "root/up", "../.."),
        (tar::EntryType::Link, "root/passwd", "/etc/passwd"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        tar.append_link(&mut header, name, target).unwrap();
    }
    file(&mut tar, "root/out/muxi-local-escaped", "out");
    file(&mut tar, "root/passwd", "mine");
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn links_in_bundles_lead_nowhere() {
    let server = start();
    deploy(&server, "the-id", &with_links());
    assert!(!std::path::Path::new("/tmp/muxi-local-escaped").exists());
    if cfg!(unix) {
        assert!(fs::read_to_string("/etc/passwd").unwrap().contains("root"));
    }
    let zip = signed(&server, "GET", "/rpc/formations/the-id/download", &[], b"").body;
    let mut zip = zip::ZipArchive::new(io::Cursor::new(zip)).unwrap();
    let mut names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    // The entry below the link went into a real folder.
    assert_eq!(names, ["formation.afs", "out/muxi-local-escaped", "passwd"]);
    assert_eq!(io::read_to_string(zip.by_name("passwd").unwrap()).unwrap(), "mine");
}

#[test]
fn a_bomb_is_refused_and_the_server_goes_on() {
    let server = start();
    let answer = send_bundle(&server, "the-id", None, &[], &zeros(160));
    assert_eq!(answer.status, 400);
    assert!(answer.message().starts_with("Failed to extract bundle: "), "{}", answer.text());
    assert_eq!(signed(&server, "GET", "/rpc/formations/the-id", &[], b"").status, 404);
    assert_eq!(send(&server, "GET", "/ping", &[], b"").status, 200);
}

/// Bodies in chunks say nothing of their length; what arrives is counted.
#[test]
fn bodies_have_limits() {
    let server = start();
    let refused = |method: &str, path: &str, headers: Headers<'_>, mebibytes: usize| {
        let headers = [&[("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")], headers].concat();
        let mut stream = open(&server, method, path, &headers, b"");
        let piece = [&b"100000\r\n"[..], &[b' '; 1 << 20], b"\r\n"].concat();
        // The answer may come, and the connection end, before all of it is sent.
        let _ =
            (0..=mebibytes).try_for_each(|_| stream.write_all(&piece)).and_then(|()| stream.write_all(b"0\r\n\r\n"));
        read_answer(stream)
    };
    let key = ("X-Muxi-Client-Key", server.client_key());
    let chat = refused("POST", "/v1/chat", &[key], 256);
    assert_eq!((chat.status, &chat.json()["error"]["message"]), (413, &json!("Request body too large")));
    let authorization = sign("POST", "/rpc/dev/run");
    let run = refused("POST", "/rpc/dev/run", &[("Authorization", &authorization)], 64);
    assert_eq!((run.status, &run.json()["error"]), (400, &json!("Invalid JSON body")));
    assert_eq!(refused("PUT", "/_local/script", &[], 1).status, 413);
    assert_eq!(send(&server, "GET", "/ping", &[], b"").status, 200);
}

// Links are for administrators on Windows.
#[cfg(unix)]
#[test]
fn links_in_folders_are_not_followed_by_drafts() {
    use crate::{
        client::post,
        folders::{desk, write},
    };
    use muxi_local::Server;
    use std::os::unix::fs::symlink;
    let (folder, secret) = (desk(), tempfile::tempdir().unwrap());
    write(secret.path(), "secret.txt", "not yours");
    symlink(secret.path(), folder.path().join("link")).unwrap();
    symlink(secret.path().join("secret.txt"), folder.path().join("file.txt")).unwrap();
    symlink("SOUL.md", folder.path().join("soul-link.md")).unwrap();
    let builder = Server::builder().key_id("key").secret_key("secret").formation(folder.path());
    let server = Server::spawn(builder).unwrap();
    let read = |path: &str| {
        let body = json!({"action": "read", "mode": "live", "path": path});
        post(&server, "/rpc/formations/desk/draft/files", &body)
    };
    for path in ["link/secret.txt", "file.txt", "link"] {
        let answer = read(path);
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("InvalidPath")), "{path}");
    }
    assert_eq!(read("soul-link.md").json()["data"]["content"], "You are kind.");
    // Nor do links get into a draft, a download or a deployment.
    let files = post(&server, "/rpc/formations/desk/draft/files", &json!({"action": "list", "mode": "live"}));
    assert!(!files.text().contains("secret") && !files.text().contains("file.txt"), "{}", files.text());
    let zip = signed(&server, "GET", "/rpc/formations/desk/download", &[], b"").body;
    let zip = zip::ZipArchive::new(io::Cursor::new(zip)).unwrap();
    assert!(zip.file_names().all(|name| !name.unwrap().contains("file.txt")));
}
