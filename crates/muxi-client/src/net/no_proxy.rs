//! The list of the variable `NO_PROXY`, in all forms that curl takes.

use std::net::IpAddr;

/// Tells whether a list names the host. Entries stand between commas or blanks, and are `*`, names (which stand for all
/// names below them, too, with or without a leading dot or `*.`), addresses, or networks such as `10.0.0.0/8`. An entry
/// with a port counts for that port only.
pub(super) fn contains(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let entries = list.split([',', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty());
    entries.map(str::to_ascii_lowercase).any(|entry| {
        let (name, own_port) = split_port(&entry);
        if own_port.is_some_and(|own| own.parse() != Ok(port)) {
            return false;
        }
        match address {
            _ if name == "*" => true,
            Some(address) => names_address(name, address),
            None => names_host(name, &host),
        }
    })
}

/// An entry without its brackets, and its port. An address of IPv6 has colons of its own.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((inside, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (inside, rest.strip_prefix(':'));
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, Some(port)),
        _ => (entry, None),
    }
}

fn names_host(entry: &str, host: &str) -> bool {
    let entry = entry.strip_prefix("*.").unwrap_or(entry).trim_start_matches('.').trim_end_matches('.');
    let is_below = || host.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'));
    !entry.is_empty() && (host == entry || is_below())
}

fn names_address(entry: &str, address: IpAddr) -> bool {
    let (network, length) = match entry.split_once('/') {
        Some((network, length)) => (network, Some(length)),
        None => (entry, None),
    };
    let Ok(network) = network.parse::<IpAddr>() else { return false };
    let network = network.to_canonical();
    let Some(length) = length else { return network == address };
    let Ok(length) = length.parse::<u32>() else { return false };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => shares(network.to_bits(), address.to_bits(), 32, length),
        (IpAddr::V6(network), IpAddr::V6(address)) => shares(network.to_bits(), address.to_bits(), 128, length),
        _ => false,
    }
}

/// Tells whether the first `length` bits of two numbers with so many bits are the same.
fn shares(one: impl Into<u128>, other: impl Into<u128>, bits: u32, length: u32) -> bool {
    let differing = one.into() ^ other.into();
    length <= bits && differing.checked_shr(bits - length).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_entry() {
        for (list, host, port, expected) in [
            ("*", "anything", 80, true),
            ("*", "10.1.2.3", 80, true),
            ("a, *", "[::1]", 80, true),
            ("", "h", 80, false),
            (" , ,", "h", 80, false),
            ("example.com", "example.com", 80, true),
            ("example.com", "EXAMPLE.com.", 80, true),
            ("Example.COM.", "www.example.com", 80, true),
            ("example.com", "notexample.com", 80, false),
            ("www.example.com", "example.com", 80, false),
            (".example.com", "example.com", 80, true),
            (".example.com", "a.b.example.com", 80, true),
            ("*.example.com", "a.example.com", 80, true),
            (".", "example.com", 80, false),
            ("a b,c", "b", 80, true),
            ("a\tb\n c", "c", 80, true),
            ("localhost:8080", "localhost", 8080, true),
            ("localhost:8080", "localhost", 80, false),
            ("localhost:", "localhost", 80, false),
            ("127.0.0.1:99", "127.0.0.1", 99, true),
            ("127.0.0.1", "127.0.0.1", 1, true),
            ("127.0.0.1", "127.0.0.10", 1, false),
            ("127.", "127.0.0.1", 1, false),
            ("10.0.0.0/8", "10.200.3.4", 1, true),
            ("10.0.0.0/8", "11.0.0.1", 1, false),
            ("0.0.0.0/0", "11.0.0.1", 1, true),
            ("10.1.2.3/32", "10.1.2.3", 1, true),
            ("10.1.2.3/33", "10.1.2.3", 1, false),
            ("10.0.0.0/8", "h10.example.com", 1, false),
            ("::1", "[::1]", 1, true),
            ("[::1]", "[::1]", 1, true),
            ("[::1]:7", "[::1]", 7, true),
            ("[::1]:7", "[::1]", 8, false),
            ("0:0:0:0:0:0:0:1", "[::1]", 1, true),
            ("fe80::/10", "[fe80::12]", 1, true),
            ("[fd00::/8]", "[fd00::1]", 1, true),
            ("fd00::/8", "[fe80::1]", 1, false),
            ("::/0", "[fe80::1]", 1, true),
            ("127.0.0.1", "[::ffff:127.0.0.1]", 1, true),
            ("localhost", "127.0.0.1", 1, false),
        ] {
            assert_eq!(contains(list, host, port), expected, "{host}:{port} in {list:?}");
        }
    }
}
