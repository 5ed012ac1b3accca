// trusted-prevent-fetch: as prevent-fetch, with any content.
function trustedPreventFetch(request, content, type, ...more) {
    preventFetching(request, content, type, more, true);
}
