//! Reads `tauri.conf.json`, `capabilities/` and `permissions/` for the code that `generate_context!` makes of them.

fn main() {
    tauri_build::build();
}
