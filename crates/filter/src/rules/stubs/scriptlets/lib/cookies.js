// Writes a cookie that the page can read; nothing where a part would break it.
function writeCookie(name, value, { path = '/', domain = '', seconds = 0 } = {}) {
    if (/[;\s=]/.test(name) || /;/.test(value + domain)) return false;
    const parts = [`${name}=${value}`];
    if (seconds) parts.push(`expires=${new Date(Date.now() + seconds * 1000).toUTCString()}`);
    if (path !== 'none') parts.push(`path=${path || '/'}`);
    if (domain) parts.push(`domain=${domain}`);
    if (location.protocol === 'https:') parts.push('Secure');
    document.cookie = parts.join('; ');
    return cookieNames().includes(name);
}

function cookieNames() {
    return document.cookie.split(';').map(cookie => cookie.split('=')[0].trim()).filter(name => name !== '');
}

function cookieIs(name, value) {
    return document.cookie.split(';').some(cookie => cookie.trim() === `${name}=${value}`);
}
