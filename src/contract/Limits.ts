/**
 * The limits of the protocol, in one place, each with its unit and its reason.
 *
 * Plain constants without an import, because the thin client needs them before it has loaded anything else.
 */

/** Lowest and highest protocol version this build speaks; `hello` picks the highest both sides know. */
export const PROTOCOL_MIN = 1
export const PROTOCOL_MAX = 1

/** Bytes of one JSON-RPC line, newline excluded. One message must fit into memory many times over. */
export const MAX_LINE_BYTES = 1024 * 1024

/** Bytes of one frame's payload after `session.attach`. */
export const MAX_FRAME_BYTES = 1024 * 1024

/** Requests one connection may have unanswered; the next one is refused with `Busy`. */
export const MAX_IN_FLIGHT = 64

/** Requests in one JSON-RPC batch; a larger batch is refused whole. */
export const MAX_BATCH = 64

/** Connections one daemon holds; the next one is told `Busy` and closed. */
export const MAX_CONNECTIONS = 256

/** Milliseconds a request may take unless its method streams or waits. */
export const DEADLINE_MS = 10_000

/** Milliseconds a client waits for its connection to the socket. */
export const CONNECT_MS = 5_000

/** Milliseconds a client waits for a daemon it started. */
export const START_MS = 10_000

/** Terminal sizes are clamped to this range: 0 breaks programs, and larger ones cost memory for no screen. */
export const MIN_SIZE = 1
export const MAX_SIZE = 10_000

/** Size of a session nobody gave a size. */
export const DEFAULT_COLS = 80
export const DEFAULT_ROWS = 24

/** Bytes of recent output a session keeps in memory for clients that fall behind or come back. */
export const RING_BYTES = 1024 * 1024

/** Bytes `session.output` returns at the most; base64 of it stays under `MAX_LINE_BYTES`. */
export const MAX_OUTPUT_BYTES = 512 * 1024

/** Bytes one `session.input` or input frame may carry. */
export const MAX_INPUT_BYTES = 256 * 1024

/** Bytes of input a session holds while its program does not read; beyond it input is refused with `Busy`. */
export const MAX_INPUT_BACKLOG = 4 * 1024 * 1024

/** Bytes of a URL that a session may have opened elsewhere: what browsers and servers agree on. */
export const MAX_URL_BYTES = 2_048

/** Bytes that a session may put into the clipboard of whoever is attached: more than terminals take in one sequence is lost in them. */
export const MAX_CLIPBOARD_BYTES = 64 * 1024

/** Events `event.list` returns at the most. */
export const MAX_EVENTS = 1_000

/** Messages one page of a list holds at the most. */
export const MAX_PAGE = 100

/** Bytes of one message's text in UTF-8, and of the data that goes with it, as JSON. */
export const MAX_TEXT_BYTES = 1024 * 1024
export const MAX_DATA_BYTES = 64 * 1024

/** Characters of each text that a list shows. */
export const MAX_PREVIEW = 1_000

/** Characters of a text that `message.get` answers at once, so that the answer stays a line people's tools can take. */
export const MAX_TEXT_PAGE = 128 * 1024

/** Events a slow `event.watch` client may have waiting before it is told of a gap instead. */
export const MAX_WATCH_BACKLOG = 4_096

/** Longest wait one request may ask for, in milliseconds (24 hours). */
export const MAX_WAIT_MS = 86_400_000

/** Bytes of `sun_path` without its final NUL: 107 on Linux (unix(7)), 103 on macOS. */
export const MAX_SOCKET_PATH_LINUX = 107
export const MAX_SOCKET_PATH_MACOS = 103
