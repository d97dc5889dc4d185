//! Limits that the system sets to this process.

/// Makes a write beyond the file size limit (`ulimit -f`) fail, as on a full disk. Without this, the
/// system ends the process by SIGXFSZ, and nobody learns why.
pub(crate) fn outlive_file_size_limit() {
    #[cfg(unix)]
    {
        // The flag is not read: that the signal is caught is enough. If it cannot be caught, the
        // process ends at the limit as any other does.
        let caught = std::sync::Arc::default();
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, caught);
    }
}
