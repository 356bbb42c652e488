//! stream-manager.
