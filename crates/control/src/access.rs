//! `[access]` of the settings: who may use the proxy, and where it takes them.
//!
//! Nothing here is guessed at: where a word is not understood, Tamis does not listen, and web traffic goes its usual
//! way. To let somebody in by mistake would be worse.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use tamis_proxy::{Access, Credentials, PortRange, Ports};

/// What may be written; `docs/settings.md` explains it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    allow_clients: Vec<String>,
    user: String,
    password: String,
    open: bool,
    ask_this_computer: bool,
    connect_ports: Vec<toml::Value>,
    connect_ports_for_others: Vec<toml::Value>,
    refused_http_ports: Vec<toml::Value>,
}

impl Default for Written {
    fn default() -> Self {
        let usual = Access::default();
        let texts = |ports: &Ports| ports.texts().into_iter().map(toml::Value::String).collect();
        Self {
            allow_clients: Vec::new(),
            user: String::new(),
            password: String::new(),
            open: false,
            ask_this_computer: false,
            connect_ports: texts(&usual.connect_ports),
            connect_ports_for_others: texts(&usual.connect_ports_for_others),
            refused_http_ports: texts(&usual.refused_http_ports),
        }
    }
}

/// The access that is written in `table`, for a proxy that listens on `listen`.
///
/// # Errors
/// What is wrong, as a part of a sentence.
pub(crate) fn read(table: &toml::Table, listen: SocketAddr) -> Result<Access, String> {
    if table.get("password").is_some_and(|password| !password.is_str()) {
        // Said here, because the parser would repeat what it found.
        return Err("password is text, between quotation marks".into());
    }
    let written: Written = table.clone().try_into().map_err(|error: toml::de::Error| one_line(&error.to_string()))?;
    let others = written.allow_clients.iter().map(|text| range(text)).collect::<Result<Vec<_>, _>>()?;
    let credentials = match (written.user.as_str(), written.password.as_str()) {
        ("", "") => None,
        (user, password) => {
            Some(Credentials::new(user, password).map_err(|error| format!("user and password: {error}"))?)
        }
    };
    if !listen.ip().is_loopback() && others.is_empty() {
        return Err(format!(
            "{listen} can be reached from other computers, and allow_clients names none that may use Tamis"
        ));
    }
    match (&credentials, written.open) {
        (Some(_), true) => return Err("open lets everybody in, and yet there is a password".into()),
        (None, false) if !others.is_empty() => {
            return Err("allow_clients lets other computers in, and there is neither a password nor open = true".into());
        }
        (None, _) if written.ask_this_computer => {
            return Err("ask_this_computer asks for a password, and there is none".into());
        }
        _ => {}
    }
    Ok(Access {
        others,
        credentials,
        ask_this_computer: written.ask_this_computer,
        connect_ports: ports("connect_ports", &written.connect_ports)?,
        connect_ports_for_others: ports("connect_ports_for_others", &written.connect_ports_for_others)?,
        refused_http_ports: ports("refused_http_ports", &written.refused_http_ports)?,
    })
}

/// A range of addresses, or a single one.
fn range<Range: std::str::FromStr + From<IpAddr>>(text: &str) -> Result<Range, String> {
    let range = text.parse::<IpAddr>().map(Range::from).ok().or_else(|| text.parse().ok());
    range.ok_or_else(|| format!("allow_clients: `{text}` is no range of addresses such as 192.168.1.0/24"))
}

fn ports(key: &str, written: &[toml::Value]) -> Result<Ports, String> {
    let read = |value: &toml::Value| match value {
        toml::Value::String(text) => text.parse::<PortRange>(),
        other => other.to_string().parse(),
    };
    written.iter().map(read).collect::<Result<_, _>>().map_err(|error| format!("{key}: {error}"))
}

fn one_line(text: &str) -> String {
    text.trim_end().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, listen: &str) -> Result<Access, String> {
        read(&text.parse().unwrap(), listen.parse().unwrap())
    }

    #[test]
    fn the_settings_page_shows_the_defaults_of_access() {
        let page = crate::settings::page();
        let usual = toml::Table::try_from(Written::default()).unwrap();
        assert_eq!(page["access"].as_table(), Some(&usual));
    }

    #[test]
    fn other_computers_come_in_by_name_and_password_or_openly() {
        let lan = "allow_clients = ['192.168.1.0/24', 'fd00::/8', '10.0.0.7']";
        let access = written(&format!("{lan}\nuser = 'me'\npassword = 'open sesame'"), "0.0.0.0:8118").unwrap();
        assert_eq!(access.others.len(), 3);
        assert!(access.credentials.is_some());
        let access = written(&format!("{lan}\nopen = true\nconnect_ports = [443, '8000-8100']"), "[::]:8118").unwrap();
        assert!(access.credentials.is_none());
        assert_eq!(access.connect_ports.to_string(), "443, 8000-8100");
    }

    #[test]
    fn nothing_is_guessed_and_each_refusal_names_the_word() {
        for (text, listen, names) in [
            ("", "0.0.0.0:8118", "allow_clients"),
            ("", "192.168.1.5:8118", "allow_clients"),
            ("allow_clients = ['10.0.0.0/8']", "0.0.0.0:8118", "open = true"),
            ("allow_clients = ['10.0.0.0/8']\nuser = 'me'", "0.0.0.0:8118", "password"),
            ("allow_clients = ['10.0.0.0/8']\nuser = 'a:b'\npassword = 'x'", "0.0.0.0:8118", "colon"),
            ("allow_clients = ['10.0.0.0/99']\nopen = true", "0.0.0.0:8118", "10.0.0.0/99"),
            ("allow_clients = ['localhost']\nopen = true", "0.0.0.0:8118", "localhost"),
            ("allow_clients = '10.0.0.0/8'", "127.0.0.1:8118", "allow_clients"),
            ("user = 'me'\npassword = 1234", "127.0.0.1:8118", "password is text"),
            ("open = 'yes'", "127.0.0.1:8118", "open"),
            ("open = true\nuser = 'me'\npassword = 'x'", "127.0.0.1:8118", "open"),
            ("ask_this_computer = true", "127.0.0.1:8118", "ask_this_computer"),
            ("ask_this_compuetr = true", "127.0.0.1:8118", "ask_this_compuetr"),
            ("connect_ports = [0]", "127.0.0.1:8118", "connect_ports"),
            ("connect_ports_for_others = ['443,80']", "127.0.0.1:8118", "connect_ports_for_others"),
            ("refused_http_ports = [1.5]", "127.0.0.1:8118", "refused_http_ports"),
        ] {
            let error = written(text, listen).unwrap_err();
            assert!(error.contains(names) && !error.contains('\n'), "{text:?}: {error}");
        }
    }
}
