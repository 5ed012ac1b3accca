// Ends the script that is running. The page's own handlers and the console hear nothing of it.
const abortMark = Math.random().toString(36).slice(2, 12);

addEventListener('error', event => {
    if (!(event.error && event.error.message === abortMark) && !String(event.message).includes(abortMark)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
}, true);
addEventListener('unhandledrejection', event => {
    if (!(event.reason && event.reason.message === abortMark)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
}, true);

function abort() {
    throw new ReferenceError(abortMark);
}
