/**
 * A session's last megabyte of output, and the chunk being read this moment, in memory that outlives the daemon: whatever was
 * taken from the terminal before a SIGKILL is there for the daemon that comes next.
 *
 *   [magic f64][ring first f64][ring end f64][slot base f64] … [typists 448 f64] [slot 16 KiB][ring 1 MiB][notes 16 KiB]
 *
 * The kernel reads straight into the slot. Handled means: pushed to the ring, whose end then moves, the slot zeroed, and its base set
 * to that end. So after a kill a slot whose base is the ring's end holds a chunk that nobody has seen, and any other slot holds
 * nothing new. Each number is one aligned store, which a kill cannot cut in two.
 */
import { RING_BYTES } from "../../contract/Limits.ts"
import { mapShared, type SharedMemory } from "../../host/files/SharedMemory.ts"
import type { ReceiveSlot } from "../../host/pty/PtyMaster.ts"
import { TYPISTS_LENGTH, Typists } from "../input/Typists.ts"
import { NOTES_BYTES, type Notes, notesIn } from "./Notes.ts"
import { Ring, type RingMemory } from "./Ring.ts"

const HEADER_BYTES = 4096
const SLOT_BYTES = 16 * 1024
const RING_ENDS = HEADER_BYTES + SLOT_BYTES + RING_BYTES
const SIZE = RING_ENDS + NOTES_BYTES

/** Says that the numbers after it are valid, and of this layout. */
const MAGIC = 0x61_67_64_31

const AT = { magic: 0, first: 1, end: 2, base: 3, typists: 64 } as const

export interface SessionMemory {
  /** Of a session that begins at `offset`. */
  readonly fresh: (offset: number) => Ring
  /** What an earlier daemon left, the chunk it had not handled included; null when there is nothing of it. */
  readonly restore: () => Ring | null
  readonly slot: ReceiveSlot
  /** What each client has typed. */
  readonly typists: Typists
  /** What was known of its state. */
  readonly notes: Notes
  readonly close: () => void
}

export const openMemory = (path: string): SessionMemory => layOut(mapShared(path, SIZE))

const layOut = ({ buffer, close }: SharedMemory): SessionMemory => {
  const numbers = new Float64Array(buffer.buffer, buffer.byteOffset, HEADER_BYTES / 8)
  const slot = buffer.subarray(HEADER_BYTES, HEADER_BYTES + SLOT_BYTES)
  const memory: RingMemory = {
    buffer: buffer.subarray(HEADER_BYTES + SLOT_BYTES, RING_ENDS),
    note: (first, end) => {
      numbers[AT.first] = first
      numbers[AT.end] = end
    }
  }
  if (numbers[AT.magic] !== MAGIC) numbers.fill(0)
  const free = () => {
    numbers[AT.base] = numbers[AT.end]!
  }
  return {
    fresh: (offset) => {
      memory.note(offset, offset)
      free()
      numbers[AT.magic] = MAGIC
      return new Ring(RING_BYTES, offset, memory)
    },
    restore: () => {
      const { [AT.base]: base, [AT.end]: end = 0, [AT.first]: first = 0, [AT.magic]: magic } = numbers
      if (magic !== MAGIC || !(first <= end) || end - first > RING_BYTES) return null
      const ring = new Ring(RING_BYTES, end, memory, first)
      const unseen = base === end ? unseenBytes(slot) : 0
      if (unseen > 0) ring.push(slot.subarray(0, unseen))
      slot.fill(0)
      free()
      return ring
    },
    slot: {
      buffer: slot,
      handled: (length) => {
        slot.fill(0, 0, length)
        free()
      }
    },
    typists: new Typists(numbers.subarray(AT.typists, AT.typists + TYPISTS_LENGTH)),
    notes: notesIn(buffer.subarray(RING_ENDS)),
    close
  }
}

/** The slot was zero before the kernel wrote to it. A program that ends its output in NUL bytes and is cut there loses those. */
const unseenBytes = (slot: Buffer): number => {
  let length = slot.length
  while (length > 0 && slot[length - 1] === 0) length--
  return length
}
