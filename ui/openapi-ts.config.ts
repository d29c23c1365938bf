import { defineConfig } from "@hey-api/openapi-ts";

// The client is made of the API's own document, which a test holds to what the node serves.
export default defineConfig({
  input: "./openapi.json",
  output: { path: "src/api/client", clean: true },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true },
    { name: "@hey-api/typescript", enums: false },
    { name: "@hey-api/sdk" },
  ],
});
