/**
 * One word for sh(1), whatever is in it: for what a shell is given, and for commands that people are to read and paste.
 */

/** Always in quotes. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** In quotes only where it must be, for people. */
export const readableWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : shellWord(text))
