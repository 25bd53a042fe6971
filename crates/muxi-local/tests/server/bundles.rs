use crate::client::{Answer, Headers, open, send, sign, signed, start};
use flate2::{Compression, write::GzEncoder};
use muxi_local::Server;
use std::io::{Read, Write};

/// A gzipped tar archive of files (and folders: names that end in `/`), with names as they are.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        let kind = match *name {
            "pax_global_header" => tar::EntryType::XGlobalHeader,
            name if name.ends_with('/') => tar::EntryType::Directory,
            _ => tar::EntryType::Regular,
        };
        header.set_entry_type(kind);
        // The checked setter refuses the very names that the tests are about.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

pub(crate) fn formation(id: &str, version: &str) -> Vec<u8> {
    with_config(&format!("id: {id}\nname: Demo {id}\ndescription: A test\nversion: {version}\n"))
}

fn with_config(config: &str) -> Vec<u8> {
    archive(&[("root/formation.afs", config)])
}

pub(crate) fn send_bundle(
    server: &Server,
    id: &str,
    version: Option<&str>,
    more: Headers<'_>,
    bundle: &[u8],
) -> Answer {
    let mut headers = vec![("Content-Type", "application/gzip"), ("X-Formation-ID", id)];
    headers.extend(version.map(|version| ("X-Formation-Version", version)));
    headers.extend_from_slice(more);
    signed(server, "POST", "/rpc/formations", &headers, bundle)
}

pub(crate) fn deploy(server: &Server, id: &str, bundle: &[u8]) {
    let answer = send_bundle(server, id, Some("1.0.0"), &[], bundle);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn accepted_forms() {
    let server = start();
    let config = "id: the-id\ndescription: A test\n";
    let forms: [&[(&str, &str)]; 4] = [
        &[("root/formation.yaml", config)],
        &[("root/", ""), ("root/formation.yml", config)],
        &[("./formation.afs", config), ("./agents/a.afs", "name: A\ndescription: B\n")],
        &[("root/agents/", ""), ("root/formation.afs", config), ("root/triggers/t.md", "Hi {{ name }}")],
    ];
    for files in forms {
        deploy(&server, "the-id", &archive(files));
        assert_eq!(send(&server, "GET", "/api/the-id/v1/health", &[], b"").status, 200);
        assert_eq!(signed(&server, "DELETE", "/rpc/formations/the-id", &[], b"").status, 200);
    }
}

#[test]
fn long_names_are_kept_and_links_skipped() {
    let server = start();
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let long = format!("root/docs/{}/x.md", "n".repeat(200));
    for (name, text) in [("root/formation.afs", "id: the-id\ndescription: A test\n"), (long.as_str(), "long")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "root/passwd", "/etc/passwd").unwrap();
    deploy(&server, "the-id", &tar.into_inner().unwrap().finish().unwrap());
    let zip = signed(&server, "GET", "/rpc/formations/the-id/download", &[], b"").body;
    let zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, [long.strip_prefix("root/").unwrap(), "formation.afs"]);
}

#[test]
fn refused_forms() {
    let server = start();
    let config = "id: the-id\ndescription: A test\n";
    let no_config = "no formation config file found (tried: [formation.afs formation.yaml formation.yml])";
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{}".to_vec(), "Failed to extract bundle: failed to create gzip reader: unexpected EOF"),
        (
            b"not a bundle at all".to_vec(),
            "Failed to extract bundle: failed to create gzip reader: gzip: invalid header",
        ),
        (cut(), "Failed to extract bundle: failed to read"),
        (archive(&[("formation.afs", config)]), no_config),
        (archive(&[("root/deep/formation.afs", config)]), no_config),
        (archive(&[("./", ""), ("./formation.afs", config)]), "invalid file path in archive: ./"),
        (archive(&[("pax_global_header", "x"), ("root/formation.afs", config)]), "invalid file path in archive"),
        (archive(&[("root/formation.afs", config), ("other/x", "")]), "invalid file path in archive: other/x"),
        (
            archive(&[("root/formation.afs", config), ("root/../../x", "")]),
            "invalid file path in archive: root/../../x",
        ),
        (archive(&[("../formation.afs", config)]), "invalid file path in archive"),
        (archive(&[("/etc/formation.afs", config)]), "invalid file path in archive"),
        (with_config("description: no id\n"), "'id' is required"),
        (with_config("id: the-id\n"), "'description' is required"),
        (with_config("{"), "Failed to parse formation config"),
        (with_config("id: other-id\ndescription: x\n"), "ID mismatch"),
        (with_config("id: the-id\ndescription: x\nversion: 2.0.0\n"), "Version mismatch"),
        (with_config("id: the-id\ndescription: x\nkey: ${{ secrets.KEY }}\n"), "secrets.enc"),
    ];
    for (bundle, message) in cases {
        let answer = send_bundle(&server, "the-id", None, &[], &bundle);
        assert_eq!(answer.status, 400, "{message}: {}", answer.text());
        assert!(answer.message().contains(message), "{message}: {}", answer.text());
    }
    // Nothing of it is left.
    assert_eq!(signed(&server, "GET", "/rpc/formations/the-id", &[], b"").status, 404);
}

/// An archive that ends in the middle.
fn cut() -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(&[b'a'; 200]).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn refused_before_the_body_even_as_a_stream() {
    let server = start();
    let bundle = formation("the-id", "1.0.0");
    let stream = ("Accept", "text/event-stream");
    let refused = |headers: Headers<'_>, status: u16, message: &str| {
        let answer = signed(&server, "POST", "/rpc/formations", headers, &bundle);
        assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/json")));
        assert!(answer.message().contains(message), "{}", answer.text());
    };
    refused(&[("X-Formation-ID", "the-id"), stream], 400, "Invalid Content-Type. Expected application/gzip");
    refused(&[("Content-Type", "Application/GZIP"), ("X-Formation-ID", "the-id"), stream], 400, "Content-Type");
    refused(&[("Content-Type", "application/gzip"), stream], 400, "X-Formation-ID");
    for id in ["ab", "Upper", "-x-", "x--", "under_score", "server", &"x".repeat(51)] {
        refused(&[("Content-Type", "application/gzip"), ("X-Formation-ID", id), stream], 400, "Invalid formation ID");
    }
    refused(&[("Content-Type", "application/gzip"), ("X-Formation-ID", "demo"), stream], 409, "already exists");
}

#[test]
fn an_upload_that_breaks_off_deploys_nothing() {
    let server = start();
    let authorization = sign("POST", "/rpc/formations");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/gzip"),
        ("X-Formation-ID", "the-id"),
        ("Transfer-Encoding", "chunked"),
    ];
    let mut stream = open(&server, "POST", "/rpc/formations", &headers, b"");
    stream.write_all(b"5\r\nabcde\r\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.contains("Failed to save bundle"), "{answer}");
    assert_eq!(signed(&server, "GET", "/rpc/formations/the-id", &[], b"").status, 404);
}

#[test]
fn a_chunked_upload_is_as_good_as_a_measured_one() {
    let server = start();
    let authorization = sign("POST", "/rpc/formations");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/gzip"),
        ("X-Formation-ID", "the-id"),
        ("Transfer-Encoding", "chunked"),
    ];
    let mut stream = open(&server, "POST", "/rpc/formations", &headers, b"");
    for chunk in formation("the-id", "1.0.0").chunks(50) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
}
