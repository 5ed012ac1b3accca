// prevent-requestAnimationFrame: `code`. Callbacks with such code are replaced by one that does nothing.
function preventRequestAnimationFrame(code = '') {
    const codes = patternOf(code, { negatable: true });
    if (codes.all) return;
    onCall('requestAnimationFrame', ({ args }) => {
        if (codes.fits(codeOf(args[0]))) args[0] = () => {};
    });
}
