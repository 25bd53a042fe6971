//! For every row of the table: what goes in can be read back from the request.

#![allow(clippy::panic)]

mod common;

use common::{Seen, args, check_request, rows, variants};
use muxi_client::{
    ErrorKind,
    api::{
        arg::Arg,
        request::Body,
        table::{Kind, Place},
    },
};
use std::collections::BTreeMap;

#[test]
fn arguments_come_back_from_the_request() {
    let mut tried = 0;
    for row in rows() {
        for given in variants(row) {
            let request = args(row, &given).build().unwrap_or_else(|e| panic!("{}: {e}", row.name));
            let body = match &request.body {
                Body::Empty => String::new(),
                Body::Json(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Body::Bundle(source) => {
                    let mut text = String::new();
                    std::io::Read::read_to_string(&mut source.open().unwrap(), &mut text).unwrap();
                    text
                }
            };
            let header = |(name, value): &(http::HeaderName, http::HeaderValue)| {
                (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
            };
            let headers: BTreeMap<_, _> = request.headers.iter().map(header).collect();
            let seen = Seen { method: request.method.as_str(), target: &request.target, headers, body: &body };
            check_request(row, &given, &seen);
            let path = request.target.split('?').next().unwrap_or_default();
            let decoded = percent_encoding::percent_decode_str(path).decode_utf8().unwrap();
            assert_eq!(request.signed_path, decoded, "{}", row.name);
            tried += 1;
        }
    }
    println!("{} rows, {tried} requests", rows().count());
}

#[test]
fn what_is_no_identifier_is_refused() {
    let mut refused = 0;
    for row in rows() {
        for (at, param) in row.params.iter().enumerate().filter(|(_, p)| p.place == Place::Path) {
            assert_eq!(param.kind, Kind::Str, "{}: {}", row.name, param.name);
            for bad in ["", ".", ".."] {
                let mut args = args(row, &variants(row)[0]);
                args.set_at(at, Some(Arg::Str(bad.to_owned())));
                let error = args.build().expect_err(row.name);
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}", row.name);
                assert!(error.message().contains(row.name) && error.message().contains(param.name), "{error}");
                refused += 1;
            }
        }
    }
    println!("{refused} refused");
    assert!(refused > 0);
}

#[test]
fn a_missing_argument_is_named() {
    for row in rows() {
        for (at, param) in row.params.iter().enumerate().filter(|(_, p)| p.required) {
            let mut args = args(row, &variants(row)[0]);
            args.set_at(at, None);
            // A required argument may be nullable.
            match args.build() {
                Err(error) => assert!(error.message().contains(param.name), "{}: {error}", row.name),
                Ok(_) => assert!(param.nullable, "{}: {}", row.name, param.name),
            }
        }
    }
}

#[test]
fn user_headers_carry_no_line_ends() {
    for row in rows() {
        let headers = |p: &muxi_client::api::table::Param| {
            matches!(p.place, Place::User | Place::AnyUser | Place::Header) && p.kind == Kind::Str
        };
        for (at, param) in row.params.iter().enumerate().filter(|(_, p)| headers(p)) {
            for bad in ["a\nb", "a\rb", "a\0b", "usér"] {
                let mut args = args(row, &variants(row)[0]);
                args.set_at(at, Some(Arg::Str(bad.to_owned())));
                let error = args.build().expect_err(row.name);
                assert!(error.message().contains(param.name), "{}: {error}", row.name);
            }
        }
    }
}
