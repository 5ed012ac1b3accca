//! How a fuzzer's bytes are cut into chunks.

/// How many chunks there are at most; the last one is the rest.
const CHUNKS: usize = 64;

/// Takes the first byte of the input for a recipe; no bytes, the recipe zero.
pub fn recipe(input: &[u8]) -> (u8, &[u8]) {
    input.split_first().map_or((0, input), |(first, rest)| (*first, rest))
}

/// Cuts `bytes` by a recipe: 0 leaves them whole, others give chunk lengths that vary, small ones first.
pub fn chunks(recipe: u8, bytes: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    let (mut rest, mut seed) = (bytes, u32::from(recipe));
    while recipe != 0 && chunks.len() + 1 < CHUNKS && !rest.is_empty() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = if recipe < 32 { usize::from(recipe) } else { 1 + (seed >> 24) as usize % usize::from(recipe) };
        let (chunk, behind) = rest.split_at(length.min(rest.len()));
        chunks.push(chunk);
        rest = behind;
    }
    chunks.push(rest);
    chunks
}
