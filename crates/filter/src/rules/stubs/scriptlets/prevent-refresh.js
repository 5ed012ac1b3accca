// prevent-refresh: `[seconds]`. A page that would refresh itself by <meta> does not; with a number, it is kept from it
// for so long.
function preventRefresh(seconds = '') {
    const keep = () => {
        const delays = elementsOf('meta[http-equiv="refresh" i][content]').map(meta => parseFloat(meta.content)).filter(Number.isFinite);
        if (delays.length === 0) return;
        const delay = Math.max(seconds === '' ? Math.min(...delays) : parseFloat(seconds) || 0, 1);
        // Ending the load a moment before is what keeps a browser from it.
        later(() => window.stop(), delay * 1000 - 100);
    };
    whenReady('interactive', keep);
}
