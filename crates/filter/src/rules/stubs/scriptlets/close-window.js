// close-window: `[pattern]`. The window closes itself, if its path and query fit.
function closeWindow(text = '') {
    const pattern = patternOf(text);
    const subject = /^\/.+\/[a-z]*$/.test(text) ? location.href : `${location.pathname}${location.search}`;
    if (pattern.fits(subject)) window.close();
}
