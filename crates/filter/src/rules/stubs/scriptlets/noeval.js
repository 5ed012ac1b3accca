// noeval: eval() does nothing.
function noeval() {
    onCall('eval', () => ({ value: undefined }));
}
