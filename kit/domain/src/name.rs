//! Names that people choose, parsed once at the edge.

use std::fmt;

use serde::Serialize;

use crate::{Fault, Kind};

/// Why a name was refused. The text tells the person what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not 3 to 30 of the allowed characters.
    #[error("a username has 3 to 30 letters, digits, hyphens or underscores and starts with a letter or digit")]
    Username,
    /// No address of the form `local@host.tld`, or over 254 bytes.
    #[error("that is not an e-mail address")]
    Email,
    /// Nothing to see, or too long.
    #[error("a title has 1 to 140 characters, on one line")]
    Title,
    /// Nothing to see, or too long.
    #[error("a display name has 1 to 50 characters, on one line")]
    DisplayName,
    /// Too long, or with characters that cannot be seen.
    #[error("a bio has at most 500 characters of plain text")]
    Bio,
}

impl Fault for NameError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Username => "USERNAME_INVALID",
            Self::Email => "EMAIL_INVALID",
            Self::Title => "TITLE_INVALID",
            Self::DisplayName => "DISPLAY_NAME_INVALID",
            Self::Bio => "BIO_INVALID",
        }
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A name that was parsed before and comes from our own tables or tokens.
            pub fn trusted(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// How a user is addressed in URLs and chat: 3 to 30 of `[A-Za-z0-9_-]`, unique whatever the case.
    Username
}
name! {
    /// An e-mail address; its case is kept and ignored in comparisons by the database. At most 254 bytes.
    Email
}
name! {
    /// A stream's title: 1 to 140 characters on one line, trimmed.
    Title
}
name! {
    /// What a user is called on pages: 1 to 50 characters on one line, trimmed.
    DisplayName
}

name! {
    /// What a user tells about themselves: at most 500 characters, several lines, trimmed.
    Bio
}

impl Username {
    /// Parses what a person typed; surrounding white space does not count.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let fits = (3..=30).contains(&text.len());
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !(fits && plain && starts_well) {
            return Err(NameError::Username);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Email {
    /// Parses what a person typed. Whether mail arrives there is not known by this.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or(NameError::Email)?;
        let fits = text.len() <= 254 && (1..=64).contains(&local.len());
        let printable = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"".contains(c));
        let one_at = !local.contains('@');
        if !(fits && printable && one_at && is_host(host)) {
            return Err(NameError::Email);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Two labels or more of letters, digits and inner hyphens.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.contains('.') && host.split('.').all(label)
}

impl Title {
    /// Parses what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        one_line(text, 140).map(Self).ok_or(NameError::Title)
    }
}

impl DisplayName {
    /// Parses what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        one_line(text, 50).map(Self).ok_or(NameError::DisplayName)
    }
}

impl Bio {
    /// Parses what a person typed. Nothing at all is fine.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim().replace("\r\n", "\n");
        let fits = text.chars().count() <= 500;
        let clean = !text.chars().any(|c| (c.is_control() && c != '\n') || reorders(c));
        (fits && clean).then_some(Self(text)).ok_or(NameError::Bio)
    }
}

/// Marks that make text read in another order than it is written.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// What has nothing to see on its own: spaces, joiners, fillers, variation selectors, tags, and combining marks.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Trimmed text of 1 to `most` characters, one of which can be seen, without control characters or marks that reorder
/// text.
fn one_line(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count());
    let clean = !text.chars().any(|c| c.is_control() || reorders(c));
    let seen = text.chars().any(|c| !is_invisible(c));
    (fits && clean && seen).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_short_plain_and_start_with_a_letter_or_digit() {
        for good in ["mika", "a1_", "Ren-42", " trimmed "] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "-mika", "mi ka", "ミカちゃん", "a/b", &"x".repeat(31)] {
            assert_eq!(Username::parse(bad), Err(NameError::Username), "{bad}");
        }
    }

    #[test]
    fn emails_have_a_local_part_and_a_host_with_a_dot() {
        for good in ["a@b.co", "first.last+tag@mail.example.org", "user@例え.jp"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b.co", "a@b", "a@b..co", "a b@c.de", "a@b@c.de", "a@-b.co", "<a>@b.co"] {
            assert_eq!(Email::parse(bad), Err(NameError::Email), "{bad}");
        }
    }

    #[test]
    fn titles_are_one_trimmed_line_that_reads_in_one_direction() {
        assert_eq!(Title::parse("  Evening jam  ").map(|t| t.to_string()), Ok("Evening jam".into()));
        assert!(Title::parse(&"あ".repeat(140)).is_ok());
        for bad in ["", "   ", "a\nb", "a\u{202E}b", &"あ".repeat(141)] {
            assert_eq!(Title::parse(bad), Err(NameError::Title), "{bad}");
        }
    }

    #[test]
    fn a_name_has_something_to_see() {
        for nothing in ["\u{200B}", "\u{3164}", "\u{200F}\u{200E}", "\u{AD}", "\u{2060}\u{FEFF}", "\u{2800}", "\u{301}"]
        {
            assert_eq!(Title::parse(nothing), Err(NameError::Title), "{nothing:?}");
            assert_eq!(DisplayName::parse(&format!(" {nothing} ")), Err(NameError::DisplayName), "{nothing:?}");
        }
        for good in ["👩\u{200D}🎤", "می\u{200C}خواهم", "e\u{301}", "ㅤa", "❤\u{FE0F}", "."] {
            assert!(DisplayName::parse(good).is_ok(), "{good:?}");
        }
    }
}
