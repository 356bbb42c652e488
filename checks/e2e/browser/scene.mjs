// A camera that looks out over a lake in the evening, for pictures that people will look at.

/** Runs in the creator's page: the camera shows the lake, the microphone stays what it is. */
export function lakeCamera() {
  const [WIDTH, HEIGHT, SHORE] = [1280, 720, 452];
  const SUN = { x: 596, y: 318 };
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const real = devices.getUserMedia.bind(devices);
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const brush = canvas.getContext("2d", { alpha: false });

  function wash(x0, y0, x1, y1, ...colours) {
    const gradient = brush.createLinearGradient(x0, y0, x1, y1);
    colours.forEach((colour, i) => gradient.addColorStop(i / (colours.length - 1), colour));
    return gradient;
  }

  /** A ridge as the sum of a few waves, the same every time. */
  function ridge(base, height, seed, colour, end) {
    brush.fillStyle = colour;
    brush.beginPath();
    brush.moveTo(0, end);
    for (let x = 0; x <= WIDTH; x += 8) {
      const swell = Math.sin(x / 210 + seed) + 0.55 * Math.sin(x / 83 + seed * 2.7) + 0.22 * Math.sin(x / 31 + seed * 5.1);
      brush.lineTo(x, base - height * (0.55 + 0.45 * swell));
    }
    brush.lineTo(WIDTH, end);
    brush.fill();
  }

  function sky(now) {
    brush.fillStyle = wash(0, 0, 0, SHORE, "#2b2a55", "#6a3f6f", "#c65f5b", "#f2a25c", "#f8d184");
    brush.fillRect(0, 0, WIDTH, SHORE);
    const glow = brush.createRadialGradient(SUN.x, SUN.y, 20, SUN.x, SUN.y, 420);
    glow.addColorStop(0, "rgb(255 236 184 / 0.85)");
    glow.addColorStop(1, "rgb(255 236 184 / 0)");
    brush.fillStyle = glow;
    brush.fillRect(0, 0, WIDTH, SHORE);
    brush.fillStyle = "#fff1c9";
    brush.beginPath();
    brush.arc(SUN.x, SUN.y, 46, 0, 7);
    brush.fill();
    const drift = (now / 240) % (WIDTH + 700);
    for (const [x, y, long] of [[120, 92, 300], [540, 150, 220], [930, 70, 340], [1210, 188, 200]]) {
      brush.fillStyle = "rgb(255 205 168 / 0.28)";
      const at = ((x + drift) % (WIDTH + 700)) - 350;
      for (const [dx, dy, part] of [[0, 0, 1], [40, 12, 0.7], [-30, 20, 0.5]]) {
        brush.beginPath();
        brush.ellipse(at + dx, y + dy, (long * part) / 2, 7, 0, 0, 7);
        brush.fill();
      }
    }
  }

  function land() {
    ridge(352, 92, 1.1, "#9a566b", SHORE);
    ridge(392, 74, 3.9, "#6d3d5f", SHORE);
    ridge(430, 52, 0.4, "#452a4d", SHORE);
  }

  function water(now) {
    brush.save();
    brush.translate(0, 2 * SHORE);
    brush.scale(1, -1);
    brush.globalAlpha = 0.55;
    brush.drawImage(canvas, 0, SHORE - (HEIGHT - SHORE), WIDTH, HEIGHT - SHORE, 0, SHORE - (HEIGHT - SHORE), WIDTH, HEIGHT - SHORE);
    brush.restore();
    brush.fillStyle = wash(0, SHORE, 0, HEIGHT, "rgb(74 38 76 / 0.25)", "rgb(28 22 52 / 0.92)");
    brush.fillRect(0, SHORE, WIDTH, HEIGHT - SHORE);
    for (let i = 0; i < 26; i += 1) {
      const y = SHORE + 6 + i * i * 0.36;
      const wide = (14 + i * 5) * (0.6 + 0.4 * Math.sin(now / 700 + i * 1.9));
      brush.fillStyle = `rgb(255 214 150 / ${0.5 - i * 0.016})`;
      brush.fillRect(SUN.x - wide / 2 + 10 * Math.sin(now / 900 + i * 2.3), y, wide, 2 + i * 0.12);
    }
  }

  function pine(x, foot, tall) {
    brush.beginPath();
    for (let tier = 0; tier < 5; tier += 1) {
      const top = foot - tall + (tall * tier) / 6;
      const half = tall * (0.07 + tier * 0.04);
      brush.moveTo(x, top);
      brush.lineTo(x + half, top + tall * 0.3);
      brush.lineTo(x - half, top + tall * 0.3);
    }
    brush.fill();
    brush.fillRect(x - tall * 0.02, foot - tall * 0.1, tall * 0.04, tall * 0.12);
  }

  function nearShore(now) {
    brush.fillStyle = "#150f22";
    for (const [x, foot, tall] of [[46, 706, 400], [132, 716, 300], [212, 722, 210], [1120, 724, 190], [1190, 718, 310], [1256, 706, 430]]) {
      pine(x + 2 * Math.sin(now / 1700 + x), foot, tall);
    }
    ridge(716, 26, 2.2, "#150f22", HEIGHT);
    // A boat with a lantern.
    const [x, y] = [372 + 18 * Math.sin(now / 5200), 566 + 2 * Math.sin(now / 800)];
    brush.fillStyle = "#1d1430";
    brush.beginPath();
    brush.moveTo(x - 62, y);
    brush.quadraticCurveTo(x, y + 34, x + 62, y);
    brush.fill();
    brush.fillRect(x - 2, y - 62, 4, 62);
    brush.fillStyle = "#ffd98a";
    brush.beginPath();
    brush.arc(x, y - 58, 6 + 0.6 * Math.sin(now / 130), 0, 7);
    brush.fill();
    brush.fillStyle = "rgb(255 217 138 / 0.16)";
    brush.beginPath();
    brush.arc(x, y - 58, 30, 0, 7);
    brush.fill();
  }

  function draw() {
    const now = performance.now();
    sky(now);
    land();
    water(now);
    nearShore(now);
  }

  devices.getUserMedia = async (wish) => {
    const media = await real(wish);
    if (!wish.video) return media;
    for (const track of media.getVideoTracks()) track.stop();
    draw();
    setInterval(draw, 1000 / 24);
    return new MediaStream([...canvas.captureStream(24).getVideoTracks(), ...media.getAudioTracks()]);
  };
}
