// json-prune-xhr-response: `paths[, needed paths][, propsToMatch, request][, stackToMatch, stack]`.
function jsonPruneXhrResponse(paths, needed, ...more) {
    const { propsToMatch, stackToMatch } = extrasOf(more);
    editReceived(requestPattern(propsToMatch), asJson(pruner(paths, needed, stackToMatch)));
}
