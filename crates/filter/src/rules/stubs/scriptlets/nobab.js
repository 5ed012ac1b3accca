// nobab: BlockAdBlock, which puts itself into the page by eval(), is not run.
function nobab() {
    const marks = ['blockadblock', 'babasbm', "getItem('babn')", 'bab_elementid', 'EXTERNAL_BAB', 'sbmodal'];
    onCall('eval', ({ args }) => (marks.some(mark => String(args[0]).includes(mark)) ? { value: undefined } : undefined));
    onCall('setTimeout', ({ args }) => {
        if (/\.bab_elementid.?$/.test(codeOf(args[0]))) args[0] = () => {};
    });
}
