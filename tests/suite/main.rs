//! The tests of Tamis from outside, one binary. Each file guards one subject; each test is named after the rule it
//! guards.

mod access;
mod after_edit;
mod cases;
mod certificate;
mod check;
#[cfg(target_os = "linux")]
mod cleanup;
mod codings;
mod conformance;
mod control;
mod control_service;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod crash_points;
mod desktop;
#[cfg(target_os = "linux")]
mod doctor;
mod fetch;
mod fields;
mod first_steps;
mod framing;
#[cfg(target_os = "linux")]
mod guard;
mod hostile_lists;
mod house;
mod https;
mod interim;
#[cfg(target_os = "linux")]
mod kde;
mod late_answers;
#[cfg(target_os = "linux")]
mod life;
mod lighter_media;
mod limits;
mod lists;
mod lists_kept;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod network;
mod pac;
#[cfg(target_os = "linux")]
mod packaging;
mod pages;
mod persistence;
mod properties;
mod quiet_headers;
#[cfg(target_os = "linux")]
mod request_context;
mod restore;
mod rewrites;
mod rules;
mod sites;
mod streams;
#[cfg(target_os = "linux")]
mod stubs;
mod tunnels;
mod upstream;
#[cfg(target_os = "linux")]
mod verdicts;
mod wire;
