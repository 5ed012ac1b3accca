//! The tests of Tamis from outside, one binary. Each file guards one subject; each test is named after the rule it
//! guards.

mod cases;
mod conformance;
mod control;
mod control_service;
mod desktop;
mod house;
mod lighter_media;
mod pac;
mod restore;
mod streams;
mod upstream;
mod wire;
