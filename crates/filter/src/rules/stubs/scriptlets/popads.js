// popads.net: PopAds' scripts end where they look for themselves.
function popadsNet() {
    for (const name of ['PopAds', 'popns']) watchProperty(name, { read: abort, write: abort, firm: true });
}
