//! The addresses that answers announce.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Addresses announced in one answer. Each is one more pair that every client tries.
const ADDRESSES_MAX: usize = 8;

/// Those configured; else the one that the socket is bound to; else, where it is bound to all, the host's own. Loopback is announced where it is
/// configured, bound to, or all there is: a client elsewhere cannot use it.
pub fn announced(bound: SocketAddr, configured: &[IpAddr], own: impl FnOnce() -> Vec<IpAddr>) -> Vec<SocketAddr> {
    let addresses: Vec<IpAddr> = if !configured.is_empty() {
        configured.to_vec()
    } else if !bound.ip().is_unspecified() {
        vec![bound.ip()]
    } else {
        let reachable: Vec<_> = own().into_iter().filter(|it| is_reachable(*it) && (it.is_ipv4() || bound.is_ipv6())).collect();
        if reachable.is_empty() { vec![loopback(bound)] } else { reachable }
    };
    let mut announced = Vec::new();
    for address in addresses.into_iter().map(|it| SocketAddr::new(it, bound.port())) {
        if !announced.contains(&address) && announced.len() < ADDRESSES_MAX {
            announced.push(address);
        }
    }
    // Most clients have an IPv4 path; those that have none skip it at once. The order is otherwise that of the host.
    announced.sort_by_key(SocketAddr::is_ipv6);
    announced
}

/// The addresses of the host's interfaces that are up.
pub fn own() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces.into_iter().filter(if_addrs::Interface::is_oper_up).map(|it| it.ip()).collect(),
        Err(error) => {
            tracing::warn!(%error, "the host's addresses cannot be read");
            Vec::new()
        }
    }
}

fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => !it.is_loopback() && !it.is_link_local() && !it.is_unspecified(),
        IpAddr::V6(it) => !it.is_loopback() && !it.is_unicast_link_local() && !it.is_unspecified(),
    }
}

const fn loopback(bound: SocketAddr) -> IpAddr {
    match bound {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_comes_first_then_what_is_bound_then_what_the_host_has() {
        let host = ["127.0.0.1", "169.254.3.4", "192.0.2.7", "::1", "fe80::1", "2001:db8::7"];
        let cases: &[(&str, &[&str], &[&str], &[&str])] = &[
            ("0.0.0.0:9", &[], &host, &["192.0.2.7:9"]),
            ("[::]:9", &[], &host, &["192.0.2.7:9", "[2001:db8::7]:9"]),
            ("0.0.0.0:9", &[], &["127.0.0.1", "::1"], &["127.0.0.1:9"]),
            ("[::]:9", &[], &["127.0.0.1", "::1"], &["[::1]:9"]),
            ("0.0.0.0:9", &["127.0.0.1"], &host, &["127.0.0.1:9"]),
            ("0.0.0.0:9", &["198.51.100.1", "198.51.100.1"], &host, &["198.51.100.1:9"]),
            ("0.0.0.0:9", &["2001:db8::1", "198.51.100.1"], &host, &["198.51.100.1:9", "[2001:db8::1]:9"]),
            ("127.0.0.1:9", &[], &host, &["127.0.0.1:9"]),
            ("192.0.2.7:9", &[], &host, &["192.0.2.7:9"]),
        ];
        for (bound, configured, own, expected) in cases {
            let parse = |it: &[&str]| it.iter().map(|it| it.parse().unwrap()).collect::<Vec<IpAddr>>();
            let announced = announced(bound.parse().unwrap(), &parse(configured), || parse(own));
            assert_eq!(announced.iter().map(ToString::to_string).collect::<Vec<_>>(), *expected, "{bound} {configured:?}");
        }
    }

    #[test]
    fn no_more_than_a_few_are_announced() {
        let many = (0..50).map(|it| IpAddr::V4(Ipv4Addr::new(192, 0, 2, it))).collect();
        assert_eq!(announced("0.0.0.0:9".parse().unwrap(), &[], || many).len(), ADDRESSES_MAX);
    }
}
