// Cameras, microphones and screens: what there is, and opening one.
import { t } from "../shared/texts/texts";

export type Source = "camera" | "screen";

export interface Wish {
  readonly source: Source;
  /** Null: whichever the browser gives. */
  readonly cameraId: string | null;
  /** Null: whichever the browser gives. Empty: none. */
  readonly microphoneId: string | null;
}

export interface Device {
  readonly id: string;
  readonly name: string;
}

export interface Devices {
  readonly cameras: readonly Device[];
  readonly microphones: readonly Device[];
}

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } as const;
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true } as const;

/** Whether the browser gives devices to this page at all. */
export function areDevicesAllowed(): boolean {
  return navigator.mediaDevices !== undefined;
}

/** Whether the camera was allowed before, so that opening it asks nobody. */
export async function isCameraAllowed(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "camera" as PermissionName })).state === "granted";
  } catch {
    return false;
  }
}

export async function listDevices(): Promise<Devices> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const named = (kind: MediaDeviceKind, word: string): Device[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== "")
      .map((device, i) => ({ id: device.deviceId, name: device.label || t.studio.unnamed(word, i + 1) }));
  return { cameras: named("videoinput", t.studio.camera), microphones: named("audioinput", t.studio.microphone) };
}

/** Opens what is wished for. A missing microphone does not keep the picture from coming. */
export async function open(wish: Wish): Promise<MediaStream> {
  if (wish.source === "screen") return openScreen(wish);
  const video = { ...PICTURE, ...exactly(wish.cameraId) };
  const audio = wish.microphoneId === "" ? false : { ...SOUND, ...exactly(wish.microphoneId) };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (thrown) {
    if ((thrown as Error).name !== "NotFoundError" || audio === false) throw thrown;
    return navigator.mediaDevices.getUserMedia({ video, audio: false });
  }
}

async function openScreen(wish: Wish): Promise<MediaStream> {
  const screen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: true });
  // Letters stay sharp: with little bandwidth the frame rate goes down before the resolution does.
  for (const track of screen.getVideoTracks()) track.contentHint = "detail";
  if (screen.getAudioTracks().length > 0 || wish.microphoneId === "") return screen;
  const audio = { ...SOUND, ...exactly(wish.microphoneId) };
  const microphone = await navigator.mediaDevices.getUserMedia({ audio }).catch(() => null);
  for (const track of microphone?.getTracks() ?? []) screen.addTrack(track);
  return screen;
}

function exactly(deviceId: string | null): { deviceId?: { exact: string } } {
  return deviceId ? { deviceId: { exact: deviceId } } : {};
}

export function stop(media: MediaStream | null): void {
  for (const track of media?.getTracks() ?? []) track.stop();
}

/** Why opening failed, and what to do about it. */
export function whyNot(thrown: unknown, source: Source): string {
  const s = t.studio;
  switch ((thrown as Error | null)?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return source === "screen" ? s.screenDenied : s.denied;
    case "NotFoundError":
    case "OverconstrainedError":
      return s.noCamera;
    case "NotReadableError":
    case "AbortError":
      return s.inUse;
    default:
      return s.deviceFailed;
  }
}
