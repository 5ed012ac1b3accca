//! The desktop program through the doors a desktop has: tray, window, settings, display, bus.
#![cfg(target_os = "linux")]

mod browsers;
mod first_steps;
mod start;
mod system_proxy;
mod tray;
mod window;
