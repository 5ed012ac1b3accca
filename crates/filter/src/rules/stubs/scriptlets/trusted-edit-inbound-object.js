// trusted-edit-inbound-object: `path, position, JSON path`. Objects that a function is called with are changed on their
// way.
function trustedEditInboundObject(path = '', position = '', wanted = '') {
    if (path === '') return;
    const change = pathEditor(wanted, true);
    onCall(path, ({ args }) => {
        const at = Number(position) || 0;
        const holder = { root: args[at] };
        if (isObject(args[at]) && change(args[at], holder)) args[at] = holder.root;
    });
}
