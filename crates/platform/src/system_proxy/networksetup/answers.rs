//! What `networksetup` and `route` print, read.

/// A service's automatic configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) address: Option<String>,
    pub(super) enabled: bool,
}

/// A proxy named by hand; port 0 where none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedServer {
    pub(super) host: String,
    pub(super) port: u16,
}

/// What went wrong, where the answer says so: `networksetup` may end well all the same.
pub(super) fn complaint(answer: &str) -> Option<&str> {
    answer.contains("** Error:").then(|| {
        let lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
        // What it does not understand it answers with its whole manual.
        lines.min_by_key(|line| line.starts_with("** Error:")).unwrap_or_default()
    })
}

/// Whether the answer says that there is no service of that name.
pub(super) fn is_no_service(answer: &str) -> bool {
    answer.contains("is not a recognized network service")
}

/// The names behind `-listallnetworkservices`, without those that are turned off (an asterisk before them).
pub(super) fn services(answer: &str) -> Vec<String> {
    let names = answer.lines().skip_while(|line| line.starts_with("An asterisk")).map(str::trim_end);
    names.filter(|name| !name.is_empty() && !name.starts_with('*')).map(str::to_owned).collect()
}

/// The service that has `interface` (`en0`), by `-listnetworkserviceorder`.
pub(super) fn service_of<'a>(answer: &'a str, interface: &str) -> Option<&'a str> {
    let device = format!("Device: {interface})");
    let mut lines = answer.lines().peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_some_and(|next| next.ends_with(&device)) {
            // `(1) Wi-Fi`, and `(*) Wi-Fi` where it is turned off.
            return line.split_once(") ").map(|(_, name)| name);
        }
    }
    None
}

/// By which interface traffic leaves: `route -n get default`.
pub(super) fn interface(answer: &str) -> Option<&str> {
    value(answer, "interface")
}

/// `-getautoproxyurl`; none where the answer is another.
pub(super) fn endpoint(answer: &str) -> Option<Endpoint> {
    let (address, enabled) = (value(answer, "URL")?, value(answer, "Enabled")?);
    let address = Some(address).filter(|address| !matches!(*address, "" | "(null)")).map(str::to_owned);
    Some(Endpoint { address, enabled: enabled == "Yes" })
}

/// `-getwebproxy` and its like; none where there is none in force.
pub(super) fn server(answer: &str) -> Option<NamedServer> {
    let host = value(answer, "Server").filter(|host| !host.is_empty() && value(answer, "Enabled") == Some("Yes"))?;
    let port = value(answer, "Port").and_then(|port| port.parse().ok()).unwrap_or(0);
    Some(NamedServer { host: host.to_owned(), port })
}

/// `-getproxyautodiscovery`.
pub(super) fn is_on(answer: &str) -> bool {
    value(answer, "Auto Proxy Discovery") == Some("On")
}

/// `-getproxybypassdomains`: hosts that are reached directly, in the words of [`crate::ManualProxies::direct`].
pub(super) fn bypassed(answer: &str) -> Vec<String> {
    let hosts = answer.lines().map(str::trim).filter(|host| !host.is_empty() && !host.contains(' '));
    hosts.map(with_whole_addresses).collect()
}

/// macOS writes a range of addresses as `169.254/16`.
fn with_whole_addresses(host: &str) -> String {
    match host.split_once('/') {
        Some((network, bits)) if network.split('.').all(|octet| octet.parse::<u8>().is_ok()) => {
            let missing = 4_usize.saturating_sub(network.split('.').count());
            format!("{network}{}/{bits}", ".0".repeat(missing))
        }
        _ => host.to_owned(),
    }
}

/// What stands behind `name:`.
fn value<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut values = answer.lines().filter_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(':'));
    values.next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_that_are_turned_off_are_not_named() {
        let answer = "An asterisk (*) denotes that a network service is disabled.\nUSB 10/100/1000 LAN\nWi-Fi\n*Thunderbolt Bridge\niPhone USB\n";
        assert_eq!(services(answer), ["USB 10/100/1000 LAN", "Wi-Fi", "iPhone USB"]);
    }

    #[test]
    fn the_service_of_an_interface_is_found() {
        let order = "An asterisk (*) denotes that a network service is disabled.\n\
                     (1) USB 10/100/1000 LAN\n(Hardware Port: USB 10/100/1000 LAN, Device: en10)\n\n\
                     (2) Wi-Fi (home)\n(Hardware Port: Wi-Fi, Device: en1)\n\n\
                     (3) Office VPN\n(Hardware Port: L2TP, Device: )\n";
        assert_eq!(service_of(order, "en1"), Some("Wi-Fi (home)"));
        assert_eq!(service_of(order, "en10"), Some("USB 10/100/1000 LAN"));
        assert_eq!(service_of(order, "utun3"), None);
        let route = "   route to: default\ndestination: default\n       mask: default\n    gateway: 192.168.1.1\n  \
                     interface: en1\n      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>\n";
        assert_eq!(interface(route), Some("en1"));
    }

    #[test]
    fn an_address_and_its_state_are_read_apart() {
        let of = |text: &str| endpoint(text).map(|found| (found.address, found.enabled));
        assert_eq!(of("URL: (null)\nEnabled: No\n"), Some((None, false)));
        assert_eq!(of("URL: http://p.test/x.pac\nEnabled: Yes\n"), Some((Some("http://p.test/x.pac".into()), true)));
        assert_eq!(of("URL: \nEnabled: Yes\n"), Some((None, true)));
        assert_eq!(of("Something else\n"), None);
    }

    #[test]
    fn a_proxy_counts_where_it_is_in_force() {
        let of = |text: &str| server(text).map(|found| (found.host, found.port));
        let text = "Enabled: Yes\nServer: proxy.corp.test\nPort: 3128\nAuthenticated Proxy Enabled: 0\n";
        assert_eq!(of(text), Some(("proxy.corp.test".into(), 3128)));
        assert_eq!(of(&text.replace("Enabled: Yes\nS", "Enabled: No\nS")), None);
        assert_eq!(of("Enabled: Yes\nServer: \nPort: 0\n"), None);
        assert!(is_on("Auto Proxy Discovery: On\n") && !is_on("Auto Proxy Discovery: Off\n"));
    }

    #[test]
    fn hosts_reached_directly_are_named_whole_and_a_sentence_is_none() {
        assert_eq!(
            bypassed("*.local\n169.254/16\n10.0.0.0/8\nfe80::/10\n"),
            ["*.local", "169.254.0.0/16", "10.0.0.0/8", "fe80::/10"]
        );
        assert_eq!(bypassed("There aren't any bypass domains set on Wi-Fi.\n"), Vec::<String>::new());
    }

    #[test]
    fn a_complaint_is_its_most_telling_line() {
        let no_service = "Wi-Fo is not a recognized network service.\n** Error: The parameters were not valid.\n";
        assert_eq!(complaint(no_service), Some("Wi-Fo is not a recognized network service."));
        assert!(is_no_service(no_service));
        assert_eq!(
            complaint("** Error: Command requires admin privileges.\n"),
            Some("** Error: Command requires admin privileges.")
        );
        assert_eq!(complaint("URL: (null)\nEnabled: No\n"), None);
    }
}
