/** The page of the API's document: a build of its own, so that it shares nothing with the dashboard, which stays small. */

import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  logLevel: "error",
  build: {
    // After the dashboard's build, which empties the folder.
    outDir: "../plugins/octobot_plugins/dashboard/static",
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Swagger UI is one file.
    chunkSizeWarningLimit: 1_800,
    rollupOptions: { input: "docs/index.html" },
  },
});
