// The chosen source for a component: opened, exchanged, and told when it fails.
import { useEffect, useState } from "preact/hooks";

import {
  areDevicesAllowed, isCameraAllowed, listDevices, open, stop, whyNot, type Devices, type Wish,
} from "./devices";
import { t } from "../shared/texts/texts";

export interface SourceHandle {
  readonly wish: Wish;
  readonly media: MediaStream | null;
  readonly devices: Devices;
  readonly isOpening: boolean;
  /** Why there is no picture, in words. */
  readonly trouble: string | null;
  /** Opens what is wished for, with `change` made to the wish. */
  choose(change: Partial<Wish>): void;
}

const NONE: Devices = { cameras: [], microphones: [] };

/** `given` is a source that is already on air. */
export function useSource(given: { media: MediaStream; wish: Wish } | null): SourceHandle {
  const [wish, setWish] = useState<Wish>(given?.wish ?? { source: "camera", cameraId: null, microphoneId: null });
  const [media, setMedia] = useState<MediaStream | null>(given?.media ?? null);
  const [devices, setDevices] = useState(NONE);
  const [isOpening, setOpening] = useState(false);
  const [trouble, setTrouble] = useState(areDevicesAllowed() ? null : t.studio.insecure);

  const choose = (change: Partial<Wish>) => {
    const next = { ...wish, ...change };
    setWish(next);
    setOpening(true);
    setTrouble(null);
    // The old one is closed only once the new one runs: on air there is no gap.
    open(next)
      .then((opened) => {
        setMedia((old) => {
          if (old !== opened) stop(old);
          return opened;
        });
        return listDevices().then(setDevices);
      })
      .catch((thrown: unknown) => setTrouble(whyNot(thrown, next.source)))
      .finally(() => setOpening(false));
  };

  useEffect(() => {
    if (!areDevicesAllowed()) return;
    const look = () => void listDevices().then(setDevices);
    look();
    navigator.mediaDevices.addEventListener?.("devicechange", look);
    if (!given) void isCameraAllowed().then((isAllowed) => isAllowed && choose({}));
    return () => navigator.mediaDevices.removeEventListener?.("devicechange", look);
  }, []);

  return { wish, media, devices, isOpening, trouble, choose };
}
