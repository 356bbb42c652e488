//! The configuration: one file, one environment prefix, all complaints at once.
//!
//! `livestream.toml` has one section per room, read into that room's own `Config`; `LIVESTREAM_SECTION__KEY`
//! overrides a key. `deploy/livestream.example.toml` shows every key with its default.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use domain::Secret;
use figment::Figment;
use figment::providers::{Env, Format as _, Toml};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::embedded::S3Address;
use crate::telemetry;

/// Everything that can be configured.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    pub(crate) s3: S3,
    pub(crate) auth: Auth,
    pub(crate) api: api::Settings,
    pub(crate) streams: stream_manager::Config,
    pub(crate) media: media_server::Config,
    pub(crate) chat: chat::Config,
    pub(crate) archive: archive::Config,
    pub(crate) log: telemetry::Config,
}

/// Section `http`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// Where pages and API are served.
    pub(crate) listen: SocketAddr,
    /// The address that browsers use, where it differs: behind a proxy, or under a name.
    pub(crate) public_url: Option<Url>,
    /// Networks of the proxies whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<http_kit::Network>,
    /// Other origins that our pages may load media from and talk to: media nodes, a CDN.
    pub(crate) media_origins: Vec<String>,
    /// Seconds until a request without an answer is given up: with 408 if its body did not come, else 503.
    pub(crate) timeout_secs: u64,
}

impl Default for Http {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self { listen, public_url: None, trusted_proxies: Vec::new(), media_origins: Vec::new(), timeout_secs: 30 }
    }
}

/// Section `database`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// `postgres://…`; without it a private Postgres is started.
    pub(crate) url: Option<Secret<String>>,
    /// Connections of this process at most.
    pub(crate) connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, connections: 20 }
    }
}

/// Section `redis`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redis {
    /// `redis://…`; without it a private Redis is started.
    pub(crate) url: Option<Secret<String>>,
    /// Stands before every key, so that installations can share a server.
    pub(crate) prefix: String,
}

impl Default for Redis {
    fn default() -> Self {
        Self { url: None, prefix: "livestream:".to_owned() }
    }
}

/// Section `s3`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct S3 {
    /// The server, unless it is AWS's own; without it and a region an S3 server of our own is started.
    pub(crate) endpoint: Option<Url>,
    /// The region; any word for servers that have none.
    pub(crate) region: Option<String>,
    pub(crate) access_key: Option<Secret<String>>,
    pub(crate) secret_key: Option<Secret<String>>,
}

/// Section `auth`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    /// The key that signs access tokens, at least 32 characters, the same for every process of an installation.
    /// Without it one is made at random and kept in the data folder.
    pub(crate) token_key: Option<Secret<String>>,
    /// The key before that one: its tokens stay good until they expire.
    pub(crate) previous_token_key: Option<Secret<String>>,
}

/// The top level, to find what is not a section.
const SECTIONS: [&str; 11] =
    ["http", "database", "redis", "s3", "auth", "api", "streams", "media", "chat", "archive", "log"];

impl Config {
    /// Reads the file, if one is named or `livestream.toml` stands here, and the environment.
    ///
    /// # Errors
    /// Every complaint about every section, one a line.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(file) = file
            && !file.exists()
        {
            bail!("there is no config file {}", file.display());
        }
        let toml = file.map_or_else(|| Toml::file("livestream.toml"), Toml::file_exact);
        // Tests hand addresses to themselves by names of the same prefix.
        let environment =
            Env::prefixed("LIVESTREAM_").filter(|key| !key.starts_with("test_") && key != "url").split("__");
        Self::from_figment(&Figment::from(toml).merge(environment))
    }

    fn from_figment(figment: &Figment) -> anyhow::Result<Self> {
        let mut complaints = Vec::new();
        let config = Self {
            data_dir: section(figment, "data_dir", &mut complaints).unwrap_or_else(|| PathBuf::from("var")),
            http: section(figment, "http", &mut complaints).unwrap_or_default(),
            database: section(figment, "database", &mut complaints).unwrap_or_default(),
            redis: section(figment, "redis", &mut complaints).unwrap_or_default(),
            s3: section(figment, "s3", &mut complaints).unwrap_or_default(),
            auth: section(figment, "auth", &mut complaints).unwrap_or_default(),
            api: section(figment, "api", &mut complaints).unwrap_or_default(),
            streams: section(figment, "streams", &mut complaints).unwrap_or_default(),
            media: section(figment, "media", &mut complaints).unwrap_or_default(),
            chat: section(figment, "chat", &mut complaints).unwrap_or_default(),
            archive: section(figment, "archive", &mut complaints).unwrap_or_default(),
            log: section(figment, "log", &mut complaints).unwrap_or_default(),
        };
        complaints.extend(unknown_sections(figment));
        complaints.extend(config.contradictions());
        if !complaints.is_empty() {
            bail!("the configuration is wrong:\n  {}", complaints.join("\n  "));
        }
        Ok(config)
    }

    /// What fits no section on its own.
    fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Err(error) = self.s3_address() {
            found.push(error.to_string());
        }
        if let Some(key) = &self.auth.token_key
            && key.expose().len() < 32
        {
            found.push("auth.token_key: must have at least 32 characters".to_owned());
        }
        if let Some(url) = &self.http.public_url
            && !(matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.path() == "/")
        {
            found.push(format!("http.public_url: {url} is not of the form https://host or http://host:port"));
        }
        found
    }

    /// The address that browsers use, without a slash at its end.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> Url {
        self.http.public_url.clone().unwrap_or_else(|| {
            let host = if bound.ip().is_unspecified() { "localhost".to_owned() } else { host_of(bound.ip()) };
            Url::parse(&format!("http://{host}:{}", bound.port())).expect("an address and a port make a URL")
        })
    }

    /// The keys of stores that have no address.
    pub(crate) fn missing_addresses(&self) -> Vec<&'static str> {
        let all = [
            ("database.url", self.database.url.is_none()),
            ("redis.url", self.redis.url.is_none()),
            ("s3.region", self.s3.endpoint.is_none() && self.s3.region.is_none()),
            ("auth.token_key", self.auth.token_key.is_none()),
        ];
        all.into_iter().filter(|(_, missing)| *missing).map(|(key, _)| key).collect()
    }

    /// The configured S3 server, if there is one.
    pub(crate) fn s3_address(&self) -> anyhow::Result<Option<S3Address>> {
        let s3 = &self.s3;
        if s3.endpoint.is_none() && s3.region.is_none() {
            return Ok(None);
        }
        let access_key = s3.access_key.clone().context("s3.access_key: missing beside s3.endpoint or s3.region")?;
        let secret_key = s3.secret_key.clone().context("s3.secret_key: missing beside s3.endpoint or s3.region")?;
        Ok(Some(S3Address {
            endpoint: s3.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            region: s3.region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            access_key,
            secret_key,
        }))
    }
}

fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// One section; absent is the default, wrong is a complaint.
fn section<T: DeserializeOwned>(figment: &Figment, name: &str, complaints: &mut Vec<String>) -> Option<T> {
    if !figment.contains(name) {
        return None;
    }
    match figment.extract_inner(name) {
        Ok(section) => Some(section),
        Err(errors) => {
            complaints.extend(errors.into_iter().map(|error| describe(name, &error)));
            None
        }
    }
}

/// `section.key: what is wrong (where it stands)`.
fn describe(section: &str, error: &figment::Error) -> String {
    let mut path = error.path.join(".");
    if !path.starts_with(section) {
        path = if path.is_empty() { section.to_owned() } else { format!("{section}.{path}") };
    }
    let source = error.metadata.as_ref().map(|metadata| format!(" (from {})", metadata.name)).unwrap_or_default();
    format!("{path}: {}{source}", error.kind)
}

fn unknown_sections(figment: &Figment) -> Vec<String> {
    let Ok(all) = figment.extract::<figment::value::Dict>() else {
        return vec!["the file is not valid TOML".to_owned()];
    };
    all.keys()
        .filter(|key| key.as_str() != "data_dir" && !SECTIONS.contains(&key.as_str()))
        .map(|key| format!("{key}: there is no such section"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> anyhow::Result<Config> {
        Config::from_figment(&Figment::from(Toml::string(toml)))
    }

    #[test]
    fn nothing_configured_is_a_laptop_on_loopback() {
        let config = read("").expect("the defaults are right");
        assert_eq!(config.data_dir, PathBuf::from("var"));
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.media.udp_listen.to_string(), "127.0.0.1:8189");
        assert_eq!(config.public_url(config.http.listen).as_str(), "http://127.0.0.1:8080/");
    }

    #[test]
    fn all_complaints_come_at_once_and_name_their_keys() {
        let wrong = "
            [http]
            listen = 'nowhere'
            [chat]
            shout = true
            [kitchen]
            sink = 1
            [auth]
            token_key = 'short'
            [s3]
            endpoint = 'http://s3.example'
        ";
        let text = read(wrong).expect_err("five mistakes").to_string();
        for part in ["http.listen", "chat", "shout", "kitchen", "auth.token_key", "s3.access_key"] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = read("[database]\nurl = 'postgres://u:hunter2@db/x'").expect("it is right");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_wildcard_listener_is_announced_as_localhost() {
        let config = read("[http]\nlisten = '0.0.0.0:9000'").expect("it is right");
        assert_eq!(config.public_url(config.http.listen).as_str(), "http://localhost:9000/");
    }

    #[test]
    fn the_example_file_shows_every_key_with_its_default() {
        let example = include_str!("../../deploy/livestream.example.toml");
        let shown: String = example
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        read(&shown).expect("every key that the example shows exists and has the right type");
        let plain = read(example).expect("the example as it stands is right");
        assert_eq!(format!("{plain:?}"), format!("{:?}", read("").expect("the defaults are right")));
    }
}
