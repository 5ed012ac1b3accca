// trusted-set-local-storage-item: `key, value`; any value, with `$now$`, `$currentDate$` and `$currentISODate$`.
function trustedSetLocalStorageItem(key = '', value = '') {
    if (key !== '') storeItem('localStorage', key, datedText(value));
}
