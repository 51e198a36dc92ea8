/** Reads an entry of the journal's native protocol, as journald does: names and values, in order. */
export const decodeEntry = (bytes: Buffer): ReadonlyArray<readonly [string, Buffer]> => {
  const fields: Array<readonly [string, Buffer]> = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) throw new Error("a field without an end")
    const line = bytes.subarray(at, end)
    const equals = line.indexOf("=")
    if (equals >= 0) {
      fields.push([String(line.subarray(0, equals)), Buffer.from(line.subarray(equals + 1))])
      at = end + 1
    } else {
      const length = Number(bytes.readBigUInt64LE(end + 1))
      const from = end + 9
      if (bytes[from + length] !== 0x0a) throw new Error("a value without an end")
      fields.push([String(line), Buffer.from(bytes.subarray(from, from + length))])
      at = from + length + 1
    }
  }
  return fields
}
