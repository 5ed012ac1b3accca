// popads-dummy: pages that wait for PopAds find it there.
function popadsDummy() {
    for (const name of ['PopAds', 'popns']) pin(window, name, {});
}
