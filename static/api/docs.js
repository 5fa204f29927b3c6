// Shows the API's document. Nothing is fetched but the document itself and what "Try it out" asks for.
const viewer = document.getElementById("viewer");

SwaggerUIBundle({
  url: viewer.dataset.document,
  domNode: viewer,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: false, // the page's own anchors are the codes
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
  withCredentials: false,
});
