// The stage's place in the framework's page; where the page's head did not bring the stage, it is fetched here.
const place = element.querySelector(".ct-viewer");
if (window.ctsegStage) window.ctsegStage.mount(place);
else {
  const script = document.createElement("script");
  script.src = "compare/stage.js";
  script.onload = () => window.ctsegStage.mount(place);
  document.head.append(script);
}
