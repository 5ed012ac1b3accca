// href-sanitizer: `selector[, source]`. Links lead where the source says: `text`, `[attribute]`, `?parameter`, `#`
// (behind the mark), `/expression/` with a group, then perhaps `-base64`, `-safebase64`, `-uricomponent`, `+https`,
// each a step.
function hrefSanitizer(selector = '', source = 'text') {
    if (selector === '') return;
    const steps = source.split(/\s+(?=[?#[/+-]|text$)/);
    keepEditing(selector, 'stay', ['href'], link => {
        const target = steps.reduce((text, step) => (text === undefined ? text : sanitizerStep(text, step, link)), link.href);
        const safe = target === undefined ? undefined : webAddress(target);
        if (safe === undefined || link.href === safe) return;
        link.setAttribute('href', safe);
        for (const name of ['ping', 'onclick', 'onmousedown']) link.removeAttribute(name);
    });
}

function sanitizerStep(text, step, link) {
    if (step === 'text') {
        const shown = link.textContent.trim().replace(/^[^\x21-\x7e]+|[^\x21-\x7e]+$/g, '');
        return /^(https?:\/\/)?[^\s/]+\.[^\s/]+(\/\S*)?$/.test(shown) ? shown : undefined;
    }
    if (step === '#') return decodeURIComponent(text.split('#').slice(1).join('#')) || undefined;
    if (step === '-base64') return atob(text);
    if (step === '-safebase64') return atob(text.replace(/-/g, '+').replace(/_/g, '/').replace(/[^\w+/]/g, ''));
    if (step === '-uricomponent') return decodeURIComponent(text);
    if (step === '+https') return text.replace(/^(https?:)?(\/\/)?/, 'https://');
    if (step.startsWith('?')) return new URL(text, document.baseURI).searchParams.get(step.slice(1)) ?? undefined;
    const attribute = /^\[(.+)\]$/.exec(step);
    if (attribute) return link.getAttribute(attribute[1]) ?? undefined;
    return expressionOf(step).exec(text)?.[1];
}

// An address of the web, or nothing: a link may not become a script.
function webAddress(text) {
    try {
        const url = new URL(/^[a-z][a-z\d+.-]*:/i.test(text) ? text : `https://${text.replace(/^\/\//, '')}`);
        return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
    } catch {
        return undefined;
    }
}
