//! Simulated storage: operation log, crash images, injected faults.
