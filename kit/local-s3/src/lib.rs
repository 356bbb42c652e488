//! local-s3.
