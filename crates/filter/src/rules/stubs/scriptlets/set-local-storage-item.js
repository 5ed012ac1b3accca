// set-local-storage-item: `key, value`; only harmless values, and `$remove$`.
function setLocalStorageItem(key = '', value = '') {
    const text = storableOf(value);
    if (key !== '' && text !== undefined) storeItem('localStorage', key, text);
}
