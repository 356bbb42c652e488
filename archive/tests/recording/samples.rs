//! Coded media made by the `ffmpeg` command at test time.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;

/// Runs a command to its end; panics with what it says unless it succeeds.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    assert_eq!(err.trim(), "", "{command:?} complained");
    out.trim().to_owned()
}

fn ffmpeg(args: &[&str], to: &Path) -> Vec<u8> {
    run(Command::new("ffmpeg").args(["-nostdin", "-v", "error", "-y"]).args(args).arg(to));
    std::fs::read(to).unwrap()
}

/// How pictures are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Picture {
    pub(crate) size: &'static str,
    pub(crate) fps: u32,
    pub(crate) secs: u32,
    /// Pictures from one keyframe to the next.
    pub(crate) gop: u32,
    pub(crate) profile: &'static str,
}

impl Picture {
    pub(crate) const SMALL: Self = Self { size: "320x180", fps: 30, secs: 6, gop: 60, profile: "baseline" };
}

/// H.264 pictures: each a list of NAL units without start codes.
pub(crate) fn h264(picture: Picture) -> Vec<Vec<Bytes>> {
    let folder = tempfile::tempdir().unwrap();
    let source = format!("testsrc2=size={}:rate={}:duration={}", picture.size, picture.fps, picture.secs);
    let gop = picture.gop.to_string();
    let args = [
        "-f",
        "lavfi",
        "-i",
        &source,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-pix_fmt",
        "yuv420p",
        "-profile:v",
        picture.profile,
        "-bf",
        "0",
        "-g",
        &gop,
        "-keyint_min",
        &gop,
        "-sc_threshold",
        "0",
        "-x264-params",
        "sliced-threads=0:aud=1",
        "-f",
        "h264",
    ];
    let stream = Bytes::from(ffmpeg(&args, &folder.path().join("out.h264")));
    let mut pictures: Vec<Vec<Bytes>> = Vec::new();
    for unit in nal_units(&stream) {
        match unit[0] & 0x1F {
            9 => pictures.push(Vec::new()),
            _ => pictures.last_mut().unwrap().push(unit),
        }
    }
    pictures
}

fn nal_units(stream: &Bytes) -> Vec<Bytes> {
    let mut starts = Vec::new();
    let mut at = 0;
    while at + 3 <= stream.len() {
        if stream[at..at + 3] == [0, 0, 1] {
            starts.push(at + 3);
            at += 3;
        } else {
            at += 1;
        }
    }
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([stream.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let unit = stream.slice(*start..end);
            let zeros = unit.iter().rev().take_while(|byte| **byte == 0).count();
            unit.slice(..unit.len() - zeros)
        })
        .collect()
}

/// VP8 frames.
pub(crate) fn vp8(picture: Picture) -> Vec<Bytes> {
    let folder = tempfile::tempdir().unwrap();
    let source = format!("testsrc2=size={}:rate={}:duration={}", picture.size, picture.fps, picture.secs);
    let gop = picture.gop.to_string();
    let args = [
        "-f",
        "lavfi",
        "-i",
        &source,
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-b:v",
        "400k",
        "-g",
        &gop,
        "-keyint_min",
        &gop,
        "-auto-alt-ref",
        "0",
        "-lag-in-frames",
        "0",
        "-f",
        "ivf",
    ];
    let stream = Bytes::from(ffmpeg(&args, &folder.path().join("out.ivf")));
    let (mut at, mut frames) = (32, Vec::new());
    while at + 12 <= stream.len() {
        let size = u32::from_le_bytes(stream[at..at + 4].try_into().unwrap()) as usize;
        frames.push(stream.slice(at + 12..at + 12 + size));
        at += 12 + size;
    }
    frames
}

/// Opus packets of 20 ms: a tone.
pub(crate) fn opus(secs: u32) -> Vec<Bytes> {
    let folder = tempfile::tempdir().unwrap();
    let source = format!("sine=frequency=440:sample_rate=48000:duration={secs}");
    let args = ["-f", "lavfi", "-i", &source, "-ac", "2", "-c:a", "libopus", "-b:a", "64k", "-frame_duration", "20"];
    let stream = Bytes::from(ffmpeg(&[&args[..], &["-f", "ogg"]].concat(), &folder.path().join("out.ogg")));
    let (mut at, mut packets, mut packet) = (0, Vec::new(), Vec::new());
    while at < stream.len() {
        let count = usize::from(stream[at + 26]);
        let laces = stream.slice(at + 27..at + 27 + count);
        at += 27 + count;
        for lace in laces {
            packet.extend_from_slice(&stream[at..at + usize::from(lace)]);
            at += usize::from(lace);
            if lace < 255 {
                packets.push(Bytes::from(std::mem::take(&mut packet)));
            }
        }
    }
    packets.split_off(2)
}
