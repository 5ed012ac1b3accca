// Lets `edit(text)` change the text of nodes of this name before they take effect; it answers nothing where all stays
// as it is. Ends when the document is read, or `quitAfter` milliseconds later.
function editNodes(name, edit, extras = {}) {
    const names = /^\/.+\/[a-z]*$/.test(name) ? expressionOf(name) : expressionOf(`/^${name}$/i`);
    const [condition, includes, excludes] = ['condition', 'includes', 'excludes'].map(key => patternOf(extras[key]));
    let left = Number(extras.sedCount) || Infinity;
    const ours = document.currentScript;
    const rules = trustedScript();

    const look = node => {
        if (left <= 0 || node === ours || !names.test(node.nodeName)) return;
        const before = node.textContent;
        if (!before || !condition.fits(before) || !includes.fits(before)) return;
        if (extras.excludes && excludes.fits(before)) return;
        const after = edit(before);
        if (after === undefined || after === before) return;
        left -= 1;
        try {
            node.textContent = node.nodeName === 'SCRIPT' ? rules(after) : after;
        } catch { /* The page does not let scripts be written. */ }
    };
    const lookWithin = root => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
        for (let node = root.nodeType === Node.DOCUMENT_NODE ? walker.nextNode() : root; node; node = walker.nextNode()) look(node);
    };
    // A parser that waits for more of the page puts the text of a script into it bit by bit.
    const lookAt = records => records.forEach(({ type, target, addedNodes }) => {
        if (type === 'characterData') [target, target.parentNode].forEach(node => node && look(node));
        else if (target instanceof Element && names.test(target.nodeName)) look(target);
        addedNodes.forEach(lookWithin);
    });
    const observer = new MutationObserver(lookAt);
    observer.observe(document, { childList: true, characterData: true, subtree: true });
    lookWithin(document);
    const end = () => {
        lookAt(observer.takeRecords());
        observer.disconnect();
    };
    if (extras.stay) return;
    whenReady('interactive', () => {
        if (Number(extras.quitAfter) > 0) later(end, Number(extras.quitAfter));
        else end();
    });
}

// Makes text that scripts may be given, also where the page asks for trusted types.
function trustedScript() {
    try {
        const policy = window.trustedTypes.createPolicy(Math.random().toString(36).slice(2), { createScript: text => text });
        return text => policy.createScript(text);
    } catch {
        return text => text;
    }
}
