function attributeSetter(selector, name, valueFor) {
    keepEditing(selector, 'stay', [name], element => {
        const value = valueFor(element);
        // A value that another attribute had may not become a script.
        if (value === null || /^\s*javascript:/i.test(value) || element.getAttribute(name) === value) return;
        element.setAttribute(name, value);
    });
}
