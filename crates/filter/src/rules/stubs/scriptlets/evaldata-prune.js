// evaldata-prune: `paths[, needed paths[, stack]]`. What eval() makes loses these properties.
function evaldataPrune(paths, needed, stack) {
    const change = pruner(paths, needed, stack);
    onCall('eval', () => {}, object => {
        change(object);
        return object;
    });
}
