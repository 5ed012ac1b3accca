// remove-cache-storage-item: `cache[, request]`. Caches whose names fit are deleted, or what of them fits.
function removeCacheStorageItem(name = '', request = '') {
    if (name === '' || !window.caches) return;
    const [names, requests] = [patternOf(name), patternOf(request)];
    const removeFrom = async key => {
        if (request === '') {
            await caches.delete(key);
            return;
        }
        const cache = await caches.open(key);
        for (const stored of await cache.keys()) if (requests.fits(stored.url)) await cache.delete(stored);
    };
    caches.keys().then(keys => Promise.all(keys.filter(names.fits).map(removeFrom))).catch(() => {});
}
