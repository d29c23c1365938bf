/** The API's document, to read and to try: Swagger UI, which asks the node as this browser's session or with a key. */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Whoever is signed in need not bring a key; what is changed takes the session's token besides. */
async function csrfToken(): Promise<string | null> {
  const answer = await fetch("/api/v1/session", { headers: { accept: "application/json" } });
  if (!answer.ok) return null;
  const session: { csrf_token?: string | null } = await answer.json();
  return session.csrf_token ?? null;
}

SwaggerUI({
  url: "/api/v1/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
  // What a key may is nobody's who comes after: it is forgotten with the page.
  persistAuthorization: false,
  // A picture from elsewhere.
  validatorUrl: null,
  requestInterceptor: async (request) => {
    if (WRITES.has((request.method ?? "GET").toUpperCase()) && !request.headers?.Authorization) {
      const token = await csrfToken();
      if (token) request.headers = { ...request.headers, "X-CSRF-Token": token };
    }
    return request;
  },
});
