// trusted-prevent-dom-bypass: `method path[, property]`. Frames that this method brings into the page give the page's
// own property to whoever looks for an untouched one there.
function trustedPreventDomBypass(path = '', property = '') {
    if (path === '') return;
    const give = frame => {
        if (!(frame instanceof HTMLIFrameElement) || !frame.contentWindow) return;
        if (property === '') {
            Object.defineProperty(frame, 'contentWindow', { value: window });
            return;
        }
        const names = property.split('.');
        const last = names.pop();
        const end = from => names.reduce((at, name) => at[name], from);
        end(frame.contentWindow)[last] = end(window)[last];
    };
    onCall(path, () => {}, (value, { args }) => {
        for (const node of args.filter(arg => arg instanceof Element)) {
            for (const frame of [node, ...node.querySelectorAll('iframe')]) {
                try {
                    give(frame);
                } catch { /* It is of another origin. */ }
            }
        }
        return value;
    });
}
