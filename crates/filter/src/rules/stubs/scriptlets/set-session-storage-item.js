// set-session-storage-item: `key, value`; only harmless values, and `$remove$`.
function setSessionStorageItem(key = '', value = '') {
    const text = storableOf(value);
    if (key !== '' && text !== undefined) storeItem('sessionStorage', key, text);
}
