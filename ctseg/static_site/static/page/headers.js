// The service worker: adds the headers that isolate this folder's pages and workers from others. It keeps nothing.
const ISOLATED = ["document", "iframe", "worker"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin || !ISOLATED.includes(request.destination)) return;
  event.respondWith(fetch(request).then((answer) => {
    if (answer.type === "opaqueredirect" || !answer.ok) return answer;
    const headers = new Headers(answer.headers);
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Embedder-Policy", "require-corp");
    return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
  }));
});
