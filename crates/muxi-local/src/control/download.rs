//! A formation's files as a zip archive.

use super::{Call, progress::blocking};
use crate::reply;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, Write},
    path::Path,
};
use tokio::io::AsyncReadExt;
use zip::{ZipWriter, write::SimpleFileOptions};

/// Bytes per read.
const CHUNK: usize = 64 * 1024;
/// The formation's memory, left out unless asked for.
const DATABASE: &str = "memory.db";

pub(super) async fn download(call: Call) -> Response {
    let Some(source) = call.control.with(&call.id, |entry| entry.current.source.clone()) else {
        return reply::not_found();
    };
    let database = matches!(call.query("db").as_deref(), Some("true" | "1"));
    let control = call.control.clone();
    let archive = blocking(move || pack(&control.files_of(&source)?, database)).await;
    let Ok(Ok(file)) = archive else {
        return reply::error(StatusCode::INTERNAL_SERVER_ERROR, "Failed to create archive");
    };
    let name = format!("attachment; filename=\"{}.zip\"", call.id);
    let mut response = Body::from_stream(chunks(tokio::fs::File::from_std(file))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

fn chunks(file: tokio::fs::File) -> impl futures_util::Stream<Item = io::Result<bytes::Bytes>> {
    stream::unfold(file, |mut file| async {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        match file.read_buf(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(chunk.freeze()), file)),
            Err(error) => Some((Err(error), file)),
        }
    })
}

/// Writes the archive into a temporary file.
fn pack(folder: &Path, database: bool) -> io::Result<File> {
    let mut archive = ZipWriter::new(BufWriter::new(tempfile::tempfile()?));
    add(&mut archive, folder, "", database)?;
    let mut file = archive.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn add(archive: &mut ZipWriter<impl Write + Seek>, folder: &Path, prefix: &str, database: bool) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && name != ".env";
        if hidden || (name == DATABASE && !database) {
            continue;
        }
        // Links are not followed: they may lead out of the folder.
        let kind = entry.file_type()?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            add(archive, &entry.path(), &format!("{path}/"), database)?;
        } else if kind.is_file() {
            archive.start_file(path, SimpleFileOptions::default())?;
            io::copy(&mut File::open(entry.path())?, archive)?;
        }
    }
    Ok(())
}
