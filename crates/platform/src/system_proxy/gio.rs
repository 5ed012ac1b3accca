//! GSettings and the session bus, from a libgio that is loaded when it is first asked for: Tamis starts on a machine without GLib.
//!
//! Every call into GLib is in this file. What makes them sound is in the types: a [`Settings`] holds the one lock under
//! which GLib is used here, stays on its thread, owns one reference to each object, and hands out nothing but text.
//!
//! GLib ends the process when it is asked for a schema or a key that is not there, so both are looked up first.

#![expect(unsafe_code, reason = "GLib is a C library; each call says why it is sound")]

use std::env;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::marker::PhantomData;
use std::path::PathBuf;
use std::ptr::{NonNull, null, null_mut};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use libloading::Library;

/// Any GLib object; which one, the name of the variable says.
type Object = *mut c_void;
type Text = *const c_char;

/// The beginning of a GError, as documented and never changed since GLib 2.0.
#[repr(C)]
struct GError {
    domain: c_uint,
    code: c_int,
    message: *mut c_char,
}

/// Never closed: GLib starts threads and registers types that outlive every caller.
struct Libraries {
    gio: &'static Library,
    gobject: &'static Library,
    glib: &'static Library,
}

impl Libraries {
    fn open() -> Result<Self, libloading::Error> {
        Ok(Self {
            gio: Self::keep("libgio-2.0.so.0")?,
            gobject: Self::keep("libgobject-2.0.so.0")?,
            glib: Self::keep("libglib-2.0.so.0")?,
        })
    }

    fn keep(name: &str) -> Result<&'static Library, libloading::Error> {
        // SAFETY: GLib's own start-up code is made to be run at any time, from any thread.
        Ok(Box::leak(Box::new(unsafe { Library::new(name) }?)))
    }
}

/// The struct of function pointers, and how to fill it.
macro_rules! functions {
    ($($library:ident $name:ident ($($argument:ty),*) $(-> $result:ty)?;)*) => {
        struct Functions { $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)* }

        impl Functions {
            fn load(libraries: &Libraries) -> Result<Self, libloading::Error> {
                // SAFETY: the types are those of the C declarations of these public, stable functions. The pointers
                // stay good, for the libraries are never closed.
                Ok(Self { $($name: unsafe { *libraries.$library.get(stringify!($name))? },)* })
            }
        }
    };
}

functions! {
    gio g_settings_schema_source_get_default() -> Object;
    gio g_settings_schema_source_lookup(Object, Text, c_int) -> Object;
    gio g_settings_schema_unref(Object);
    gio g_settings_schema_get_path(Object) -> Text;
    gio g_settings_schema_has_key(Object, Text) -> c_int;
    gio g_settings_schema_get_key(Object, Text) -> Object;
    gio g_settings_schema_key_unref(Object);
    gio g_settings_schema_key_get_value_type(Object) -> Object;
    gio g_settings_schema_key_range_check(Object, Object) -> c_int;
    gio g_settings_backend_get_default() -> Object;
    gio g_settings_new_full(Object, Object, Text) -> Object;
    gio g_settings_get_user_value(Object, Text) -> Object;
    gio g_settings_get_default_value(Object, Text) -> Object;
    gio g_settings_set_value(Object, Text, Object) -> c_int;
    gio g_settings_reset(Object, Text);
    gio g_settings_is_writable(Object, Text) -> c_int;
    gio g_settings_sync();
    gio g_dbus_connection_new_for_address_sync(Text, c_uint, Object, Object, *mut *mut GError) -> Object;
    gio g_dbus_connection_emit_signal(Object, Text, Text, Text, Text, Object, *mut *mut GError) -> c_int;
    gio g_dbus_connection_call(Object, Text, Text, Text, Text, Object, Object, c_uint, c_int, Object, Object, Object);
    gio g_dbus_connection_flush_sync(Object, Object, *mut *mut GError) -> c_int;
    gio g_dbus_connection_close_sync(Object, Object, *mut *mut GError) -> c_int;
    gobject g_type_name_from_instance(Object) -> Text;
    gobject g_type_from_name(Text) -> usize;
    gobject g_object_new_with_properties(usize, c_uint, Object, Object) -> Object;
    gobject g_object_unref(Object);
    glib g_variant_parse(Object, Text, Text, Object, *mut *mut GError) -> Object;
    glib g_variant_print(Object, c_int) -> *mut c_char;
    glib g_variant_unref(Object);
    glib g_error_free(*mut GError);
    glib g_free(*mut c_char);
    glib g_main_context_new() -> Object;
    glib g_main_context_push_thread_default(Object);
    glib g_main_context_pop_thread_default(Object);
    glib g_main_context_unref(Object);
}

/// The loaded library.
pub(super) struct Gio {
    call: Functions,
    /// Held while GLib is used from here: one thread at a time.
    turn: Mutex<()>,
}

/// Loads the library at the first call, and remembers how that went.
pub(super) fn load() -> Result<&'static Gio, &'static str> {
    static GIO: OnceLock<Result<Gio, String>> = OnceLock::new();
    let gio = GIO.get_or_init(|| {
        let call = Libraries::open().and_then(|libraries| Functions::load(&libraries));
        call.map(|call| Gio { call, turn: Mutex::new(()) }).map_err(|error| error.to_string())
    });
    gio.as_ref().map_err(String::as_str)
}

impl Gio {
    /// Opens a schema of fixed path, or says why that cannot be.
    pub(super) fn open(&'static self, schema_id: &CStr) -> Result<Settings, String> {
        let turn = Turn::take(self);
        let call = &self.call;
        // SAFETY: no arguments; the result is borrowed and lives as long as the process.
        let source = unsafe { (call.g_settings_schema_source_get_default)() };
        if source.is_null() {
            return Err("no settings schemas are installed".to_owned());
        }
        // SAFETY: `source` is not null, the text ends in NUL; null means "not found", else the reference is ours.
        let schema = Owned::new(unsafe { (call.g_settings_schema_source_lookup)(source, schema_id.as_ptr(), 1) }, {
            call.g_settings_schema_unref
        })
        .ok_or_else(|| format!("the settings schema {} is not installed", schema_id.to_string_lossy()))?;
        // SAFETY: `schema` is alive. A schema without a path is null here, and would end the process further down.
        if unsafe { (call.g_settings_schema_get_path)(schema.get()) }.is_null() {
            return Err(format!("the settings schema {} has no path", schema_id.to_string_lossy()));
        }
        let (backend, in_plain_file) = self.backend()?;
        // SAFETY: schema and backend are alive and are referenced by the new object; the path is the schema's own.
        let settings = unsafe { (call.g_settings_new_full)(schema.get(), backend.get(), null()) };
        let settings = Owned::new(settings, call.g_object_unref).ok_or("GSettings gave no object")?;
        Ok(Settings { call, settings, _backend: backend, schema, in_plain_file, _turn: turn })
    }

    /// The backend that everybody else uses too, and whether that is the one that keeps settings in a plain file.
    fn backend(&self) -> Result<(Owned, bool), String> {
        const KEYFILE: &CStr = c"GKeyfileSettingsBackend";
        let call = &self.call;
        // SAFETY: no arguments; the reference returned is ours.
        let backend = Owned::new(unsafe { (call.g_settings_backend_get_default)() }, call.g_object_unref)
            .ok_or("GSettings has no backend")?;
        // SAFETY: `backend` is an instance of a registered type, whose name lives as long as the process.
        let name = unsafe { CStr::from_ptr((call.g_type_name_from_instance)(backend.get())) };
        if name == c"GMemorySettingsBackend" || name == c"GNullSettingsBackend" {
            return Err("settings are not stored on this system: GSettings has no dconf".to_owned());
        }
        if name != KEYFILE {
            return Ok((backend, false));
        }
        // The shared one learns of changes by other programs from a main loop, which need not run here, and would
        // write its old picture of the file over them. A new one reads the file.
        // SAFETY: the type is registered, for an instance of it exists; it has no abstract or mandatory property.
        let fresh = unsafe {
            let kind = (call.g_type_from_name)(KEYFILE.as_ptr());
            (call.g_object_new_with_properties)(kind, 0, null_mut(), null_mut())
        };
        let fresh = Owned::new(fresh, call.g_object_unref).ok_or("GSettings cannot open its file")?;
        Ok((fresh, true))
    }

    /// Connects to the session bus that the environment names. The connection is our own: the shared one ends the process
    /// when the bus does. May wait as long as the bus pleases.
    ///
    /// Does not take the turn, which would keep GSettings from everybody for so long; GDBus needs none.
    pub(super) fn session_bus(&'static self) -> Result<Bus, String> {
        const CLIENT_OF_A_BUS: c_uint = 1 | 8;
        let address =
            CString::new(bus_address().ok_or("there is no session bus")?).map_err(|error| error.to_string())?;
        let call = &self.call;
        let context = Context::push(call);
        let mut error: *mut GError = null_mut();
        // SAFETY: the text ends in NUL; no observer and no cancellable are given. A connection returned is ours, and so
        // is an error.
        let connection = unsafe {
            let flags = CLIENT_OF_A_BUS;
            (call.g_dbus_connection_new_for_address_sync)(
                address.as_ptr(),
                flags,
                null_mut(),
                null_mut(),
                &raw mut error,
            )
        };
        let connection = Owned::new(connection, call.g_object_unref).ok_or_else(|| call.take(error))?;
        Ok(Bus { call, connection, _context: context })
    }
}

/// Where the session bus listens. Nothing is started where there is none, as GLib's own search may.
fn bus_address() -> Option<String> {
    let given = env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
    given.or_else(|| {
        let socket = PathBuf::from(env::var_os("XDG_RUNTIME_DIR")?).join("bus");
        socket.exists().then(|| format!("unix:path={}", socket.display()))
    })
}

/// A connection to the session bus, closed when dropped.
pub(super) struct Bus {
    call: &'static Functions,
    connection: Owned,
    _context: Context,
}

impl Bus {
    /// Sends a signal to all who listen; `values` is a tuple in GVariant text form.
    pub(super) fn emit(&self, path: &CStr, interface: &CStr, name: &CStr, values: &CStr) -> Result<(), String> {
        let values = self.call.parse(null_mut(), values)?;
        let mut error: *mut GError = null_mut();
        // SAFETY: connection and values are alive and stay ours; the texts end in NUL, and are names as D-Bus has them.
        let sent = unsafe {
            (self.call.g_dbus_connection_emit_signal)(
                self.connection.get(),
                null(),
                path.as_ptr(),
                interface.as_ptr(),
                name.as_ptr(),
                values.get(),
                &raw mut error,
            )
        };
        if sent == 0 { Err(self.call.take(error)) } else { Ok(()) }
    }

    /// Calls a method without values that answers nothing, of a service that runs; it is not started, and not waited for.
    pub(super) fn tell(&self, service: &CStr, path: &CStr, interface: &CStr, method: &CStr) {
        const NO_AUTO_START: c_uint = 1;
        // SAFETY: the connection is alive; the texts end in NUL, and are names as D-Bus has them. Without a callback no
        // answer is asked for, and nothing of ours is touched later.
        unsafe {
            (self.call.g_dbus_connection_call)(
                self.connection.get(),
                service.as_ptr(),
                path.as_ptr(),
                interface.as_ptr(),
                method.as_ptr(),
                null_mut(),
                null_mut(),
                NO_AUTO_START,
                -1,
                null_mut(),
                null_mut(),
                null_mut(),
            );
        }
    }

    /// Returns when all that was said is on its way.
    pub(super) fn flush(&self) -> Result<(), String> {
        let mut error: *mut GError = null_mut();
        // SAFETY: the connection is alive; no cancellable is given; an error is ours.
        let done =
            unsafe { (self.call.g_dbus_connection_flush_sync)(self.connection.get(), null_mut(), &raw mut error) };
        if done == 0 { Err(self.call.take(error)) } else { Ok(()) }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // SAFETY: the connection is alive; neither a cancellable nor an error is given, so there is nothing to free.
        unsafe { (self.call.g_dbus_connection_close_sync)(self.connection.get(), null_mut(), null_mut()) };
    }
}

/// One open schema. Fields are dropped in this order: the objects first, our turn at GLib last.
pub(super) struct Settings {
    call: &'static Functions,
    settings: Owned,
    _backend: Owned,
    schema: Owned,
    in_plain_file: bool,
    _turn: Turn,
}

impl Settings {
    /// Whether the settings live in GSettings' own plain file rather than with a service.
    pub(super) fn are_in_plain_file(&self) -> bool {
        self.in_plain_file
    }

    /// Whether the user may change the key.
    pub(super) fn is_writable(&self, key: &str) -> Result<bool, String> {
        let key = self.key(key)?;
        // SAFETY: the object is alive and its schema has the key.
        Ok(unsafe { (self.call.g_settings_is_writable)(self.settings.get(), key.as_ptr()) } != 0)
    }

    /// What the user has set, in GVariant text form; none where the default holds.
    pub(super) fn user_value(&self, key: &str) -> Result<Option<String>, String> {
        let key = self.key(key)?;
        // SAFETY: the object is alive and its schema has the key; null means "not set", else the reference is ours.
        let value = unsafe { (self.call.g_settings_get_user_value)(self.settings.get(), key.as_ptr()) };
        Ok(self.print(value))
    }

    /// What holds where the user has set nothing: the schema's default, or the administrator's.
    pub(super) fn default_value(&self, key: &str) -> Result<Option<String>, String> {
        let key = self.key(key)?;
        // SAFETY: the object is alive and its schema has the key; the reference returned is ours.
        let value = unsafe { (self.call.g_settings_get_default_value)(self.settings.get(), key.as_ptr()) };
        Ok(self.print(value))
    }

    /// The text form of a value whose reference is ours to give back; none for null.
    fn print(&self, value: Object) -> Option<String> {
        let value = Owned::new(value, self.call.g_variant_unref)?;
        // SAFETY: `value` is alive; the text is ours to copy and to free, once.
        unsafe {
            let printed = (self.call.g_variant_print)(value.get(), 0);
            let text = CStr::from_ptr(printed).to_string_lossy().into_owned();
            (self.call.g_free)(printed);
            Some(text)
        }
    }

    /// Sets the key to a value in GVariant text form, which must be of the key's type and range.
    pub(super) fn set(&self, key: &str, text: &str) -> Result<(), String> {
        let key = self.key(key)?;
        // SAFETY: the schema is alive and has the key; the reference returned is ours.
        let about = unsafe { (self.call.g_settings_schema_get_key)(self.schema.get(), key.as_ptr()) };
        let about = Owned::new(about, self.call.g_settings_schema_key_unref).ok_or("the schema hides the key")?;
        let value = self.parse(&about, text)?;
        // SAFETY: both are alive, and the value is of the key's type, for it was parsed as such.
        if unsafe { (self.call.g_settings_schema_key_range_check)(about.get(), value.get()) } == 0 {
            return Err(format!("{text} is not among the values it can have"));
        }
        // SAFETY: the object is alive, the schema has the key, type and range fit; our reference stays ours.
        match unsafe { (self.call.g_settings_set_value)(self.settings.get(), key.as_ptr(), value.get()) } {
            0 => Err("GSettings refused the value".to_owned()),
            _ => Ok(()),
        }
    }

    /// Takes the user's value away. GLib tells nothing about how it went; read the key to know.
    pub(super) fn reset(&self, key: &str) -> Result<(), String> {
        let key = self.key(key)?;
        // SAFETY: the object is alive and its schema has the key.
        unsafe { (self.call.g_settings_reset)(self.settings.get(), key.as_ptr()) };
        Ok(())
    }

    /// Returns when every write made in this process has reached the service, or has failed to (25 s at worst).
    pub(super) fn sync(&self) {
        // SAFETY: no arguments; callable at any time, and the backend exists.
        unsafe { (self.call.g_settings_sync)() };
    }

    /// The key's name for C, once it is known that the schema has it.
    fn key(&self, key: &str) -> Result<CString, String> {
        let name = CString::new(key).map_err(|_| "its name contains a NUL".to_owned())?;
        // SAFETY: the schema is alive, the text ends in NUL.
        match unsafe { (self.call.g_settings_schema_has_key)(self.schema.get(), name.as_ptr()) } {
            0 => Err("the installed schema has no such key".to_owned()),
            _ => Ok(name),
        }
    }

    fn parse(&self, about: &Owned, text: &str) -> Result<Owned, String> {
        let text = CString::new(text).map_err(|_| "the value contains a NUL".to_owned())?;
        // SAFETY: `about` is alive and owns the type it returns.
        let kind = unsafe { (self.call.g_settings_schema_key_get_value_type)(about.get()) };
        self.call.parse(kind, &text)
    }
}

impl Functions {
    /// A value from its text form; `kind` is a type that is alive, or null for the one that the text has.
    fn parse(&self, kind: Object, text: &CStr) -> Result<Owned, String> {
        let mut error: *mut GError = null_mut();
        // SAFETY: the text ends in NUL, so no limit is needed; with no end pointer the whole text must parse. A value
        // returned is ours, and so is an error.
        let value = unsafe { (self.g_variant_parse)(kind, text.as_ptr(), null(), null_mut(), &raw mut error) };
        Owned::new(value, self.g_variant_unref).ok_or_else(|| self.take(error))
    }

    /// The words of an error that is ours, which is freed.
    fn take(&self, error: *mut GError) -> String {
        // SAFETY: an error that was set is alive until it is freed here, once; its message ends in NUL.
        unsafe {
            let Some(found) = error.as_ref() else { return "GLib does not say why".to_owned() };
            let why = CStr::from_ptr(found.message).to_string_lossy().into_owned();
            (self.g_error_free)(error);
            why
        }
    }
}

/// One reference to an object, given back when dropped.
struct Owned {
    object: NonNull<c_void>,
    release: unsafe extern "C" fn(Object),
}

impl Owned {
    /// `object` is a reference that is ours to give back by `release`, or null.
    fn new(object: Object, release: unsafe extern "C" fn(Object)) -> Option<Self> {
        Some(Self { object: NonNull::new(object)?, release })
    }

    fn get(&self) -> Object {
        self.object.as_ptr()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is ours and is given back this once, by the function for its kind.
        unsafe { (self.release)(self.object.as_ptr()) }
    }
}

/// The lock, and a main context of our own while it is held. Fields are dropped in this order.
struct Turn {
    _context: Context,
    _lock: MutexGuard<'static, ()>,
}

impl Turn {
    fn take(gio: &'static Gio) -> Self {
        let lock = gio.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Self { _context: Context::push(&gio.call), _lock: lock }
    }
}

/// A main context of our own, this thread's default: what GLib wants to tell the thread ends up there and goes away with
/// it, instead of waiting in, or running inside, the main loop of a desktop toolkit in the same process.
struct Context {
    call: &'static Functions,
    context: Object,
    _stays_on_its_thread: PhantomData<*mut ()>,
}

impl Context {
    fn push(call: &'static Functions) -> Self {
        // SAFETY: a new context, which no other thread knows, can be made this thread's default.
        let context = unsafe {
            let context = (call.g_main_context_new)();
            (call.g_main_context_push_thread_default)(context);
            context
        };
        Self { call, context, _stays_on_its_thread: PhantomData }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context was pushed on this thread (the type cannot leave it) and nothing was pushed since that is
        // still there; our one reference is given back once.
        unsafe {
            (self.call.g_main_context_pop_thread_default)(self.context);
            (self.call.g_main_context_unref)(self.context);
        }
    }
}
