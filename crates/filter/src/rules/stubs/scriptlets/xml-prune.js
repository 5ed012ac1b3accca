// xml-prune: `selector[, needed selector[, request]]`. Elements of XML answers that fit are taken out; `xpath(…)` may
// stand in place of a selector.
function xmlPrune(selector = '', needed = '', request = '') {
    if (selector === '') return;
    const wanted = requestPattern(request);
    const edit = text => prunedXml(text, selector, needed);
    editFetched(wanted, edit);
    editReceived(wanted, edit);
    const below = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, 'responseXML');
    onSend((xhr, details) => {
        if (!wanted.fits(details)) return;
        Object.defineProperty(xhr, 'responseXML', {
            configurable: true,
            get: () => editedLike(Reflect.apply(below.get, xhr, []), edit),
        });
    });
}

function prunedXml(text, selector, needed) {
    if (!/^\s*<[?!\w]/.test(text)) return undefined;
    const page = new DOMParser().parseFromString(text, 'text/xml');
    if (page.querySelector('parsererror')) return undefined;
    if (needed !== '' && nodesOf(page, needed).length === 0) return undefined;
    const nodes = nodesOf(page, selector);
    if (nodes.length === 0) return undefined;
    for (const node of nodes) {
        if (node.nodeType === Node.ATTRIBUTE_NODE) node.ownerElement?.removeAttributeNode(node);
        else node.remove();
    }
    return new XMLSerializer().serializeToString(page);
}

function nodesOf(page, selector) {
    const path = /^xpath\((.+)\)$/s.exec(selector);
    if (!path) return elementsOf(selector, page);
    const found = page.evaluate(path[1], page, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({ length: found.snapshotLength }, (_, at) => found.snapshotItem(at));
}
