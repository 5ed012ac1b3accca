// abort-current-script: `path[, text[, address]]`. The script element at work ends where it uses the property, if its
// text fits and, where one is given, its address.
function abortCurrentScript(path = '', text = '', address = '') {
    if (path === '') return;
    const [wantedText, wantedAddress] = [patternOf(text), patternOf(address)];
    const ours = document.currentScript;
    const look = () => {
        const script = document.currentScript;
        if (!script || script === ours || !(script instanceof HTMLScriptElement)) return;
        if (address !== '' && !wantedAddress.fits(script.src)) return;
        if (wantedText.all || wantedText.fits(scriptText(script))) abort();
    };
    watchProperty(path, { read: look, write: look });
}

function scriptText(script) {
    const data = /^data:[^,]*?(;base64)?,(.*)$/s.exec(script.src);
    if (!data) return script.textContent;
    try {
        return data[1] ? atob(decodeURIComponent(data[2])) : decodeURIComponent(data[2]);
    } catch {
        return '';
    }
}
