// json-prune-fetch-response: `paths[, needed paths][, propsToMatch, request][, stackToMatch, stack]`.
function jsonPruneFetchResponse(paths, needed, ...more) {
    const { propsToMatch, stackToMatch } = extrasOf(more);
    editFetched(requestPattern(propsToMatch), asJson(pruner(paths, needed, stackToMatch)));
}
