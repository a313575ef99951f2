// The browsable page of both APIs. Calls go out with the reader's own session and its CSRF token.
const { SwaggerUIBundle, SwaggerUIStandalonePreset } = window;

SwaggerUIBundle({
  urls: [
    { url: "/api/v1/openapi.json", name: "Admin API" },
    { url: "/api/product/v1/openapi.json", name: "The product's door" },
  ],
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "none",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  requestInterceptor: (/** @type {{ headers: Record<string, string> }} */ request) => {
    request.headers["X-CSRFToken"] = document.body.dataset.csrf ?? "";
    return request;
  },
});
export {};
