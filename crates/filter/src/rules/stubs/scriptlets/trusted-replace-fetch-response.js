// trusted-replace-fetch-response: `pattern, replacement[, request][, includes, text]`.
function trustedReplaceFetchResponse(text = '', replacement = '', request = '', ...more) {
    if (text !== '') editFetched(requestPattern(request), textReplacer(text, replacement, extrasOf(more)));
}
