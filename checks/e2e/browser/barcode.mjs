// A clock in the picture: 24 bits of the time in ms and 8 of a checksum, as two rows of sixteen blocks along the top.
// Both halves run inside pages, so each stands alone.

/** Runs in the creator's page: the camera's picture gets the clock drawn over it. */
export function clockCamera() {
  const [WIDTH, HEIGHT, BLOCK] = [1280, 720, 80];
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const real = devices.getUserMedia.bind(devices);

  function draw(brush, camera) {
    if (camera.readyState >= 2) brush.drawImage(camera, 0, 0, WIDTH, HEIGHT);
    const now = Date.now() % 2 ** 24;
    const check = ((now >> 16) + (now >> 8) + now + 0x5a) & 0xff;
    for (let i = 0; i < 32; i += 1) {
      const bit = i < 24 ? (now >> (23 - i)) & 1 : (check >> (31 - i)) & 1;
      brush.fillStyle = bit ? "#fff" : "#000";
      brush.fillRect((i % 16) * BLOCK, Math.floor(i / 16) * BLOCK, BLOCK, BLOCK);
    }
  }

  devices.getUserMedia = async (wish) => {
    const media = await real(wish);
    const [track] = media.getVideoTracks();
    if (!track) return media;
    const camera = document.createElement("video");
    camera.muted = true;
    camera.srcObject = new MediaStream([track]);
    await camera.play();
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
    const brush = canvas.getContext("2d", { alpha: false });
    draw(brush, camera);
    setInterval(() => draw(brush, camera), 1000 / 30);
    return new MediaStream([...canvas.captureStream(30).getVideoTracks(), ...media.getAudioTracks()]);
  };
}

/**
 * Runs in a page that shows the picture: from now on `window.testClock` collects what the clock shows, as
 * `{ shown, seen, at }`: the time in the picture, the time it was on screen (both in ms), the position in the video.
 */
export function readClock() {
  const video = document.querySelector("video");
  const [CELL, COLUMNS, ROWS] = [8, 16, 2];
  const canvas = Object.assign(document.createElement("canvas"), { width: CELL * COLUMNS, height: CELL * ROWS });
  const brush = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  const readings = [];
  window.testClock = { readings, unreadable: 0 };

  function bits() {
    brush.drawImage(video, 0, 0, video.videoWidth, (video.videoHeight * 160) / 720, 0, 0, canvas.width, canvas.height);
    const { data } = brush.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: COLUMNS * ROWS }, (_, i) => {
      const x = (i % COLUMNS) * CELL + CELL / 2;
      const y = Math.floor(i / COLUMNS) * CELL + CELL / 2;
      return data[(y * canvas.width + x) * 4] > 127 ? 1 : 0;
    });
  }

  const number = (some) => some.reduce((sum, bit) => sum * 2 + bit, 0);
  const onFrame = (_now, frame) => {
    const seen = Date.now();
    const all = bits();
    const shown = number(all.slice(0, 24));
    const check = ((shown >> 16) + (shown >> 8) + shown + 0x5a) & 0xff;
    if (number(all.slice(24)) === check) readings.push({ shown, seen: seen % 2 ** 24, at: frame.mediaTime });
    else window.testClock.unreadable += 1;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
}

/** How long ago, in ms, the time `shown` was at `seen`; both run over every 2^24 ms. */
export function elapsed(shown, seen) {
  return (seen - shown + 2 ** 24) % 2 ** 24;
}
