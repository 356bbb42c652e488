// A server of a test's own, which it may take away and bring back; it keeps its addresses and its data.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../../target", import.meta.url));
const BINARY = process.env.LIVESTREAM_TEST_BINARY ?? `${TARGET}/debug/livestream`;

export class Instance {
  #folder = mkdtempSync(`${tmpdir()}/livestream-outage.`);
  #process = null;

  constructor(http, udp) {
    this.url = `http://127.0.0.1:${http}`;
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith("LIVESTREAM_"));
    this.env = {
      ...Object.fromEntries(inherited),
      LIVESTREAM_DATA_DIR: `${this.#folder}/var`,
      LIVESTREAM_HTTP__LISTEN: `127.0.0.1:${http}`,
      LIVESTREAM_MEDIA__UDP_LISTEN: `127.0.0.1:${udp}`,
    };
  }

  static async make() {
    const instance = new Instance(await freePort(), await freeUdpPort());
    await instance.start();
    return instance;
  }

  /** Starts it and waits until it is ready. */
  async start() {
    const log = openSync(`${this.#folder}/log`, "a");
    this.#process = spawn(BINARY, ["all"], { env: this.env, stdio: ["ignore", "pipe", log] });
    for await (const line of createInterface({ input: this.#process.stdout })) {
      if (line.startsWith("ready ")) return;
    }
    throw new Error(`${BINARY} did not start; see ${this.#folder}/log`);
  }

  /** Takes it away without a word, as a crash would. */
  async crash() {
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  /** Ends it for good. */
  async end() {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function freeUdpPort() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
