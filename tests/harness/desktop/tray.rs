//! The panel's side of the tray: the icon by `org.kde.StatusNotifierItem`, the menu by `com.canonical.dbusmenu`.

use std::collections::HashMap;
use std::fs;
use std::sync::mpsc;

use zbus::blocking::{Connection, Proxy, connection};
use zbus::interface;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Structure, Value};

use super::session::Session;
use crate::{DEADLINE, wait_for};

/// A panel that waits for tray icons, and shows notifications. To be there before the program starts, as on a real desktop.
#[derive(Debug)]
pub struct Panel {
    bus: Connection,
    items: mpsc::Receiver<(String, String)>,
}

/// What shows notifications, on a desktop that shows no icons.
#[derive(Debug)]
pub struct Notifications {
    _bus: Connection,
    shown: mpsc::Receiver<(String, String)>,
}

/// The icon of a program, with its menu.
#[derive(Debug)]
pub struct Tray {
    item: Proxy<'static>,
    menu: Proxy<'static>,
}

/// An item of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its text as a person reads it; empty for a line between items.
    pub label: String,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// Whether it is ticked; none for an item without a tick.
    pub ticked: Option<bool>,
    /// What is in the menu that it opens.
    pub items: Vec<Item>,
    id: i32,
}

struct Watcher {
    items: mpsc::Sender<(String, String)>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        // Some give a path and mean themselves, others give a name and mean the usual path.
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let (name, path) =
            if service.starts_with('/') { (sender.as_str(), service) } else { (service, "/StatusNotifierItem") };
        drop(self.items.send((name.to_owned(), path.to_owned())));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

struct Notified {
    shown: mpsc::Sender<(String, String)>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Notified {
    #[expect(clippy::too_many_arguments, reason = "Desktop Notifications Specification, \"Notify\"")]
    fn notify(
        &self,
        _program: &str,
        _replaces: u32,
        _icon: &str,
        title: &str,
        text: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _milliseconds: i32,
    ) -> u32 {
        drop(self.shown.send((title.to_owned(), text.to_owned())));
        1
    }
}

impl Notifications {
    /// Shows them on the session's bus.
    pub fn show(session: &Session) -> Self {
        let (out, shown) = mpsc::channel();
        let bus = connection::Builder::address(session.bus().as_str())
            .and_then(|builder| builder.name("org.freedesktop.Notifications"))
            .and_then(|builder| builder.serve_at("/org/freedesktop/Notifications", Notified { shown: out }))
            .and_then(zbus::blocking::connection::Builder::build)
            .expect("a place on the bus");
        Self { _bus: bus, shown }
    }

    /// Waits for the next one: its title and its text.
    pub fn next(&self) -> (String, String) {
        self.shown.recv_timeout(DEADLINE).expect("a notification")
    }
}

impl Panel {
    /// Shows itself on the session's bus.
    pub fn show(session: &Session) -> Self {
        let (out, items) = mpsc::channel();
        let bus = connection::Builder::address(session.bus().as_str())
            .and_then(|builder| builder.name("org.kde.StatusNotifierWatcher"))
            .and_then(|builder| builder.serve_at("/StatusNotifierWatcher", Watcher { items: out }))
            .and_then(|builder| builder.method_timeout(DEADLINE).build())
            .expect("a panel on the bus");
        Self { bus, items }
    }

    /// Waits for the next icon.
    pub fn next_icon(&self) -> Tray {
        let (name, path) = self.items.recv_timeout(DEADLINE).expect("an icon in the tray");
        let item = Proxy::new(&self.bus, name.clone(), path, "org.kde.StatusNotifierItem").expect("the icon");
        let menu: OwnedObjectPath = item.get_property("Menu").expect("the icon's menu");
        let menu = Proxy::new(&self.bus, name, menu, "com.canonical.dbusmenu").expect("the menu");
        let tray = Tray { item, menu };
        // The icon is announced a moment before there is a menu behind it.
        wait_for("the menu behind the icon", || tray.layout().ok().filter(|items| !items.is_empty()));
        tray
    }
}

impl Tray {
    /// The items in the order of the menu.
    pub fn items(&self) -> Vec<Item> {
        self.layout().expect("the menu's layout").into_iter().map(read_item).collect()
    }

    fn layout(&self) -> zbus::Result<Vec<OwnedValue>> {
        type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let (_revision, (_root, _properties, children)): (u32, Layout) =
            self.menu.call("GetLayout", &(0_i32, -1_i32, Vec::<&str>::new()))?;
        Ok(children)
    }

    /// The item with this label.
    #[track_caller]
    pub fn item(&self, label: &str) -> Item {
        self.find(label).unwrap_or_else(|| panic!("no item {label:?} in {:?}", self.items()))
    }

    /// Clicks an item.
    #[track_caller]
    pub fn click(&self, label: &str) {
        let id = self.item(label).id;
        self.menu.call::<_, _, ()>("Event", &(id, "clicked", Value::from(0_i32), 0_u32)).expect("clicking");
    }

    /// Waits until an item is ticked, or is not.
    #[track_caller]
    pub fn wait_until_ticked(&self, label: &str, on: bool) {
        wait_for(&format!("{label:?} ticked: {on}"), || (self.item(label).ticked == Some(on)).then_some(()));
    }

    /// The picture the icon shows now, as the bytes of its file.
    pub fn picture(&self) -> Vec<u8> {
        // The file may be replaced between the two looks.
        wait_for("the icon's picture", || {
            let cached: OwnedValue = self.property("IconName")?;
            fs::read(String::try_from(cached).ok()?).ok()
        })
    }

    /// Whether the desktop is to show the icon.
    pub fn is_shown(&self) -> bool {
        self.property("Status").and_then(|status| String::try_from(status).ok()).as_deref() == Some("Active")
    }

    /// A property as it is now, not as it was when it was last asked for.
    fn property(&self, name: &str) -> Option<OwnedValue> {
        let interface = "org.kde.StatusNotifierItem";
        let bus = self.item.connection();
        let properties = "org.freedesktop.DBus.Properties";
        let reply = bus.call_method(
            Some(self.item.destination()),
            self.item.path(),
            Some(properties),
            "Get",
            &(interface, name),
        );
        reply.ok()?.body().deserialize().ok()
    }

    /// In the menu or in one that it opens, the nearest first.
    fn find(&self, label: &str) -> Option<Item> {
        let mut level = self.items();
        while !level.is_empty() {
            if let Some(found) = level.iter().find(|item| item.label == label) {
                return Some(found.clone());
            }
            level = level.into_iter().flat_map(|item| item.items).collect();
        }
        None
    }
}

fn read_item(value: OwnedValue) -> Item {
    // An array holds its items as values in a value.
    let value = value.downcast_ref::<Value<'_>>().ok().and_then(|inner| inner.try_to_owned().ok()).unwrap_or(value);
    let item = Structure::try_from(value).expect("an item");
    let [Value::I32(id), Value::Dict(properties), Value::Array(children)] = item.fields() else {
        panic!("not an item: {item:?}")
    };
    let properties = properties.try_clone().expect("its properties");
    let properties: HashMap<String, OwnedValue> = properties.try_into().expect("its properties");
    let text = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<String>().ok());
    let truth = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<bool>().ok());
    let number = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<i32>().ok());
    Item {
        // One "_" marks the letter behind it, two are one.
        label: text("label").unwrap_or_default().replace("__", "\0").replace('_', "").replace('\0', "_"),
        enabled: truth("enabled").unwrap_or(true),
        ticked: text("toggle-type").filter(|kind| !kind.is_empty()).map(|_| number("toggle-state") == Some(1)),
        items: children.iter().map(|child| read_item(child.try_to_owned().expect("an item"))).collect(),
        id: *id,
    }
}
