/** The page of the API's document: a build of its own, so that it shares nothing with the dashboard, which stays small. */

import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** Whose work is in the page, beside it. */
const licences: Plugin = {
  name: "licences",
  generateBundle() {
    const read = (name: string) => readFileSync(`node_modules/swagger-ui-dist/${name}`, "utf-8");
    const source = ["NOTICE", "swagger-ui-es-bundle.js.LICENSE.txt", "LICENSE"].map(read).join("\n\n");
    this.emitFile({ type: "asset", fileName: "docs/licences.txt", source });
  },
};

export default defineConfig({
  plugins: [licences],
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
