// The browsable page of both APIs. Calls go out with the reader's own session and its CSRF token.
(() => {
  "use strict";
  window.SwaggerUIBundle({
    urls: [{ url: "/api/v1/openapi.json", name: "Admin API" }, { url: "/api/product/v1/openapi.json", name: "The product's door" }],
    dom_id: "#api",
    deepLinking: true,
    validatorUrl: null,
    docExpansion: "none",
    presets: [window.SwaggerUIBundle.presets.apis, window.SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
    requestInterceptor: (request) => { request.headers["X-CSRFToken"] = document.body.dataset.csrf; return request; },
  });
})();
