// json-prune: `paths[, needed paths[, stack]]`. What JSON.parse and Response.json make loses these properties.
function jsonPrune(paths, needed, stack) {
    const change = pruner(paths, needed, stack);
    onCall('JSON.parse', () => {}, object => {
        change(object);
        return object;
    });
    onCall('Response.prototype.json', () => {}, promise => promise.then(object => {
        change(object);
        return object;
    }));
}
