//! `[lists]` of the settings: which lists are to be in force. What makes no sense is told and stays as it was written.

use std::path::PathBuf;

use toml::{Table, Value};

use super::catalogue::{CATALOGUE, Known, ListKind, known};

const CHOSEN: &str = "chosen";
const OWN: &str = "own";
const MIRROR: &str = "mirror";

/// How many lists of the user's own there may be.
pub(crate) const OWN_LIMIT: usize = 64;

/// How long an address may be, in bytes.
const ADDRESS_LIMIT: usize = 2048;

/// What is wished for, as far as it was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListsWish {
    /// In the order of the catalogue, the user's own behind it.
    pub(crate) chosen: Vec<List>,
    /// The user's own, chosen or not.
    pub(crate) own: Vec<String>,
    /// Where the lists of the catalogue are fetched from in place of their own addresses.
    mirror: Option<String>,
}

/// A list, of the catalogue or the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    /// Of the catalogue, or the address itself.
    pub(crate) id: String,
    pub(crate) from: From,
    /// As in [`Source::trusted`](tamis_filter::rules::Source::trusted).
    pub(crate) trusted: bool,
}

/// Where a list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// An address; `may_be_plain` where the user named it.
    Web { url: String, may_be_plain: bool },
    /// A file of this computer.
    File(PathBuf),
}

impl List {
    /// One of the user's own.
    ///
    /// # Errors
    /// Why it is none, as a clause.
    pub(crate) fn own(address: &str) -> Result<Self, String> {
        if address.len() > ADDRESS_LIMIT {
            return Err(format!("it has more than {ADDRESS_LIMIT} characters"));
        }
        let is_web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
        let path = PathBuf::from(address);
        let from = match is_web {
            true if address.parse::<http::Uri>().is_ok_and(|url| url.host().is_some_and(|host| !host.is_empty())) => {
                From::Web { url: address.into(), may_be_plain: true }
            }
            false if path.is_absolute() => From::File(path),
            _ => return Err("it is neither a web address nor the whole path of a file".into()),
        };
        Ok(Self { id: address.into(), from, trusted: false })
    }

    fn of(known: &Known, mirror: Option<&str>) -> Self {
        let from = match mirror {
            Some(mirror) => {
                let url = format!("{}/{}.txt", mirror.trim_end_matches('/'), known.id);
                From::Web { url, may_be_plain: true }
            }
            None => From::Web { url: known.address.into(), may_be_plain: false },
        };
        let list = Self { id: known.id.into(), from, trusted: false };
        // Whoever stands on the way is nobody to trust.
        Self { trusted: known.trusted && !list.is_plain(), ..list }
    }

    /// The address, or the path of the file.
    pub(crate) fn address(&self) -> String {
        match &self.from {
            From::Web { url, .. } => url.clone(),
            From::File(path) => path.display().to_string(),
        }
    }

    /// Whether anybody on the way may change it.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(&self.from, From::Web { url, .. } if url.starts_with("http://"))
    }
}

/// Reads the table; with what makes no sense, a clause each.
pub(crate) fn read(table: &Table) -> (ListsWish, Vec<String>) {
    let mut nonsense = Vec::new();
    let mirror = match table.get(MIRROR) {
        None => None,
        Some(Value::String(mirror)) if mirror.is_empty() => None,
        Some(Value::String(mirror)) if matches!(List::own(mirror), Ok(List { from: From::Web { .. }, .. })) => {
            Some(mirror.clone())
        }
        Some(_) => {
            nonsense.push(format!("`{MIRROR}` is no web address"));
            None
        }
    };
    let mut own = Vec::new();
    for address in texts(table, OWN, &mut nonsense) {
        match List::own(&address) {
            Ok(_) if own.len() == OWN_LIMIT => nonsense.push(format!("only the first {OWN_LIMIT} of `{OWN}` count")),
            Ok(_) if own.contains(&address) => {}
            Ok(_) => own.push(address),
            Err(why) => nonsense.push(format!("`{address}` in `{OWN}`: {why}")),
        }
    }
    let chosen = texts(table, CHOSEN, &mut nonsense);
    for id in chosen.iter().filter(|id| known(id).is_none() && !own.contains(id)) {
        nonsense.push(format!("`{id}` in `{CHOSEN}` is no list of the catalogue and none of your own"));
    }
    let of_the_catalogue = CATALOGUE.iter().filter(|known| chosen.iter().any(|id| id == known.id));
    let lists = of_the_catalogue.map(|known| List::of(known, mirror.as_deref()));
    let of_the_user = own.iter().filter(|address| chosen.contains(address)).filter_map(|it| List::own(it).ok());
    let wish = ListsWish { chosen: lists.chain(of_the_user).collect(), own: own.clone(), mirror };
    (wish, nonsense)
}

impl ListsWish {
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.chosen.iter().any(|list| list.id == id)
    }

    /// A list of the catalogue as it would be fetched.
    pub(crate) fn of_the_catalogue(&self, known: &Known) -> List {
        List::of(known, self.mirror.as_deref())
    }

    /// The kind of a list.
    pub(crate) fn kind(id: &str) -> ListKind {
        known(id).map_or(ListKind::Own, |known| known.kind)
    }
}

/// Chooses a list, or does not any more.
pub(crate) fn choose(table: &mut Table, id: &str, on: bool) {
    put(table, CHOSEN, id, on);
}

/// Chooses these lists of the catalogue and no other of it.
pub(crate) fn choose_all(table: &mut Table, ids: &[String]) {
    for known in CATALOGUE {
        put(table, CHOSEN, known.id, ids.iter().any(|id| id == known.id));
    }
}

/// Adds a list of the user's own and chooses it, or takes it out.
pub(crate) fn put_own(table: &mut Table, address: &str, on: bool) {
    put(table, OWN, address, on);
    put(table, CHOSEN, address, on);
}

fn put(table: &mut Table, key: &str, text: &str, on: bool) {
    let mut values = match table.get(key) {
        Some(Value::Array(values)) => values.clone(),
        _ => Vec::new(),
    };
    let is_it = |value: &Value| value.as_str() == Some(text);
    match on {
        true if values.iter().any(is_it) => return,
        true => values.push(Value::String(text.into())),
        false => values.retain(|value| !is_it(value)),
    }
    table.insert(key.into(), Value::Array(values));
}

fn texts(table: &Table, key: &str, nonsense: &mut Vec<String>) -> Vec<String> {
    let Some(value) = table.get(key) else { return Vec::new() };
    let texts = value.as_array().map(|values| values.iter().map(|value| value.as_str().map(str::to_owned)).collect());
    match texts {
        Some(Some(texts)) => texts,
        _ => {
            nonsense.push(format!("`{key}` is no list of texts"));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_page_shows_what_is_in_force_by_itself() {
        let page = crate::settings::page();
        let table = page["lists"].as_table().unwrap();
        assert_eq!(read(table), (ListsWish::default(), Vec::new()));
        assert_eq!(table.keys().collect::<Vec<_>>(), [CHOSEN, MIRROR, OWN]);
    }

    #[test]
    fn what_is_written_is_read_and_what_makes_no_sense_is_told() {
        let file = if cfg!(windows) { r"C:\etc\ads" } else { "/etc/ads" };
        let table = format!(
            "chosen = ['easyprivacy', 'easylist', 'nonsense', '{file}']
            own = ['{file}', 'https://a.test/l', 'ads', 'https:///x']
            mirror = 'http://127.0.0.1:1/m/'"
        );
        let (wish, nonsense) = read(&table.parse().unwrap());
        let ids: Vec<&str> = wish.chosen.iter().map(|list| list.id.as_str()).collect();
        assert_eq!(ids, ["easylist", "easyprivacy", file]);
        assert_eq!(wish.own, [file, "https://a.test/l"]);
        let url: String = "http://127.0.0.1:1/m/easylist.txt".into();
        assert_eq!(wish.chosen[0].address(), url);
        assert_eq!(wish.chosen[0].from, From::Web { url, may_be_plain: true });
        assert_eq!(nonsense.len(), 3, "{nonsense:?}");
        let (wish, nonsense) = read(&"chosen = 'easylist'\nmirror = 7".parse().unwrap());
        assert_eq!((wish, nonsense.len()), (ListsWish::default(), 2));
    }

    #[test]
    fn nobody_on_the_way_to_a_mirror_gets_the_rights_of_a_trusted_list() {
        for (mirror, trusted) in
            [("", true), ("https://m.test", true), ("http://m.test", false), ("http://127.0.0.1:1", false)]
        {
            let table = format!("chosen = ['ublock-filters', 'easylist']\nmirror = '{mirror}'").parse().unwrap();
            let trusts: Vec<bool> = read(&table).0.chosen.iter().map(|list| list.trusted).collect();
            assert_eq!(trusts, [false, trusted], "{mirror}");
        }
    }

    #[test]
    fn choosing_changes_what_it_is_about_and_nothing_else() {
        let mut table: Table = "chosen = ['of another version', 'easylist']\nmore = 1".parse().unwrap();
        choose(&mut table, "urlhaus", true);
        choose(&mut table, "urlhaus", true);
        put_own(&mut table, "https://a.test/l", true);
        assert_eq!(
            table,
            "chosen = ['of another version', 'easylist', 'urlhaus', 'https://a.test/l']\nmore = 1\nown = ['https://a.test/l']"
                .parse()
                .unwrap()
        );
        choose_all(&mut table, &["easyprivacy".into(), "nonsense".into()]);
        put_own(&mut table, "https://a.test/l", false);
        assert_eq!(table, "chosen = ['of another version', 'easyprivacy']\nmore = 1\nown = []".parse().unwrap());
    }
}
