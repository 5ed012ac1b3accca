// Edits the elements that fit: when the document is read (`asap`: before; `complete`: when all is loaded), and with
// `stay` those that come or change later.
function keepEditing(selector, behaviour, attributes, edit) {
    const words = behaviour.split(/\s+/);
    const run = () => {
        for (const element of elementsOf(selector)) {
            try {
                edit(element);
            } catch { /* This one cannot be edited. */ }
        }
    };
    const state = words.includes('complete') ? 'complete' : words.includes('asap') ? 'asap' : 'interactive';
    whenReady(state, () => {
        if (words.includes('stay')) {
            onChanges(run, attributes);
            return;
        }
        run();
        if (state !== 'complete') whenReady('complete', run);
        if (state === 'asap') whenReady('interactive', run);
    });
}
