// Whether pictures are coming: the first one, and whether they stopped.
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Without a new picture for this long, playback has stalled, in ms. */
const STALL_MS = 3_000;

export interface Pictures {
  readonly hasPicture: boolean;
  readonly isStalled: boolean;
}

export function usePictures(video: RefObject<HTMLVideoElement | null>): Pictures {
  const [state, setState] = useState<Pictures>({ hasPicture: false, isStalled: false });
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let last = 0;
    let request = 0;
    const show = (isStalled: boolean) =>
      setState((old) => (old.hasPicture && old.isStalled === isStalled ? old : { hasPicture: true, isStalled }));
    const onPicture = () => {
      if (last === 0) performance.mark("first-picture");
      last = performance.now();
      show(false);
      request = element.requestVideoFrameCallback(onPicture);
    };
    request = element.requestVideoFrameCallback(onPicture);
    const timer = setInterval(() => {
      const isWatched = last > 0 && !element.paused && document.visibilityState === "visible";
      if (isWatched && performance.now() - last > STALL_MS) show(true);
    }, 1000);
    return () => {
      element.cancelVideoFrameCallback(request);
      clearInterval(timer);
    };
  }, []);
  return state;
}
