// prevent-fetch: `request[, content[, type]][, throttle, milliseconds]`.
function preventFetch(request, content, type, ...more) {
    preventFetching(request, content, type, more);
}
