//! The packets of an Ogg file, as ffmpeg writes it for Opus. Pure.

use anyhow::ensure;
use bytes::Bytes;

/// All Opus packets of a file, without its two header packets.
pub(crate) fn opus_packets(file: &[u8]) -> anyhow::Result<Vec<Bytes>> {
    let mut packets = packets(file)?.into_iter();
    ensure!(packets.next().is_some_and(|head| head.starts_with(b"OpusHead")), "an Opus file begins with its head");
    ensure!(packets.next().is_some_and(|tags| tags.starts_with(b"OpusTags")), "tags follow the head");
    Ok(packets.collect())
}

const PAGE_HEADER: usize = 27;

/// A packet ends at a lacing value below 255; longer ones go on in the next segment, or on the next page.
fn packets(mut rest: &[u8]) -> anyhow::Result<Vec<Bytes>> {
    let mut packets = Vec::new();
    let mut open = Vec::new();
    while !rest.is_empty() {
        ensure!(rest.len() >= PAGE_HEADER && rest.starts_with(b"OggS"), "a page begins with its mark");
        let segments = usize::from(rest[PAGE_HEADER - 1]);
        let (header, body) = rest.split_at_checked(PAGE_HEADER + segments).ok_or_else(cut)?;
        rest = body;
        for &length in &header[PAGE_HEADER..] {
            let (segment, tail) = rest.split_at_checked(usize::from(length)).ok_or_else(cut)?;
            rest = tail;
            open.extend_from_slice(segment);
            if length < u8::MAX {
                packets.push(Bytes::from(std::mem::take(&mut open)));
            }
        }
    }
    Ok(packets)
}

fn cut() -> anyhow::Error {
    anyhow::anyhow!("the file is cut short")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lacing: &[u8], body: &[u8]) -> Vec<u8> {
        let mut page = b"OggS".to_vec();
        page.resize(PAGE_HEADER - 1, 0);
        page.push(u8::try_from(lacing.len()).expect("a test's page is small"));
        page.extend_from_slice(lacing);
        page.extend_from_slice(body);
        page
    }

    #[test]
    fn packets_come_without_the_headers_and_across_pages() {
        let long = vec![7; 300];
        let mut file = page(&[8], b"OpusHead");
        file.extend(page(&[8], b"OpusTags"));
        file.extend(page(&[2, 255], &[&[1, 2], &long[..255]].concat()));
        file.extend(page(&[45, 1], &[&long[255..], &[9]].concat()));
        let packets = opus_packets(&file).expect("the file is right");
        assert_eq!(packets, [Bytes::from_static(&[1, 2]), Bytes::from(long), Bytes::from_static(&[9])]);
    }

    #[test]
    fn a_cut_file_is_refused() {
        let file = [page(&[8], b"OpusHead"), page(&[8], b"OpusTags")].concat();
        assert!(opus_packets(&file[..file.len() - 1]).is_err());
        assert!(opus_packets(b"RIFF").is_err());
    }
}
