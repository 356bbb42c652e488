//! `application/trickle-ice-sdpfrag` (RFC 8840): late candidates and restarts of ICE. Pure. Candidates are not kept: we are
//! ICE-lite and learn a peer's addresses from its checks.

/// What a fragment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The peer's name for the connection.
    pub(crate) ufrag: String,
    /// The password that goes with it.
    pub(crate) password: String,
}

impl Fragment {
    /// Whether all lines are such as fragments have, and there is one at least.
    pub(crate) fn is_fragment(text: &str) -> bool {
        let is_line = |line: &str| line.trim_end().is_empty() || line.starts_with("a=") || line.starts_with("m=");
        text.lines().any(|line| line.starts_with("a=")) && text.lines().all(is_line)
    }

    /// Reads the credentials of a fragment; nothing if it has none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| text.lines().find_map(|line| line.trim_end().strip_prefix(name));
        let ice_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        let credential = |name: &str, least: usize| {
            value(name).filter(|value| (least..=256).contains(&value.len()) && value.chars().all(ice_char))
        };
        let ufrag = credential("a=ice-ufrag:", 4)?.to_owned();
        let password = credential("a=ice-pwd:", 22)?.to_owned();
        Some(Self { ufrag, password })
    }

    /// An offer or answer with these credentials in place of its own.
    pub(crate) fn replace_in(&self, sdp: &str) -> String {
        let mut text = String::with_capacity(sdp.len() + 64);
        for line in sdp.lines().map(str::trim_end) {
            if line.starts_with("a=ice-ufrag:") {
                text.push_str("a=ice-ufrag:");
                text.push_str(&self.ufrag);
            } else if line.starts_with("a=ice-pwd:") {
                text.push_str("a=ice-pwd:");
                text.push_str(&self.password);
            } else {
                text.push_str(line);
            }
            text.push_str("\r\n");
        }
        text
    }

    /// The lines of an answer that a client needs after a restart.
    pub(crate) fn of_answer(answer: &str) -> String {
        let ice = ["a=ice-lite", "a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:"];
        let mut text = String::new();
        for line in answer.lines().map(str::trim_end) {
            let media = line.starts_with("m=") || line.starts_with("a=mid:") || line.starts_with("a=group:");
            let candidate = line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates");
            if media || candidate || ice.iter().any(|start| line.starts_with(start)) {
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "0123456789abcdefghijkl";

    #[test]
    fn a_fragment_has_credentials_and_may_have_candidates() {
        let text = format!(
            "a=ice-ufrag:EsAw\r\na=ice-pwd:{PASSWORD}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
             a=candidate:1 1 udp 2130706431 x.local 5000 typ host\r\na=end-of-candidates\r\n"
        );
        assert!(Fragment::is_fragment(&text));
        let fragment = Fragment::parse(&text).expect("it is a fragment");
        assert_eq!((fragment.ufrag.as_str(), fragment.password.as_str()), ("EsAw", PASSWORD));
    }

    #[test]
    fn other_text_is_none() {
        for text in ["", "{}", "a=ice-ufrag:EsAw\r\n", "a=ice-ufrag:Es Aw\r\na=ice-pwd:0123456789abcdefghijkl\r\n"] {
            assert_eq!(Fragment::parse(text), None, "{text}");
        }
        for text in ["", "{}", "a=x\nhello"] {
            assert!(!Fragment::is_fragment(text), "{text}");
        }
    }

    #[test]
    fn credentials_are_replaced_wherever_they_stand() {
        let fragment = Fragment { ufrag: "new1".into(), password: PASSWORD.into() };
        let sdp = fragment.replace_in("v=0\r\na=ice-ufrag:old\r\nm=audio\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\n");
        assert_eq!(sdp, format!("v=0\r\na=ice-ufrag:new1\r\nm=audio\r\na=ice-ufrag:new1\r\na=ice-pwd:{PASSWORD}\r\n"));
    }
}
