// prevent-xhr: `request[, content]`.
function preventXhr(request, content) {
    preventSending(request, content);
}
