//! media-server.
