use std::process::ExitCode;

/// The system's allocator takes a fifth of the time that a text costs: a text is read on one thread and
/// written on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    relay::cli::main()
}
