// disable-newtab-links: clicks on links that open a new tab do nothing.
function disableNewtabLinks() {
    document.addEventListener('click', event => {
        const link = event.target instanceof Element ? event.target.closest('a[target]') : null;
        if (!link || link.target.toLowerCase() !== '_blank') return;
        event.preventDefault();
        event.stopPropagation();
    }, true);
}
