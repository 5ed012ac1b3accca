// What stands behind a scriptlet's own arguments: a name, its value, another name, its value.
function extrasOf(args, from = 0) {
    const extras = {};
    for (let at = from; at < args.length; at += 2) extras[args[at]] = args[at + 1] ?? '';
    return extras;
}
