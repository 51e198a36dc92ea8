/**
 * Classes of characters for patterns, spelt out: the first `\p{…}` that is only so much as made loads half a megabyte of Unicode's tables,
 * for as long as the daemon lives.
 */

/** `\p{Cc}` */
export const CONTROL = String.raw`\u0000-\u001f\u007f-\u009f`

/** `\p{Cs}`: halves of characters. */
export const SURROGATES = String.raw`\ud800-\udfff`

/** `\p{Z}`: spaces and separators of all kinds. */
export const SEPARATORS = String.raw`\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`
