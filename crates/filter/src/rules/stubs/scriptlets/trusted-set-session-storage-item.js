// trusted-set-session-storage-item: `key, value`; any value, with `$now$`, `$currentDate$` and `$currentISODate$`.
function trustedSetSessionStorageItem(key = '', value = '') {
    if (key !== '') storeItem('sessionStorage', key, datedText(value));
}
