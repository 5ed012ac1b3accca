// trusted-replace-xhr-response: `pattern, replacement[, request][, includes, text]`.
function trustedReplaceXhrResponse(text = '', replacement = '', request = '', ...more) {
    if (text !== '') editReceived(requestPattern(request), textReplacer(text, replacement, extrasOf(more)));
}
