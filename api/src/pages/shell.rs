//! The shell: its two placeholders filled. Pure. Everything that people wrote is escaped for where it stands.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::view::{ArchiveView, SessionView, StreamStatus, StreamView};

/// What the shell carries.
pub(super) struct Shell {
    pub(super) session: Option<SessionView>,
    pub(super) content: Content,
}

/// What the address shows.
pub(super) enum Content {
    /// A page of its own, with this title; none for home.
    Plain(&'static str),
    /// A stream.
    Stream(Box<StreamView>),
    /// An archive.
    Archive(Box<ArchiveView>),
    /// Nothing that the visitor may know of.
    Nothing,
}

const PRODUCT: &str = "LiveStream Pro";

impl Shell {
    /// The page at `address`.
    pub(super) fn fill(&self, template: &str, address: &str) -> String {
        let state = format!("<script type=\"application/json\" id=\"state\">{}</script>", script_safe(&self.state()));
        template.replacen("<!--head-->", &self.head(address), 1).replacen("<!--state-->", &state, 1)
    }

    fn state(&self) -> Value {
        let page = match &self.content {
            Content::Plain(_) | Content::Nothing => Value::Null,
            Content::Stream(stream) => json!({ "stream": stream }),
            Content::Archive(archive) => json!({ "archive": archive }),
        };
        json!({ "session": self.session, "page": page })
    }

    fn head(&self, address: &str) -> String {
        let (title, about, image) = self.preview();
        let title = if title.is_empty() { PRODUCT.to_owned() } else { format!("{title} · {PRODUCT}") };
        let mut head = format!("<title>{}</title>", escape(&title));
        let mut meta = |name: &str, property: &str, content: &str| {
            let _ = write!(head, "<meta {name}=\"{property}\" content=\"{}\" />", escape(content));
        };
        if !self.is_listed() {
            meta("name", "robots", "noindex");
        }
        meta("name", "description", &about);
        meta("property", "og:site_name", PRODUCT);
        meta("property", "og:title", &title);
        meta("property", "og:description", &about);
        meta("property", "og:url", address);
        let kind =
            if matches!(self.content, Content::Stream(_) | Content::Archive(_)) { "video.other" } else { "website" };
        meta("property", "og:type", kind);
        if let Some(image) = image {
            meta("property", "og:image", image);
        }
        meta("name", "twitter:card", if image.is_some() { "summary_large_image" } else { "summary" });
        head
    }

    /// Title, sentence and picture of a link to here.
    fn preview(&self) -> (&str, String, Option<&str>) {
        match &self.content {
            Content::Plain(title) => {
                (title, "Live video with less than half a second's delay, and chat.".to_owned(), None)
            }
            Content::Nothing => ("Not found", "There is nothing at this address.".to_owned(), None),
            Content::Stream(stream) => {
                let (title, owner, status) = stream.preview();
                let name = owner.display_name.as_deref().unwrap_or(&owner.username);
                let about = match status {
                    StreamStatus::Live => format!("{name} is live now."),
                    StreamStatus::Starting => format!("{name} goes live in a moment."),
                    StreamStatus::Ended => format!("{name} was live here."),
                };
                (title, about, None)
            }
            Content::Archive(archive) => {
                let (title, owner, image) = archive.preview();
                let name = owner.display_name.as_deref().unwrap_or(&owner.username);
                (title, format!("A stream by {name}, to watch again."), image)
            }
        }
    }

    /// Whether search engines may list it: unlisted means unlisted.
    fn is_listed(&self) -> bool {
        match &self.content {
            Content::Plain(_) => true,
            Content::Nothing => false,
            Content::Stream(stream) => stream.is_public(),
            Content::Archive(archive) => archive.is_public(),
        }
    }
}

/// JSON that cannot end the script element it stands in, nor begin a comment there.
fn script_safe(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Text for HTML, between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_cannot_leave_its_place() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        let safe = script_safe(&json!({ "title": "</script><!--" }));
        assert!(!safe.contains('<') && !safe.contains('>'), "{safe}");
        assert_eq!(serde_json::from_str::<Value>(&safe).unwrap()["title"], "</script><!--");
    }

    #[test]
    fn a_page_without_content_has_the_products_title() {
        let shell = Shell { session: None, content: Content::Plain("") };
        let html = shell.fill("<head><!--head--></head><body><!--state--></body>", "https://live.example/");
        assert!(html.starts_with("<head><title>LiveStream Pro</title>"), "{html}");
        assert!(
            html.contains(r#"<script type="application/json" id="state">{"page":null,"session":null}</script>"#),
            "{html}"
        );
    }
}
