//! Which network addresses a feed or an outlet may lead to.
//!
//! The check stands in the resolver that the connector asks, so that the address which was checked is the address
//! which is connected to; a name that changes its mind between the two (DNS rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether the address is one of the public internet's (IANA special-purpose address registries).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This host, private, loopback, multicast, reserved and broadcast.
        [0 | 10 | 127, ..] | [224..=255, ..] => true,
        // Carriers' own (RFC 6598), link-local, private.
        [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] => true,
        [198, 51, 100, _] | [203, 0, 113, _] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // IPv4 in other clothes: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments (Teredo, ORCHID, benchmarks …) and documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Everything else that is global is in 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The address in a URL whose host is an address: no resolver is asked about it.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
        Host::Domain(_) => None,
    }
}

/// Looks names up, and gives only addresses that may be connected to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckedResolver {
    pub(super) allow_private: bool,
    is_public: fn(IpAddr) -> bool,
    names: Names,
}

/// Who knows what a name leads to.
#[derive(Clone, Copy, Debug)]
enum Names {
    System,
    #[cfg(test)]
    Test(fn(&str) -> Vec<SocketAddr>),
}

impl CheckedResolver {
    pub(crate) fn new(allow_private: bool) -> Self {
        Self { allow_private, is_public, names: Names::System }
    }

    /// An internet of its own, where these addresses are public and names lead to what this says.
    #[cfg(test)]
    pub(super) fn test(is_public: fn(IpAddr) -> bool, names: fn(&str) -> Vec<SocketAddr>) -> Self {
        Self { allow_private: false, is_public, names: Names::Test(names) }
    }

    /// Whether this address may be connected to.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        self.allow_private || (self.is_public)(address)
    }

    fn permitted(&self, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        found.into_iter().filter(|address| self.permits(address.ip())).collect()
    }
}

/// A name leads to addresses of private networks only.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` leads to a private network; set `allow_private` there if that is meant")]
pub(crate) struct PrivateAddress(pub(crate) String);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = match resolver.names {
                Names::System => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
                #[cfg(test)]
                Names::Test(names) => names(name.as_str()),
            };
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            let allowed = resolver.permitted(found);
            if allowed.is_empty() {
                return Err(PrivateAddress(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expect: bool) {
        assert_eq!(is_public(address.parse().unwrap()), expect, "{address}");
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
        ] {
            check(address, true);
        }
        for address in [
            "2606:4700::1111",
            "2001:200::1",
            "2a00::1",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
            "2002:101:101::1",
        ] {
            check(address, true);
        }
    }

    #[test]
    fn what_is_inside_or_nowhere_is_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            check(address, false);
        }
        for address in [
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "3fff::1",
            "5f00::1",
            "100::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "::127.0.0.1",
        ] {
            check(address, false);
        }
    }

    #[test]
    fn a_name_with_addresses_of_both_kinds_gives_the_public_ones() {
        let found: Vec<SocketAddr> = ["127.0.0.1:0", "1.1.1.1:0"].map(|text| text.parse().unwrap()).into();
        assert_eq!(CheckedResolver::new(false).permitted(found.clone()), [found[1]]);
        assert_eq!(CheckedResolver::new(true).permitted(found.clone()), found);
    }

    #[test]
    fn an_address_is_recognised_however_it_is_written() {
        for url in
            ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[::1]/"]
        {
            let url: Url = url.parse().unwrap();
            assert!(literal(&url).is_some_and(|address| !is_public(address)), "{url}");
        }
    }
}
