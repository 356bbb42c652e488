//! media-config.
