//! livestream.
