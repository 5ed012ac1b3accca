// abort-on-stack-trace: `path, stack`. A script that reads or writes the property ends there, if its callers fit.
function abortOnStackTrace(path = '', stack = '') {
    if (path === '') return;
    const fits = calledBy(stack);
    const look = () => { if (fits()) abort(); };
    watchProperty(path, { read: look, write: look });
}
