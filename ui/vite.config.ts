import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { chunks } from "./chunks.ts";
import { packages } from "./packages.ts";

const source = fileURLToPath(new URL("./src", import.meta.url));

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
    tailwindcss(),
    packages(new URL("./package-lock.json", import.meta.url)),
    chunks(),
  ],
  resolve: { alias: { "@": source } },
  build: {
    // Inside the wheel, where the plugin that serves it is.
    outDir: "../plugins/octobot_plugins/dashboard/static",
    emptyOutDir: true,
    target: "es2022",
    // The Content-Security-Policy has no room for data: URLs of scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  worker: { format: "es" },
  server: { port: 5173, proxy: { "/api": "http://127.0.0.1:8000", "/health": "http://127.0.0.1:8000" } },
  test: {
    environment: "jsdom",
    // One DOM for all files: each of its own took longer than its tests.
    isolate: false,
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["./tests/setup.ts"],
    restoreMocks: true,
  },
});
