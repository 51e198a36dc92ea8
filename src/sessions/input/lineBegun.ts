/** Whether somebody has begun a line, from what they type. */

/** What input leaves behind on the line: keys that steer (escape sequences, also what a terminal answers by itself) leave it as it is. */
export const lineBegun = (before: boolean, bytes: Uint8Array): boolean => {
  const [first] = bytes
  if (first === undefined || first === 0x1b) return before
  // Enter, end of input, and what clears a line: ^C, ^D, ^U.
  return ![0x0d, 0x0a, 0x03, 0x04, 0x15].includes(bytes.at(-1)!)
}
