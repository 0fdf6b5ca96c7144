//! What each part costs by itself: the benchmarks of the crate `bench`.

use super::{Bench, machine, tools};

pub(super) fn run(bench: &Bench<'_>) -> Result<String, String> {
    let load = machine::load();
    let mut cargo = crate::cargo();
    cargo.current_dir(bench.root).args(["bench", "--quiet", "--package", "bench", "--bench", "parts"]);
    if bench.quick {
        cargo.args(["--", "--max-time", "0.2"]);
    }
    let told = tools::output(&mut cargo)?;
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask bench parts`: wall time of one thread, by the `divan` crate.\n\n```text\n{}\n```",
        machine::describe(),
        told.trim()
    ))
}
