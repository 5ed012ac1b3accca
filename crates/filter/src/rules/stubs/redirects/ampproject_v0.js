// AMP's runtime: shows the page that waits for it. Images come by plain <img>; ads and trackers do not come.
(() => {
    'use strict';
    const show = () => {
        document.querySelectorAll('style[amp-boilerplate], style[amp4ads-boilerplate]').forEach(style => style.remove());
        if (document.body) {
            document.body.style.cssText += '; animation: none !important; visibility: visible !important; opacity: 1 !important';
        }
        document.querySelectorAll('amp-img').forEach(place => {
            if (place.querySelector('img')) return;
            const image = document.createElement('img');
            for (const name of ['src', 'srcset', 'sizes', 'alt', 'width', 'height']) {
                if (place.hasAttribute(name)) image.setAttribute(name, place.getAttribute(name));
            }
            image.style.maxWidth = '100%';
            place.append(image);
        });
    };
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', show, { once: true });
    else show();
})();
