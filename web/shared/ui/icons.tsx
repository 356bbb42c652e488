// Icons as paths on a 24 grid. Decoration: the control around one carries its name.

const PATHS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  sound: "M3 9v6h4l5 4.5v-15L7 9zM15 8.2a5 5 0 0 1 0 7.6v-2.3a3 3 0 0 0 0-3zM15 4a9 9 0 0 1 0 16v-2.2a7 7 0 0 0 0-11.6z",
  silent: "M3 9v6h4l5 4.5v-15L7 9zM15.4 8.9l1.4-1.4 2.2 2.2 2.2-2.2 1.4 1.4-2.2 2.2 2.2 2.2-1.4 1.4-2.2-2.2-2.2 2.2-1.4-1.4 2.2-2.2z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM18 14h2v6h-6v-2h4zM4 14h2v4h4v2H4z",
  unfull: "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM14 14h6v2h-4v4h-2zM4 14h6v6H8v-4H4z",
  pip: "M3 5h18v14H3zm2 2v10h14V7zm6 4h7v5h-7z",
  mic: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11h2a5 5 0 0 0 10 0h2a7 7 0 0 1-6 6.9V21h-2v-3.1A7 7 0 0 1 5 11z",
  camera: "M3 6h12v4l6-3v10l-6-3v4H3z",
  auto: "M12 3a9 9 0 1 0 0 18zM12 1a11 11 0 1 1 0 22 11 11 0 0 1 0-22z",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM11 1h2v4h-2zM11 19h2v4h-2zM1 11h4v2H1zM19 11h4v2h-4zM4 5.4 5.4 4l2.8 2.8-1.4 1.4zM15.8 17.2l1.4-1.4 2.8 2.8-1.4 1.4zM15.8 6.8 18.6 4 20 5.4l-2.8 2.8zM4 18.6l2.8-2.8 1.4 1.4L5.4 20z",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  share: "M14 4h6v6h-2V7.4l-7.3 7.3-1.4-1.4L16.6 6H14zM5 6h5v2H6v10h10v-4h2v6H4V6z",
  down: "M11 4h2v9l3.5-3.5 1.4 1.4L12 16.8l-5.9-5.9 1.4-1.4L11 13zM4 18h16v2H4z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" fill="currentColor" fill-rule="evenodd">
      <path d={PATHS[name]} />
    </svg>
  );
}
