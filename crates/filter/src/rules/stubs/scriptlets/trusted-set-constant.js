// trusted-set-constant: as set-constant, with any value.
function trustedSetConstant(path = '', word = '', ...more) {
    pinConstant(path, trustedConstantOf(word), more);
}
