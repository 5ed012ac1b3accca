// FuckAdBlock 3.2 and BlockAdBlock 3.2: detectors that find no blocker.
(() => {
    'use strict';
    class Detector {
        setOption() { return this; }
        check() {
            this.emitEvent(false);
            return true;
        }
        clearEvent() { this.waiting = []; }
        emitEvent(detected) {
            if (!detected) (this.waiting || []).splice(0).forEach(callback => setTimeout(callback, 1));
            return this;
        }
        on(detected, callback) {
            if (!detected && typeof callback === 'function') setTimeout(callback, 1);
            return this;
        }
        onDetected() { return this; }
        onNotDetected(callback) { return this.on(false, callback); }
    }
    for (const name of ['FuckAdBlock', 'BlockAdBlock', 'SniffAdBlock']) window[name] = Detector;
    for (const name of ['fuckAdBlock', 'blockAdBlock', 'sniffAdBlock']) window[name] = new Detector();
})();
