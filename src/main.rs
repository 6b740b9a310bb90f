//! The program; everything is in the library.

use std::process::ExitCode;

/// Musl's own allocator serves one thread at a time.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tidvakt::cli::main()
}
