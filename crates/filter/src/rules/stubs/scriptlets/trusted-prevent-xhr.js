// trusted-prevent-xhr: as prevent-xhr, with any content.
function trustedPreventXhr(request, content) {
    preventSending(request, content, true);
}
