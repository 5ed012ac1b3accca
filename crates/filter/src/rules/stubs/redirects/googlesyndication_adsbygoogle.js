// Google's adsbygoogle.js: every slot counts as filled, and stays empty.
(() => {
    'use strict';
    const filled = () => {
        document.querySelectorAll('ins.adsbygoogle:not([data-adsbygoogle-status])').forEach((slot, index) => {
            slot.setAttribute('data-adsbygoogle-status', 'done');
            slot.setAttribute('data-ad-status', 'filled');
            const frame = document.createElement('iframe');
            frame.id = `aswift_${index}`;
            frame.style.cssText = 'width: 0 !important; height: 0 !important; border: 0 !important;';
            slot.appendChild(frame);
        });
    };
    const waiting = Array.isArray(window.adsbygoogle) ? window.adsbygoogle : [];
    const ask = wish => {
        // Placements that give a reward or cover the page (adBreak) go on at once, without any.
        if (wish && typeof wish.adBreakDone === 'function') {
            setTimeout(() => wish.adBreakDone({ breakType: wish.type, breakName: wish.name, breakStatus: 'notReady' }), 1);
        }
        if (wish && typeof wish.onReady === 'function') setTimeout(wish.onReady, 1);
        if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', filled, { once: true });
        else filled();
    };
    window.adsbygoogle = {
        loaded: true,
        length: 0,
        pageState: undefined,
        push(...wishes) {
            wishes.forEach(ask);
            return 0;
        },
    };
    waiting.forEach(ask);
    ask();
})();
