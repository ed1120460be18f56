//! Who may open a socket at all: the origin of the page, and how many sockets there are, in all and from one address.

use axum::http::{HeaderMap, header};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};
use wire::{Code, Refusal};

#[derive(Clone, Debug)]
pub struct DoorLimits {
    /// Sockets at once: each costs some 50 kB.
    pub sockets_max: usize,
    /// Sockets at once from one address: a ministry may stand behind one.
    pub sockets_per_address_max: usize,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self { sockets_max: 10_000, sockets_per_address_max: 1_000 }
    }
}

pub struct Doors {
    origins: Vec<String>,
    limits: DoorLimits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    sockets: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A socket's place; leaves with it.
pub struct Place {
    doors: Arc<Doors>,
    address: Option<IpAddr>,
}

impl Doors {
    pub fn new(origins: impl IntoIterator<Item = String>, limits: DoorLimits) -> Self {
        let origins = origins.into_iter().map(|it| it.trim_end_matches('/').to_ascii_lowercase()).collect();
        Self { origins, limits, open: Mutex::default() }
    }

    /// A browser always names the page's origin, and a page cannot change it. Who sends none is no browser, and no cookie counts here.
    pub fn admits(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut named = headers.get_all(header::ORIGIN).iter();
        let (first, second) = (named.next(), named.next());
        let known = |origin: &str| self.origins.contains(&origin.to_ascii_lowercase());
        match (first, second) {
            (None, _) => Ok(()),
            (Some(origin), None) if origin.to_str().is_ok_and(known) => Ok(()),
            _ => Err(Refusal::new(Code::OriginForeign)),
        }
    }

    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, Refusal> {
        let address = address.map(network);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = address.map_or(0, |address| open.by_address.get(&address).copied().unwrap_or(0));
        if open.sockets >= self.limits.sockets_max || from_there >= self.limits.sockets_per_address_max {
            return Err(Refusal::new(Code::RateLimited).with("retry_after_s", 5));
        }
        open.sockets += 1;
        if let Some(address) = address {
            *open.by_address.entry(address).or_default() += 1;
        }
        Ok(Place { doors: self.clone(), address })
    }

    pub fn sockets(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).sockets
    }
}

/// One customer's network: of an IPv6 address the first 64 bits (RFC 6177), for the rest is the customer's to choose.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.sockets -= 1;
        if let Some(address) = self.address
            && let Some(count) = open.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abuse_15_only_pages_of_the_named_origins_come_in() {
        let doors = Doors::new(["https://sidang.example".into(), "http://localhost:8080/".into()], DoorLimits::default());
        let table: [(&[&str], bool); 10] = [
            (&["https://sidang.example"], true),
            (&["HTTPS://SIDANG.EXAMPLE"], true),
            (&["http://localhost:8080"], true),
            (&[], true),
            (&["http://sidang.example"], false),
            (&["https://sidang.example.evil.example"], false),
            (&["https://sidang.example:8443"], false),
            (&["null"], false),
            (&[""], false),
            (&["https://sidang.example", "https://evil.example"], false),
        ];
        for (origins, allowed) in table {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(doors.admits(&headers).is_ok(), allowed, "{origins:?}");
        }
    }

    #[test]
    fn abuse_46_the_caps_hold_and_places_come_free() {
        let doors = Arc::new(Doors::new([], DoorLimits { sockets_max: 4, sockets_per_address_max: 2 }));
        let from = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let a = doors.enter(from("192.0.2.1")).ok().unwrap();
        let _b = doors.enter(from("::ffff:192.0.2.1")).ok().unwrap();
        assert!(doors.enter(from("192.0.2.1")).is_err(), "the same address, written otherwise");
        let _c = doors.enter(from("2001:db8::1")).ok().unwrap();
        let d = doors.enter(from("2001:db8::2")).ok().unwrap();
        assert!(doors.enter(from("198.51.100.7")).is_err() && doors.enter(None).is_err());
        drop((a, d));
        assert!(doors.enter(from("2001:db8:0:0:ffff::1")).is_ok());
        assert_eq!(doors.sockets(), 2);
    }
}
