/** Keeps what was fetched once, so that the page works without a network; newer files are taken where there is one. */

const CACHE = "intaglio-1";

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== location.origin) return;
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const large = new URL(request.url).pathname.includes("/models/");
  const kept = await cache.match(request);
  if (kept && large) return kept; // their names change with a release's cache
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(request, fresh.clone());
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
