// How the pages are built: one shell, one style sheet, hashed files under assets/ that may be cached for ever.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

import { defineConfig, type Plugin } from "vite";

const SERVER = process.env.LIVESTREAM_URL ?? "http://127.0.0.1:8080";

/** Tells the browser of the app's chunk while the tiny entry is still on its way. */
function preloadApp(): Plugin {
  return {
    name: "preload-app",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((file) => file.type === "chunk");
        const app = chunks.find((chunk) => chunk.facadeModuleId?.endsWith("/app.tsx"));
        if (!app) throw new Error("the app's chunk is missing from the bundle");
        const missing = [app.fileName, ...app.imports].filter((file) => !html.includes(file));
        return missing.map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", href: `/${file}` },
          injectTo: "head" as const,
        }));
      },
    },
  };
}

/**
 * The entry stands behind the state that it reads, and waits for nothing else: a script in the head would run only
 * when the style sheet is there.
 */
function entryAtOnce(): Plugin {
  const entry = /<script type="module" crossorigin src="([^"]+)"><\/script>\s*/;
  return {
    name: "entry-at-once",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html) {
        const src = entry.exec(html)?.[1];
        if (!src) throw new Error("the entry's script is missing from the page");
        const preload = `<link rel="modulepreload" crossorigin href="${src}">\n    `;
        const script = `  <script type="module" crossorigin async src="${src}"></script>\n  </body>`;
        return html.replace(entry, preload).replace("</body>", script);
      },
    },
  };
}

/** Writes a `.br` beside every file that gains by it: the server hands those out as they are. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    enforce: "post",
    async writeBundle({ dir = "dist" }) {
      const names = await readdir(dir, { recursive: true });
      const worthIt = names.filter((name) => /\.(js|css|svg)$/.test(name));
      await Promise.all(worthIt.map(async (name) => {
        const whole = await readFile(join(dir, name));
        await writeFile(join(dir, `${name}.br`), brotliCompressSync(whole));
      }));
    },
  };
}

export default defineConfig({
  plugins: [preloadApp(), entryAtOnce(), packed()],
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    // Nothing inline: the content security policy forbids it, and data: URLs with it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
    // What the first picture needs is one file; what every page needs is another.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "early", test: /web\/(media\/(link|session|watch)|shared\/(api|backoff|boot|problem|reach))\.ts$/, priority: 2 },
            { name: "house", test: /node_modules\/(@?preact|preact-iso)|web\/shared\/(?!ui\/(field|ask)\.).*\.tsx?$/, priority: 1 },
          ],
        },
      },
    },
  },
  // `npm run dev` beside a running server: to that server the pages seem to be its own.
  server: { proxy: { "/api": { target: SERVER, ws: true, changeOrigin: true, headers: { origin: SERVER } } } },
  test: { environment: "happy-dom", include: ["**/*.test.{ts,tsx}"] },
} as Parameters<typeof defineConfig>[0]);
