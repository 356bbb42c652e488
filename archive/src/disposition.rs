//! `Content-Disposition` (RFC 6266): as what a download is saved. Pure.

use std::fmt::Write as _;

/// The header's value for a file of this title.
pub(crate) fn attachment(title: &str, extension: &str) -> String {
    let plain: String = title.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut encoded = String::with_capacity(title.len() * 3);
    for byte in title.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{encoded}.{extension}")
}

/// What no file system and no header stumbles over.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " -_.,()".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_kept_in_the_modern_form_and_tamed_in_the_old_one() {
        assert_eq!(
            attachment("夜\"1\"\r\n/", "mp4"),
            "attachment; filename=\"__1____.mp4\"; filename*=UTF-8''%E5%A4%9C%221%22%0D%0A%2F.mp4"
        );
        assert_eq!(attachment("jam 1", "mp4"), "attachment; filename=\"jam 1.mp4\"; filename*=UTF-8''jam%201.mp4");
    }
}
