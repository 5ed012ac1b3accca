// trusted-create-html: `parent selector, html[, milliseconds]`. Puts elements into the page, for so long.
function trustedCreateHtml(selector = '', html = '', milliseconds = '') {
    if (selector === '' || html === '') return;
    const place = () => {
        const parent = elementsOf(selector)[0];
        if (!parent) return false;
        const made = document.adoptNode(new DOMParser().parseFromString(html, 'text/html').body);
        const nodes = [...made.childNodes];
        parent.append(...nodes);
        if (Number(milliseconds) > 0) later(() => nodes.forEach(node => node.remove()), Number(milliseconds));
        return true;
    };
    if (place()) return;
    const end = onChanges(() => { if (place()) end?.(); });
}
