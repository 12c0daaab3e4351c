/**
 * Keeps what was fetched once, so that the page works without a network. What the page is made of is fetched at once and
 * taken anew where there is a network; what has its hash in its address, and libraries, are taken from what is kept.
 */

const CACHE = "intaglio-1";
const PAGE = ["./", "app.js", "style.css"];

self.addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PAGE))));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(answer(event.request));
});

async function answer(request) {
  const cache = await caches.open(CACHE), kept = await cache.match(request);
  const { search, pathname } = new URL(request.url);
  if (kept && (search || /\/models\/(ort|zxing)\//.test(pathname))) return kept;
  try {
    const fresh = await fetch(request);
    if (fresh.ok) {
      await cache.delete(request, { ignoreSearch: true }); // an older one of the same name
      await cache.put(request, fresh.clone());
    }
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
