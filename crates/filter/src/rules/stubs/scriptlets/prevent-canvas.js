// prevent-canvas: `[kind]`. Canvases have no context of this kind.
function preventCanvas(kind = '') {
    const pattern = patternOf(kind, { negatable: true });
    onCall('HTMLCanvasElement.prototype.getContext', ({ args }) => (pattern.fits(String(args[0])) ? { value: null } : undefined));
}
