// Plays an HLS playlist: by Media Source where there is one, by the browser itself where not (iPhones).
import type { ErrorData, Events } from "hls.js";

/** Chrome would also play HLS by itself, but starts late and seeks badly: Media Source is asked for first. */
function hasMediaSource(): boolean {
  return "ManagedMediaSource" in globalThis || "MediaSource" in globalThis;
}

/** Attaches `url` to `video`; returns what detaches it. `failed` is told when playing became impossible. */
export async function attach(video: HTMLVideoElement, url: string, failed: () => void): Promise<() => void> {
  if (!hasMediaSource()) return attachNative(video, url, failed);
  const { default: Hls } = await import("hls.js/light");
  // A worker would be made from a blob: URL, which the content security policy forbids.
  const hls = new Hls({ enableWorker: false, startPosition: 0 });
  let mended = false;
  hls.on(Hls.Events.ERROR as Events.ERROR, (_event: Events.ERROR, data: ErrorData) => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !mended) {
      mended = true;
      hls.recoverMediaError();
      return;
    }
    failed();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}

function attachNative(video: HTMLVideoElement, url: string, failed: () => void): () => void {
  video.addEventListener("error", failed);
  video.src = url;
  return () => {
    video.removeEventListener("error", failed);
    video.removeAttribute("src");
    video.load();
  };
}
