// nofab: FuckAdBlock and BlockAdBlock are there already, and find no blocker.
function nofab() {
    class Detector {
        setOption() { return this; }
        check() { return true; }
        clearEvent() {}
        emitEvent() { return this; }
        on(detected, callback) {
            if (!detected && typeof callback === 'function') later(callback, 1);
            return this;
        }
        onDetected() { return this; }
        onNotDetected(callback) { return this.on(false, callback); }
    }
    for (const name of ['FuckAdBlock', 'BlockAdBlock', 'SniffAdBlock']) pin(window, name, Detector);
    for (const name of ['fuckAdBlock', 'blockAdBlock', 'sniffAdBlock']) pin(window, name, new Detector());
}
