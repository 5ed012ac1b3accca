// The page's own timers may be changed by other scriptlets; these are not.
const later = window.setTimeout.bind(window);

// Runs when the document is so far: `interactive` (also `end`, `2`), `complete` (`idle`, `3`), or at once.
function whenReady(state, run) {
    const wanted = { interactive: 1, end: 1, 2: 1, complete: 2, idle: 2, 3: 2 }[state] ?? 0;
    const reached = () => ({ loading: 0, interactive: 1 }[document.readyState] ?? 2) >= wanted;
    if (reached()) {
        run();
        return;
    }
    const look = () => {
        if (!reached()) return;
        document.removeEventListener('readystatechange', look);
        run();
    };
    document.addEventListener('readystatechange', look);
}

// Runs now, and soon after each change of the document; what comes back ends it.
function onChanges(run, attributes) {
    let pending = false;
    const observer = new MutationObserver(() => {
        if (pending) return;
        pending = true;
        later(() => {
            pending = false;
            run();
        }, 20);
    });
    const wanted = attributes === undefined ? {} : { attributes: true, attributeFilter: attributes };
    observer.observe(document, { childList: true, subtree: true, ...wanted });
    run();
    return () => observer.disconnect();
}

// Elements that a selector fits; none where it cannot be read.
function elementsOf(selector, root = document) {
    try {
        return [...root.querySelectorAll(selector)];
    } catch {
        return [];
    }
}
