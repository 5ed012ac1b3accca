// alert-buster: alert() shows nothing.
function alertBuster() {
    onCall('alert', () => ({ value: undefined }));
}
