/**
 * A note that outlives the daemon: a few kilobytes in memory that is mapped from a file, replaced as a whole. A kill may come in the middle of
 * it, so there are two places, written in turn: the one that was not being written is whole, and a checksum tells.
 *
 *   [number u32][length u32][crc32 of number, length and text u32][text] twice
 */
import { crc32 } from "node:zlib"

/** Bytes of one place: a line for each of the few things that are kept, with a question of 200 characters in any script. */
const PLACE_BYTES = 8 * 1024
const HEAD_BYTES = 12

export const NOTES_BYTES = 2 * PLACE_BYTES

export interface Notes {
  /** The last note that is whole; null: there is none. */
  readonly read: () => string | null
  /** One that is too long is not kept, and neither is the one before it, which would be wrong by now. */
  readonly write: (text: string) => void
}

export const notesIn = (memory: Buffer): Notes => {
  const places = [memory.subarray(0, PLACE_BYTES), memory.subarray(PLACE_BYTES, NOTES_BYTES)] as const
  const latest = () => {
    const [one, other] = [noteIn(places[0]), noteIn(places[1])]
    return (one?.number ?? 0) > (other?.number ?? 0) ? one : other
  }
  let last: number | null = null
  return {
    read: () => latest()?.text || null,
    write: (text) => {
      last = (last ?? latest()?.number ?? 0) + 1
      put(places[last % 2]!, last, Buffer.byteLength(text) > PLACE_BYTES - HEAD_BYTES ? "" : text)
    }
  }
}

const put = (place: Buffer, number: number, text: string): void => {
  place.writeUInt32LE(0, 0)
  place.writeUInt32LE(place.write(text, HEAD_BYTES), 4)
  place.writeUInt32LE(number, 0)
  place.writeUInt32LE(checksum(place), 8)
}

const noteIn = (place: Buffer): { readonly number: number; readonly text: string } | null => {
  const [number, length] = [place.readUInt32LE(0), place.readUInt32LE(4)]
  if (number === 0 || length > PLACE_BYTES - HEAD_BYTES || checksum(place) !== place.readUInt32LE(8)) return null
  return { number, text: place.toString("utf8", HEAD_BYTES, HEAD_BYTES + length) }
}

/** Of the number, the length and the text. */
const checksum = (place: Buffer): number =>
  crc32(place.subarray(HEAD_BYTES, HEAD_BYTES + place.readUInt32LE(4)), crc32(place.subarray(0, 8)))
