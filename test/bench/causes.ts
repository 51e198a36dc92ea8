/**
 * Where the time or memory of each measurement goes, as profiles showed: printed with a goal that a run missed, so that
 * whoever reads of a miss knows what there is to gain and where not to look again.
 */
import type { Measured } from "./Result.ts"

export const causes: Readonly<Record<Measured["id"], string>> = {
  start:
    "Two thirds are Node's own start. The rest is the shell that finds Node (2 ms), running one file of bundled code (5 ms) and the question to the daemon (1 ms); each is as small as we could make it, so a miss here is a machine on which starting a process is dear compared with running it.",
  version:
    "Two thirds or more are Node's own start; the rest is the shell that finds Node and one file of bundled code.",
  ready:
    "A seventh is Node's own start; loading and compiling the bundle, opening a database that did not exist and the first commit to disk are the rest.",
  package: "All but a tenth of it is Node; what is ours beside it are bundles, addons, manual pages and completions.",
  roundTrip:
    "Half of the daemon's time is the system call that writes the answer and wakes the client, as it is for bare Node; checking the parameters, the table of methods and the deadline take 2 µs. While other programs use the processors those 2 µs are waited for more than once.",
  inFlight: "See the round trip: the same work, 16 times at once.",
  echo: "dtach is C and one `select`; the floor for Node is the bare relay beside it. System calls are the same as the relay's; what is more is JavaScript for the frame around each keystroke and the copy in ring and transcript, 20 µs of processor time once V8 has optimised it (after some 300 keystrokes to a daemon, `src/host/self/Optimiser.ts`) and 50 before. The rest is waking processes, four times per keystroke, which on a busy or virtual machine takes longer than the work itself.",
  throughput:
    "Most of the daemon's time is the kernel's: a terminal hands out 4 KiB at a time, each with a wake-up, and what dtach writes once is written twice here, to the client and to the transcript. The rest is entering JavaScript for each of these reads, whatever is done there. Of two processors the program that prints keeps one busy, so whatever else runs on the machine takes from the daemon and not from the printing.",
  rest: "43 MB are Node's own, 8 of them not shared with other Node processes; the rest is Effect and agentd's code as V8 keeps it: look for a module of Node's that is loaded for nothing (`process.moduleLoadList`; each brings its text and a cache of its code), and for what of the bundle could be loaded later. A daemon that has been busy keeps some of what it needed then.",
  send: "The bare Node server beside it, which checks nothing and tells nobody, is the floor for whoever is asked over a socket, and takes up most of the goal. What is above that are half a dozen checks of who sends what to whom, an event with its stamp and three indexes, and a subscriber who is told of each; the tables of messages are filled afterwards.",
  sends:
    "The bare Node server beside it, which checks nothing and tells nobody, misses this goal itself: reading and answering a line for each message costs more than its row. Of some 180 µs for a message 60 are the bare server's and 30 those of filling the tables of messages (three rows in nine indexes); the rest is a request with its checks, in JavaScript, and a subscriber who is told of each. Many share a transaction, so it is not the disk that is waited for.",
  push: "The event is read from the log once it is on disk, and then sent; look for what keeps the event loop meanwhile.",
  inbox: "One index in the order of the list drives it; look for a query that goes through more rows than it answers.",
  syncSent:
    "A dozen git processes, of which the push is the longest, and two commits to the database. Look for a query that reads more of the log than is new, and for a git that goes through all trees or commits of the branch (trace2.perfTarget tells).",
  syncReceived:
    "A dozen git processes, of which the fetch is the longest, and rows in three tables for each message. git looks for what both sides share by the dates of commits: where those of a branch are all the same, it goes through all of them (0.1 s for each 15,000, on either side).",
  reattach: "The screen is made from what was printed last; look at how much of that is replayed.",
  attached: "The terminal that is kept for a client's first screen, and what has been sent and not taken.",
  responsive: "Describing a thousand sessions takes as long as it does; keys are handled in between.",
  session: "A ring that has grown to 1 MB for each session that printed as much; idle ones keep 4 KB.",
  idle: "Nothing runs for a session that waits; look for a timer."
}
